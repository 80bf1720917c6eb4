/** What every method that works in one go must do, by narrow networks. */
import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/config/run-config.ts';
import type { Method } from '../../src/core/method.ts';
import { configSchemas, createMethod } from '../../src/models/registry.ts';
import { trainableWeights } from '../../src/nn/network-weights.ts';
import { type Tensor, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { activationElements } from '../../src/train/plan.ts';
import { guardedStep } from '../../src/train/stepper.ts';
import { tinyBatch } from './dps/tiny.ts';

const base = { resolution: 64, data: { source: { kind: 'faces' } } };
const configs: Record<string, object> = {
  pix2pix: { method: 'pix2pix', model: { width: 4, depth: 6, discriminatorWidth: 4 } },
  'pix2pix in synthesis': { method: 'pix2pix', task: 'synthesis', model: { width: 4, depth: 5 } },
  'pix2pix of Lua, least squares': {
    method: 'pix2pix',
    model: { variant: 'lua', width: 4, depth: 6, discriminatorWidth: 4 },
    loss: { gan: 'least-squares' },
    atTestTime: { statistics: 'running', dropout: false },
  },
  'partial convolutions': { method: 'pconv', model: { width: 4, depth: 5 } },
  'partial convolutions with a sketch': { method: 'pconv', model: { width: 4, depth: 5, sketch: true } },
  DeepFillv2: { method: 'deepfillv2', model: { width: 8, discriminatorWidth: 4 } },
  'DeepFillv2, not guided': {
    method: 'deepfillv2',
    model: { guided: false, width: 8, discriminatorWidth: 4 },
  },
};

const configOf = (name: string): RunConfig => configSchemas().zod.parse({ ...base, ...configs[name] });

/** Copies of all that a checkpoint holds of a stage. */
const valuesOf = (state: Record<string, Tensor>) =>
  Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, [...tensor.dataSync()]]));

const weightsOf = (method: Method) =>
  Object.values(method.networks).flatMap((network) => Object.entries(trainableWeights(network)));

describe.each(Object.keys(configs))('%s', (name) => {
  const config = configOf(name);

  it('predicts each sample alike, alone and in a batch, at every call', () => {
    const method = createMethod(config);
    const predictor = method.predictor();
    const batch = tinyBatch(3, 64);
    const before = tf.memory().numTensors;
    const { result } = predictor.predict(batch);
    expect(result.shape).toEqual([3, 64, 64, 3]);
    const second = tf.tidy(() => {
      const [image, sketch, hole] = [batch.image, batch.sketch, batch.hole].map((x) =>
        tf.slice(x, [1, 0, 0, 0], [1, -1, -1, -1]),
      );
      const alone = predictor.predict({ image: image, sketch: sketch, hole: hole } as never).result;
      const together = tf.slice(result, [1, 0, 0, 0], [1, -1, -1, -1]);
      return tf.max(tf.abs(tf.sub(alone, together))).dataSync()[0];
    });
    expect(second).toBeLessThan(1e-5);
    result.dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose({ ...batch });
    method.dispose();
  });

  it('looks at what it says that it looks at, and at nothing else', () => {
    const method = createMethod(config);
    const predictor = method.predictor();
    const batch = tinyBatch(1, 64);
    const found = tf.tidy(() => {
      const one = predictor.predict({ ...batch, l: 0 }).result;
      const differs = (other: object) => {
        const { result } = predictor.predict({ ...batch, ...other });
        return tf.max(tf.abs(tf.sub(one, result))).dataSync()[0] > 0;
      };
      return { sketch: differs({ sketch: tf.neg(batch.sketch) }), l: differs({ l: 1 }) };
    });
    const has = (control: 'sketch' | 'l') => predictor.controls.includes(control);
    expect(found).toEqual({ sketch: has('sketch'), l: has('l') });
    tf.dispose({ ...batch });
    method.dispose();
  });

  it('moves every weight that learns, keeps its state exactly, and leaves no tensors behind', async () => {
    const method = createMethod(config);
    await method.prepareTraining(silent);
    const batch = tinyBatch(2, 64);
    for (const stage of method.stages) {
      const trainable = method.begin(stage);
      const before = weightsOf(method).map(([, weight]) => [...weight.dataSync()]);
      expect(guardedStep(trainable, batch).kept).toBe(true);
      weightsOf(method).forEach(([weight, variable], i) => {
        const learns = stage.learns.includes(weight.split('/')[0]);
        // Lua's step sets biases back to 0.
        const stays = weight.endsWith('bias');
        if (learns && !stays) expect([weight, [...variable.dataSync()]]).not.toEqual([weight, before[i]]);
      });
      const state = trainable.state();
      const random = trainable.position();
      const kept = valuesOf(state);
      guardedStep(trainable, batch);
      const after = trainable.state();
      const once = valuesOf(after);
      trainable.restore(state);
      trainable.moveTo(random);
      const restored = trainable.state();
      expect(valuesOf(restored)).toEqual(kept);
      const tensors = tf.memory().numTensors;
      guardedStep(trainable, batch);
      expect(tf.memory().numTensors).toBe(tensors);
      const again = trainable.state();
      expect(valuesOf(again)).toEqual(once);
      tf.dispose([state, after, restored, again]);
    }
    tf.dispose({ ...batch });
    method.dispose();
  });

  it('describes its networks as they are', () => {
    const method = createMethod(config);
    for (const [network, { inputs, outputs }] of Object.entries(method.networks)) {
      const described = method.describe(network);
      expect(Object.keys(described.inputs)).toHaveLength(inputs.length);
      expect(Object.keys(described.outputs)).toHaveLength(outputs.length);
      expect(activationElements(method.networks[network], described.side)).toBeGreaterThan(64 * 64);
    }
    method.dispose();
  });

  it('shows what a person wants to see', () => {
    const method = createMethod(config);
    const batch = tinyBatch(2, 64);
    const images = method.visuals(batch, [0, 1]);
    expect(Object.keys(images)[0]).toBe('photo');
    expect('sketch' in images).toBe(method.predictor().controls.includes('sketch'));
    for (const image of Object.values(images)) expect(image.shape).toEqual([2, 64, 64, 3]);
    tf.dispose([images, { ...batch }]);
    method.dispose();
  });
});
