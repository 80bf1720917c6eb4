import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { graphOf, pipeline, singleNetwork } from '../../../src/core/computation.ts';
import type { Values } from '../../../src/graph/onnx/session.ts';
import type { Dps } from '../../../src/models/dps/method.ts';
import { namedWeights } from '../../../src/nn/network-weights.ts';
import { tf } from '../../../src/ops/tf.ts';
import { stream } from '../../../src/runtime/seed.ts';
import { tinyConfig, tinyMethod } from '../../models/dps/tiny.ts';
import { checkModels, largestDifference, noPython, python, randomValues, write } from './support.ts';

/** Gives normalisations and biases the numbers of a trained network: not all 0 and 1. */
function unsettle(method: Dps): void {
  const random = stream(1, 'unsettle');
  for (const network of Object.values(method.networks))
    for (const [name, weight] of Object.entries(namedWeights(network)))
      if (/(gamma|beta|bias|running\w+)$/.test(name)) {
        const base = /gamma|Variance/.test(name) ? 1 : 0;
        const values = Float32Array.from({ length: weight.size }, () => base + random.uniform(-0.3, 0.3));
        tf.tidy(() => weight.assign(tf.tensor1d(values)));
      }
}

/** Thin lines for a sketch, a box for a hole, l of each sample between 0 and 1, and noise for all else. */
function feed(input: string, shape: readonly number[]): Values {
  const [, h = 1, w = 1] = shape;
  const draw = (value: (y: number, x: number, sample: number) => number): Values => {
    const values = randomValues(shape);
    return {
      shape,
      data: values.data.map((_, i) => value(Math.floor(i / w) % h, i % w, Math.floor(i / w / h))),
    };
  };
  switch (input) {
    case 'sketch':
      return draw((y, x, sample) => ((x + 2 * y) % 61 === sample ? -1 : 1));
    case 'hole':
      return draw((y, x) => (y > h / 4 && y < h / 2 && x > w / 4 ? 1 : 0));
    case 'l':
      return { shape, data: Float32Array.of(0.37, 0, 1).subarray(0, shape[0]) };
    default:
      return randomValues(shape, -1, 1);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'dps-onnx-networks-'));
const written: string[] = [];
afterAll(() => rmSync(folder, { recursive: true }));

describe('narrow networks give in ONNX what they give in TensorFlow', () => {
  const variants = [
    { task: 'edit', norm: 'batch' },
    { task: 'synthesis', norm: 'none' },
    { task: 'edit', norm: 'instance' },
  ] as const;
  for (const variant of variants) {
    const config = tinyConfig(variant);
    const method = tinyMethod(config);
    unsettle(method);
    const names = variant.norm === 'instance' ? ['F'] : ['pipeline', 'F', 'G16', 'G32', 'G64'];
    for (const name of names)
      it(`${name} for ${variant.task}, ${variant.norm} normalisation in F`, async () => {
        const computation = name === 'pipeline' ? pipeline(method, config) : singleNetwork(method, name);
        const inputs = Object.fromEntries(
          Object.entries(computation.inputs).map(([input, { shape }]) => [input, shape]),
        );
        const path = join(folder, `${variant.task}-${variant.norm}-${name}.onnx`);
        writeFileSync(path, write(graphOf(computation)));
        for (const batch of [1, 3])
          expect(await largestDifference({ ...computation, inputs, feed }, path, batch)).toBeLessThan(1e-4);
        written.push(path);
      });
  }
});

it.skipIf(!python)(
  `pass ONNX's checker with strict shape inference${python ? '' : ` (${noPython})`}`,
  async () => {
    expect(written.length).toBeGreaterThan(0);
    await checkModels(written);
  },
);
