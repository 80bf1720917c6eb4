/** Networks that learn, each with an optimiser, and what a checkpoint keeps of them. */

import type { Batch } from '../data/types.ts';
import { Adam, type AdamOptions } from '../nn/adam.ts';
import { assignNamed, namedWeights, trainableWeights } from '../nn/network-weights.ts';
import { ownRows, workerCount } from '../ops/collectives.ts';
import type { LayersModel, Tensor, Tensor4D } from '../ops/tf.ts';
import type { RandomStream } from '../runtime/seed.ts';
import { GradientSum, stepParts } from './accumulate.ts';
import { Average, type EmaOptions } from './average.ts';
import type { Accept, NamedTensors, Part, StepInputs, StepScalars, Trainable } from './method.ts';

/** A network with the optimiser of its weights. */
export interface Learner {
  readonly network: LayersModel;
  readonly adam: Adam;
  /** Of its weights, where one is kept: a generator's. */
  readonly average?: Average | undefined;
  /** Of its gradients, where several batches make a step. */
  readonly sum: GradientSum;
}

/**
 * The optimiser is of those weights that are trainable now.
 *
 * @param ema keeps an average of them, `training.ema` for generators. Default: none.
 */
export function makeLearner(network: LayersModel, options: AdamOptions, ema?: EmaOptions): Learner {
  return {
    network,
    adam: new Adam(trainableWeights(network), options),
    average: ema && new Average(namedWeights(network), ema),
    sum: new GradientSum(),
  };
}

/** Frees the optimisers; the networks stay, with averaged weights where there is an average. */
export function disposeLearners(learners: readonly Learner[]): void {
  for (const { adam, average, sum } of learners) {
    adam.dispose();
    sum.dispose();
    average?.settle();
  }
}

/**
 * The optimisers' numbers of the next step, by `NETWORK/adam/NAME`, which moves their counts on. The caller disposes of
 * them.
 *
 * @param learningRate of this step, by default each optimiser's own.
 */
export function nextAdamScalars(learners: readonly Learner[], learningRate?: number): NamedTensors {
  const scalars = learners.map(({ network, adam, average }) => {
    const name = adamName(network);
    const ofAdam = adam.nextScalars(name, learningRate);
    return { ...ofAdam, ...average?.nextScalars(name, adam.count) };
  });
  return Object.assign({}, ...scalars);
}

/**
 * One step of a network's optimiser along the gradients of its weights, which their average follows.
 *
 * @param inputs of the training step; they hold what {@link nextAdamScalars} gave.
 */
export function update(
  { network, adam, average }: Learner,
  gradients: Readonly<Record<string, Tensor>>,
  inputs: NamedTensors,
): void {
  adam.apply(gradients, inputs, adamName(network));
  average?.update(inputs, adamName(network));
}

/** What a step takes beside its batch. */
export interface DrawnInputs extends Partial<StepInputs> {
  /** By name, as `tensors`, with a row for each sample [count, ...]. */
  readonly samples?: NamedTensors;
}

/** How networks learn together in one stage. */
export interface LearningStage {
  /** The generator, and its discriminator where there is one. */
  readonly learners: readonly Learner[];
  /** The streams that `draw` draws from, by the names that checkpoints have for them. */
  readonly random?: Readonly<Record<string, RandomStream>>;
  /**
   * What a step takes beside its batch, drawn at random. The caller disposes of the tensors.
   *
   * @param count samples of the batch, those of all workers. @param size their side.
   */
  draw?(count: number, size: number): DrawnInputs;
  /**
   * See {@link Trainable.step}.
   *
   * @param inputs what `draw` gave, by the same names, and the numbers that {@link update} takes.
   * @param accept in place of a whole step a part of it may be asked for, whose gradients are summed.
   */
  step(batch: Batch, inputs: NamedTensors, accept?: Accept | Part): StepScalars;
}

/** A stage with what the training loop needs of it: the inputs of a step, its state, and that put back. */
export function makeTrainable(stage: LearningStage): Trainable {
  const { learners, random = {} } = stage;
  const step = (inputs: NamedTensors, accept?: Accept | Part) => {
    const { image, sketch, hole } = inputs as Record<string, Tensor4D>;
    return stage.step({ image, sketch, hole }, inputs, accept);
  };
  return {
    inputs(batch, learningRate) {
      const [image, sketch, hole] = [batch.image, batch.sketch, batch.hole].map((x) => x.clone());
      const [count, size] = image.shape;
      const { l, tensors, samples = {} } = stage.draw?.(workerCount() * count, size) ?? {};
      const own = Object.entries(samples).map(([name, all]) => {
        const rows = ownRows(all);
        if (rows !== all) all.dispose();
        return [name, rows] as const;
      });
      return {
        tensors: {
          ...{ image, sketch, hole, ...tensors, ...Object.fromEntries(own) },
          ...nextAdamScalars(learners, learningRate),
        },
        l,
      };
    },
    step,
    parts: stepParts(learners, (part, inputs) => step(inputs, part), update),
    state: () => stateOf(learners),
    restore(state) {
      for (const { network, adam, average } of learners) {
        assignNamed(namedWeights(network), state);
        adam.restore(`${adamName(network)}/step`, state);
        average?.restore(state);
      }
    },
    weights: Object.assign({}, ...learners.map(({ network }) => namedWeights(network))),
    position: () => ({
      random: Object.fromEntries(Object.entries(random).map(([name, stream]) => [name, stream.state()])),
      counts: learners.map(({ adam }) => adam.count),
    }),
    moveTo(position) {
      for (const [name, stream] of Object.entries(random)) stream.restore(position.random[name]);
      for (const [i, { adam }] of learners.entries()) adam.count = position.counts[i];
    },
  };
}

/** Copies of all weights, of the optimisers' slots and of averages, by unique name. The caller disposes of them. */
export function stateOf(learners: readonly Learner[]): NamedTensors {
  const weights = learners.flatMap(({ network }) => Object.entries(namedWeights(network)));
  return Object.assign(
    Object.fromEntries(weights.map(([name, weight]) => [name, weight.clone()])),
    ...learners.map(({ network, adam }) => adam.state(`${adamName(network)}/step`)),
    ...learners.map(({ average }) => average?.state()),
  );
}

const adamName = (network: LayersModel) => `${network.name}/adam`;
