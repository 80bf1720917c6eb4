import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/config/run-config.ts';
import type { Predictor } from '../../src/core/method.ts';
import { runByOnnxruntime } from '../../src/infer/run-onnx.ts';
import { openPredictor, predictionModel, runByTensorFlow } from '../../src/infer/run-predictor.ts';
import { configSchemas } from '../../src/models/registry.ts';
import { watchOperations } from '../../src/ops/raw.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { tinyScFeganConfig } from '../models/scfegan/tiny.ts';
import { asTrained, tinyLoaded } from './support.ts';

const r = 64;

function inputOf(name: string) {
  const random = stream(1, name);
  const plane = (channels: number, value: (i: number) => number) =>
    Float32Array.from({ length: r * r * channels }, (_, i) => value(i));
  return {
    image: plane(3, () => random.uniform(-1, 1)),
    hole: plane(1, (i) => (i % r > 20 && i > 16 * r && i < 48 * r ? 1 : 0)),
    sketch: plane(1, (i) => (((i % r) + 2 * Math.floor(i / r)) % 61 === 0 ? -1 : 1)),
  };
}

const strokes = () => {
  const random = stream(1, 'strokes');
  return Float32Array.from({ length: r * r * 4 }, (_, i) =>
    i % 4 === 3 ? Number(Math.floor(i / 4) % r < 30) : random.uniform(-1, 1),
  );
};

const parse = (config: object): RunConfig =>
  configSchemas().zod.parse({ resolution: r, data: { source: { kind: 'faces' } }, ...config });

const configs: Record<string, RunConfig> = {
  'Deep Plastic Surgery': tinyConfig({ task: 'edit' }),
  'Deep Plastic Surgery in synthesis': tinyConfig({ task: 'synthesis' }),
  'SC-FEGAN': tinyScFeganConfig(),
  pix2pix: parse({ method: 'pix2pix', model: { width: 4, depth: 6 } }),
  'pix2pix in synthesis': parse({ method: 'pix2pix', task: 'synthesis', model: { width: 4, depth: 5 } }),
  'partial convolutions': parse({ method: 'pconv', model: { width: 4, depth: 5 } }),
  'partial convolutions with a sketch': parse({
    method: 'pconv',
    model: { width: 4, depth: 5, sketch: true },
  }),
  DeepFillv2: parse({ method: 'deepfillv2', model: { width: 8 } }),
};

describe.each(Object.entries(configs))('%s', (_, config) => {
  it('predicts by onnxruntime what it does by TensorFlow', async () => {
    const { method } = asTrained(config);
    const native = runByTensorFlow(method.predictor(), config.resolution);
    const onnx = await runByOnnxruntime(await predictionModel({ method, config }), config.resolution);
    const { controls } = method.predictor();
    const variants = controls.includes('colour') ? [{}, { colour: strokes() }] : [{}];
    for (const l of controls.includes('l') ? [undefined, 0.3, 1] : [undefined])
      for (const colour of variants) {
        const input = { ...inputOf('a picture'), ...colour };
        const [expected, found] = [await native.run(input, l), await onnx.run(input, l)];
        expect(found.resolution).toBe(expected.resolution);
        for (const key of ['result', 'refinedSketch', 'firstImage', 'roughSketch'] as const) {
          const [wanted, made] = [expected[key], found[key]];
          expect(made?.length).toBe(wanted?.length);
          if (!wanted || !made) continue;
          expect(
            wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - made[i])), 0),
          ).toBeLessThan(1e-4);
        }
      }
    await onnx.close();
    method.dispose();
  });
});

/** How many operations TensorFlow runs meanwhile. */
async function operationsOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const stop = watchOperations({
    executed: () => {
      count += 1;
    },
  });
  await work();
  stop();
  return count;
}

describe('openPredictor', () => {
  it('prepares for onnxruntime where many pictures are to be made, and leaves a few to TensorFlow', async () => {
    const loaded = tinyLoaded('edit');
    for (const pictures of [1, 1000]) {
      const running = await openPredictor(loaded, pictures, silent);
      const operations = await operationsOf(() => running.run(inputOf('one'), 0.5));
      if (pictures === 1) expect(operations).toBeGreaterThan(100);
      else expect(operations).toBe(0);
      await running.close();
    }
    loaded.method.dispose();
  });

  it('says that a prediction cannot be recorded, and predicts all the same', async () => {
    const loaded = tinyLoaded('edit');
    const plain = loaded.method.predictor();
    const reading: Predictor = {
      ...plain,
      resolution: plain.resolution,
      networks: plain.networks,
      predict: (input) => {
        input.image.dataSync();
        return plain.predict(input);
      },
    };
    const method = { ...loaded.method, networks: loaded.method.networks, predictor: () => reading };
    const warnings: string[] = [];
    const reporter = { ...silent, warn: (text: string) => void warnings.push(text) };
    const running = await openPredictor({ ...loaded, method }, 1000, reporter);
    const input = inputOf('one');
    const [first, second] = [await running.run(input, 0.5), await running.run(input, 0.5)];
    const expected = await runByTensorFlow(plain, r).run(input, 0.5);
    expect(first.result).toEqual(expected.result);
    expect(second.result).toEqual(expected.result);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/dps cannot be recorded.*operation by operation.*reads values/s);
    loaded.method.dispose();
  });

  it('keeps its memory over many predictions, and gives it back', async () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      return process.memoryUsage().rss / 2 ** 20;
    };
    const loaded = tinyLoaded('edit');
    const tensors = tf.memory().numTensors;
    const running = await openPredictor(loaded, 1000, silent);
    const input = inputOf('one');
    const repeat = async (times: number) => {
      for (let i = 0; i < times; i++) await running.run(input, 0.5);
      return used();
    };
    const before = await repeat(50);
    // Its inputs and outputs alone, kept each time, would be 60 MB.
    expect((await repeat(300)) - before).toBeLessThan(30);
    await running.close();
    await expect(running.run(input, 0.5)).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(tensors);
    loaded.method.dispose();
  });
});
