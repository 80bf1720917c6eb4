import { describe, expect, it } from 'vitest';
import { ganStep, realFirst } from '../../src/core/gan-step.ts';
import { type Learner, makeLearner, makeTrainable } from '../../src/core/learner.ts';
import type { Trainable } from '../../src/core/method.ts';
import type { Batch } from '../../src/data/types.ts';
import { discriminatorLoss, hingeLoss } from '../../src/losses/adversarial.ts';
import type { Dps } from '../../src/models/dps/method.ts';
import { buildDiscriminator } from '../../src/models/dps/networks.ts';
import { drawWeights } from '../../src/nn/initial-weights.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { type Tensor4D, type TensorFlow, tf } from '../../src/ops/tf.ts';
import { notFinite } from '../../src/train/faults.ts';
import { guardedStep } from '../../src/train/stepper.ts';
import { tinyBatch, tinyConfig, tinyMethod } from '../models/dps/tiny.ts';
import { stepOn } from '../models/step.ts';

/** Everything that a step may change, as bytes. */
function everything(method: Dps, trainable: Trainable): Record<string, string> {
  const state = tf.tidy(() => trainable.state());
  const weights = Object.values(method.networks).map((network) => namedWeights(network));
  const tensors = Object.assign({}, ...weights, state) as Record<string, TensorFlow.Tensor>;
  const bytes = Object.entries(tensors).map(([name, tensor]) => [
    name,
    Buffer.from(tensor.dataSync().buffer).toString('base64'),
  ]);
  tf.dispose(state);
  return { ...Object.fromEntries(bytes), random: JSON.stringify(trainable.position()) };
}

function spoiled(batch: Batch): Batch {
  const values = batch.image.dataSync().slice();
  values.fill(Number.NaN, 0, values.length / 4);
  return { ...batch, image: tf.tensor4d(values, batch.image.shape) };
}

/** Puts a value into the first element of a weight. */
function poison(method: Dps, network: string, ending: string, value: number): void {
  const [, weight] = Object.entries(namedWeights(method.networks[network])).find(([name]) =>
    name.endsWith(ending),
  )!;
  const values = weight.dataSync().slice();
  values[0] = value;
  weight.assign(tf.tensor(values, weight.shape) as TensorFlow.Variable);
}

describe.each([
  ['F', 0],
  ['a lower level', 2],
  // F is in the loop here, with batch statistics.
  ['the top level', 6],
])('a step of %s', (_, index) => {
  const method = tinyMethod(tinyConfig());
  const batch = tinyBatch(2, 64);
  const stage = method.stages[index];

  it('is as good with the guard as without, and leaves no tensors behind', async () => {
    const twin = tinyMethod(tinyConfig());
    const [guarded, plain] = [method.begin(stage), twin.begin(twin.stages[index])];
    const tensors: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { values, kept } = guardedStep(guarded, batch);
      const scalars = stepOn(plain, batch);
      expect(kept).toBe(true);
      for (const [name, loss] of Object.entries(scalars.losses))
        expect(values.losses[name]).toBe(loss.dataSync()[0]);
      for (const [name, norm] of Object.entries(scalars.gradientNorms)) {
        expect(values.gradientNorms[name]).toBe(norm.dataSync()[0]);
        expect(values.gradientNorms[name]).toBeGreaterThan(0);
      }
      tf.dispose(scalars);
      tensors.push(tf.memory().numTensors);
    }
    expect(tensors[2]).toBe(tensors[0]);
    expect(everything(method, guarded)).toEqual(everything(twin, plain));
  });

  it.each<[string, (batch: Batch) => Batch]>([
    ['pixels that are not numbers', spoiled],
    [
      'a weight of the generator that is not a number',
      (batch) => {
        poison(method, stage.learns[0], 'kernel', Number.NaN);
        return batch;
      },
    ],
    [
      'an infinite weight of the discriminator',
      (batch) => {
        poison(method, stage.learns[1], 'kernel', Number.POSITIVE_INFINITY);
        return batch;
      },
    ],
  ])('changes nothing after %s', async (_, spoil) => {
    const trainable = method.begin(stage);
    const good = guardedStep(trainable, batch);
    expect(good.kept).toBe(true);
    const clean = trainable.state();
    const bad = spoil(batch);
    const before = everything(method, trainable);
    const tensors = tf.memory().numTensors;
    const { values, kept } = guardedStep(trainable, bad);
    expect(kept).toBe(false);
    expect(notFinite(values)).toContain('discriminator loss');
    expect(everything(method, trainable)).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    trainable.restore(clean);
    expect(guardedStep(trainable, batch).kept).toBe(true);
  });
});

it('a gradient that is not finite is enough, though every loss is', async () => {
  const network = (name: string) => {
    const built = buildDiscriminator({ name, channels: 3, width: 2, layers: 1 });
    drawWeights(built, 1, 'normal');
    return built;
  };
  const adam = { learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-8 };
  const [generator, discriminator] = ['A', 'B'].map((name) => makeLearner(network(name), adam)) as [
    Learner,
    Learner,
  ];
  const stage = makeTrainable({
    learners: [generator, discriminator],
    step: ({ image }, inputs, accept) =>
      ganStep(
        {
          generator,
          discriminator,
          generate: () => generator.network.apply(image, { training: true }) as Tensor4D,
          discriminatorLosses: () => ({
            discriminator: discriminatorLoss(hingeLoss(1), realFirst(discriminator, image, image), 1),
          }),
          // The slope of a root at 0.
          generatorLosses: (made) => ({
            reconstruction: tf.sqrt(tf.mul<TensorFlow.Scalar>(tf.mean(made), 0)),
          }),
        },
        inputs,
        accept,
      ),
  });
  const weights = () =>
    Object.values(namedWeights(discriminator.network)).map((weight) => [...weight.dataSync()]);
  const before = weights();
  const { values, kept } = guardedStep(stage, tinyBatch(1, 16));
  expect(kept).toBe(false);
  expect(notFinite(values)).toEqual(['generator gradient']);
  expect(weights()).toEqual(before);
});

it('a step that throws changes nothing either', async () => {
  const method = tinyMethod(tinyConfig());
  const trainable = method.begin(method.stages[1]);
  const before = everything(method, trainable);
  const batch = tinyBatch(2, 64);
  const failing: Trainable = {
    inputs: (given) => trainable.inputs(given),
    state: () => trainable.state(),
    restore: (state) => trainable.restore(state),
    weights: trainable.weights,
    position: () => trainable.position(),
    moveTo: (position) => trainable.moveTo(position),
    step(inputs) {
      tf.dispose(trainable.step(inputs));
      throw new Error('out of memory');
    },
  };
  const tensors = tf.memory().numTensors;
  expect(() => guardedStep(failing, batch)).toThrow('out of memory');
  const without = {
    ...failing,
    inputs() {
      throw new Error('no memory for inputs');
    },
  };
  expect(() => guardedStep(without, batch)).toThrow('no memory for inputs');
  expect(tf.memory().numTensors).toBe(tensors);
  expect(everything(method, trainable)).toEqual(before);
});
