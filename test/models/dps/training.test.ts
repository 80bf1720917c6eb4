import { describe, expect, it } from 'vitest';
import { ganStep } from '../../../src/core/gan-step.ts';
import { makeLearner, makeTrainable, nextAdamScalars } from '../../../src/core/learner.ts';
import type { Method } from '../../../src/core/method.ts';
import { hingeLoss } from '../../../src/losses/adversarial.ts';
import { originalNormalisation, perceptualLoss } from '../../../src/losses/perceptual.ts';
import { buildGenerator, splitPicture } from '../../../src/models/dps/generator.ts';
import { discriminatorChannels, generatorChannels, generatorInput } from '../../../src/models/dps/inputs.ts';
import { drawnRefinements } from '../../../src/models/dps/method.ts';
import { buildDiscriminator } from '../../../src/models/dps/networks.ts';
import { imageGeneratorStage, refinementStep } from '../../../src/models/dps/training.ts';
import { drawWeights } from '../../../src/nn/initial-weights.ts';
import { namedWeights } from '../../../src/nn/network-weights.ts';
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { stepOn } from '../step.ts';
import { randomTrunk, tinyBatch, tinyConfig, tinyMethod } from './tiny.ts';

/** The values of all weights of all networks, by network. */
function weightValues(method: Method): Record<string, Record<string, Float32Array>> {
  return Object.fromEntries(
    Object.values(method.networks).map((network) => [
      network.name,
      Object.fromEntries(
        Object.entries(namedWeights(network)).map(([name, weight]) => [
          name,
          weight.dataSync() as Float32Array,
        ]),
      ),
    ]),
  );
}

/** In the order in which they are summed. */
const LOSSES = ['discriminator', 'adversarial', 'perceptual', 'reconstruction'];

const lastBias = (method: Method, network: string) =>
  Object.keys(namedWeights(method.networks[network])).findLast((name) => name.endsWith('/bias'));

describe.each(['edit', 'synthesis'] as const)('training for %s', (task) => {
  const method = tinyMethod(tinyConfig({ task }));
  const batch = tinyBatch(2, 64);

  it.each(method.stages.map((stage) => [stage.name, stage] as const))(
    '%s changes every weight of the networks that learn, and nothing else',
    (_, stage) => {
      const before = weightValues(method);
      tf.dispose(stepOn(method.begin(stage), batch));
      const after = weightValues(method);
      for (const [network, weights] of Object.entries(before))
        for (const [name, values] of Object.entries(weights)) {
          const changed = values.some((value, i) => value !== after[network][name][i]);
          // While all scores lie within the margin the hinge's two halves cancel in the discriminator's last bias.
          if (name !== lastBias(method, network)) expect(changed, name).toBe(stage.learns.includes(network));
        }
    },
  );

  it.each(method.stages.map((stage) => [stage.name, stage] as const))(
    '%s leaves no tensors behind in 10 steps',
    (_, stage) => {
      const trainable = method.begin(stage);
      tf.dispose(stepOn(trainable, batch));
      const before = tf.memory().numTensors;
      for (let step = 0; step < 10; step++) {
        const scalars = stepOn(trainable, batch);
        expect(Object.keys(scalars.losses)).toEqual(LOSSES);
        expect(Object.keys(scalars.gradientNorms)).toEqual(['discriminator', 'generator']);
        tf.dispose(scalars);
      }
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('shows pictures of every stage, and leaves no tensors behind', () => {
    for (const stage of method.stages) {
      method.begin(stage);
      // What is kept from one prediction to the next is made by the first.
      tf.dispose(method.visuals(batch, [0, 1]));
      const before = tf.memory().numTensors;
      const images = method.visuals(batch, [0, 1]);
      for (const [caption, image] of Object.entries(images))
        expect(image.shape, caption).toEqual([2, 64, 64, 3]);
      tf.dispose(images);
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

it('keeps the optimisers while the same networks go on learning', () => {
  const method = tinyMethod(tinyConfig({ levels: 1 }));
  const [, full, drawn] = method.stages;
  const batch = tinyBatch(2, 64);
  tf.dispose(stepOn(method.begin(full), batch));
  const trainable = method.begin(drawn);
  expect(trainable.state()['G64/adam/step'].dataSync()[0]).toBe(1);
  tf.dispose(stepOn(trainable, batch));
  expect(trainable.state()['G64/adam/step'].dataSync()[0]).toBe(2);
  method.dispose();
});

it('goes on from a saved state exactly', () => {
  const config = tinyConfig({ levels: 1 });
  const [a, b] = [tinyMethod(config), tinyMethod({ ...config, seed: 2 })];
  const stage = a.stages[2];
  const batch = tinyBatch(2, 64);
  const first = a.begin(stage);
  for (let i = 0; i < 3; i++) tf.dispose(stepOn(first, batch));
  const second = b.begin(b.stages[2]);
  second.restore(first.state());
  second.moveTo(JSON.parse(JSON.stringify(first.position())));
  for (const [name, weight] of Object.entries(namedWeights(a.networks.F)))
    namedWeights(b.networks.F)[name].assign(weight);
  for (const trainable of [first, second]) tf.dispose(stepOn(trainable, batch));
  const [left, right] = [weightValues(a), weightValues(b)];
  expect(right.G64).toEqual(left.G64);
  expect(right.D64).toEqual(left.D64);
});

it('draws the same networks from the same seed, others from another', () => {
  const [a, b, c] = [1, 1, 2].map((seed) => weightValues(tinyMethod({ ...tinyConfig(), seed })));
  expect(a).toEqual(b);
  expect(c.G64['G64/conv1/kernel']).not.toEqual(a.G64['G64/conv1/kernel']);
});

it('draws l from the original’s 22 values', () => {
  const values = drawnRefinements(21);
  expect(values).toHaveLength(22);
  expect(Math.min(...values)).toBe(0);
  expect(Math.max(...values)).toBe(1);
  expect(values.at(-1)).toBe(0.025);
});

/** A training on L1 and the adversarial loss, with a learning rate that suits a few hundred steps. */
const overfitting = {
  task: 'edit',
  perceptual: perceptualLoss(randomTrunk(), originalNormalisation, [1, 0.5]),
  gan: hingeLoss(1),
  adversarial: 0.1,
  reconstruction: 100,
} as const;
const adam = { learningRate: 2e-3, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };

it('a 16-px generator overfits one batch', () => {
  const generator = buildGenerator({ name: 'G', channels: 7, width: 8, residualBlocks: 1, lowest: true });
  const discriminator = buildDiscriminator({ name: 'D', channels: 7, width: 4, layers: 2 });
  for (const network of [generator, discriminator]) drawWeights(network, 1, 'normal');
  const learners = {
    generator: makeLearner(generator, adam),
    discriminator: makeLearner(discriminator, adam),
  };
  const batch = tinyBatch(2, 16);
  const inputs = { ...batch, roughSketch: batch.sketch, l: tf.ones([1, 1]) as Tensor2D };
  const error = () =>
    tf.tidy(() => {
      const x = generatorInput('edit', batch);
      const [, picture] = generator.apply([x, tf.ones([2, 1])]) as Tensor[];
      return tf.mean(tf.abs(tf.sub(splitPicture(picture as Tensor4D).image, batch.image))).dataSync()[0];
    });
  const before = error();
  for (let step = 0; step < 200; step++)
    tf.tidy(() => {
      const scalars = nextAdamScalars(Object.values(learners));
      tf.dispose(ganStep(refinementStep(learners, overfitting, inputs), scalars));
    });
  expect(before).toBeGreaterThan(0.3);
  expect(error()).toBeLessThan(0.08);
});

it('F overfits one batch', () => {
  const config = tinyConfig({ levels: 1, norm: 'instance' });
  config.model.imageGenerator.width = 6;
  const method = tinyMethod(config);
  const learners = {
    generator: makeLearner(method.networks.F, adam),
    discriminator: makeLearner(method.networks.FD, adam),
  };
  const stage = makeTrainable(imageGeneratorStage(learners, overfitting, { level: 1, levels: 1 }));
  const batch = tinyBatch(2, 64);
  const error = () =>
    tf.tidy(() => {
      const image = method.predictor().predictFromTrueSketch(batch);
      return tf.mean(tf.abs(tf.sub(image, batch.image))).dataSync()[0];
    });
  const before = error();
  for (let step = 0; step < 120; step++) tf.dispose(stepOn(stage, batch));
  expect(error()).toBeLessThan(before / 2);
});

it('has as many channels as the original', () => {
  expect([generatorChannels('edit'), generatorChannels('synthesis')]).toEqual([7, 3]);
  expect([discriminatorChannels('edit'), discriminatorChannels('synthesis')]).toEqual([7, 6]);
});
