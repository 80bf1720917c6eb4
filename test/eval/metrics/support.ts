/** Images, weights and expected values that the tests of the metrics share; see make-fixtures.py. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, expect } from 'vitest';
import type { MetricBatch, MetricContext } from '../../../src/eval/metrics/metric.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { silent } from '../../../src/runtime/progress.ts';
import { writeSafetensors } from '../../../src/weights/safetensors.ts';
import { hashUniform } from '../../parity/hash-uniform.ts';

const folder = fileURLToPath(new URL('fixtures/', import.meta.url));
const seed = 7;

// biome-ignore lint/suspicious/noExplicitAny: a file of numbers, named in make-fixtures.py.
export const expected: any = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));

export const sizes = [64, 192] as const;
export const edges = { size: 192, padding: 16, threshold: 25 / 255, minimumSize: 5 };

export const hash = (name: string, size: number, lo = 0, hi = 1): Float32Array =>
  hashUniform(name, size, seed, lo, hi);

/** The images that stand side by side in a file, [n,s,s,c] in [0, 1]. */
async function readStrip(name: string, channels: 1 | 3): Promise<Tensor4D> {
  const image = sharp(join(folder, `${name}.png`));
  const pixels = channels === 1 ? image.extractChannel(0) : image;
  const { data, info } = await pixels.raw().toBuffer({ resolveWithObject: true });
  return tf.tidy(() => {
    const strip = tf.tensor3d(new Float32Array(data), [info.height, info.width, channels]);
    const count = info.width / info.height;
    return tf.div(tf.stack(tf.split(strip, count, 1)), 255) as Tensor4D;
  });
}

export async function readBatch(size: (typeof sizes)[number]): Promise<MetricBatch> {
  const [truth, result, hole] = await Promise.all([
    readStrip(`photos-${size}`, 3),
    readStrip(`results-${size}`, 3),
    readStrip(`holes-${size}`, 1),
  ]);
  const lines = (name: string) =>
    tf.tensor4d(
      hash(name, hole.size).map((value) => (value < 0.05 ? -1 : 1)),
      hole.shape,
    );
  return { truth, result, hole, sketch: lines('sketch'), trueSketch: lines('true sketch') };
}

export const disposeBatch = (batch: MetricBatch): void => tf.dispose(Object.values(batch) as Tensor4D[]);

/** One sample of a batch. */
export function sample(batch: MetricBatch, index: number): MetricBatch {
  const take = (x: Tensor4D) => tf.slice(x, [index, 0, 0, 0], [1, -1, -1, -1]) as Tensor4D;
  const { truth, result, hole, sketch, trueSketch } = batch;
  return {
    truth: take(truth),
    result: take(result),
    hole: take(hole),
    sketch: take(sketch),
    trueSketch: take(trueSketch),
  };
}

/** A context with an empty folder of weights, removed after the file's tests. */
export async function temporaryContext(): Promise<MetricContext> {
  const weights = await mkdtemp(join(tmpdir(), 'dps-weights-'));
  afterAll(() => rm(weights, { recursive: true, force: true }));
  return { weights, reporter: silent, edges };
}

/** Writes a weight file of the generator's values; ranges as in make-fixtures.py's `weights`. */
export async function writeHashWeights(
  { weights }: MetricContext,
  name: string,
  shapes: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  const tensors = Object.entries(shapes).map(([key, shape]) => {
    const size = shape.reduce((product, side) => product * side, 1);
    const fanIn = shape.slice(1).reduce((product, side) => product * side, 1);
    const bound = Math.sqrt(6 / fanIn);
    const range = () => {
      if (key.startsWith('lin')) return [0, 0.1];
      if (key.endsWith('running_var')) return [0.5, 1.5];
      if (shape.length === 4) return [-bound, bound];
      return key.endsWith('bn.weight') ? [0.8, 1.2] : [-0.1, 0.1];
    };
    const [lo, hi] = range() as [number, number];
    return [key, { shape, data: hash(key, size, lo, hi) }] as const;
  });
  await writeSafetensors(join(weights, `${name}.safetensors`), tensors);
}

/** Every value within `relative` of what is expected; returns the worst relative difference. */
export function expectClose(values: ArrayLike<number>, wanted: ArrayLike<number>, relative: number): number {
  expect(values.length).toBe(wanted.length);
  const worst = Math.max(
    ...Array.from(wanted, (value, i) => Math.abs(values[i] - value) / Math.max(Math.abs(value), 1e-12)),
  );
  expect(worst).toBeLessThan(relative);
  return worst;
}
