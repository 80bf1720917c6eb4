/** Networks that learn, each with an optimiser, and what a checkpoint keeps of them. */
import { Adam, type AdamOptions } from '../nn/adam.ts';
import { assignNamed, namedWeights, trainableWeights } from '../nn/network-weights.ts';
import type { LayersModel } from '../ops/tf.ts';
import type { RandomStream } from '../runtime/seed.ts';
import type { NamedTensors, Trainable } from './method.ts';

/** A network with the optimiser of its weights. */
export interface Learner {
  readonly network: LayersModel;
  readonly adam: Adam;
}

/** The optimiser is of those weights that are trainable now. */
export function makeLearner(network: LayersModel, options: AdamOptions): Learner {
  return { network, adam: new Adam(trainableWeights(network), options) };
}

/** Frees the optimisers; the networks stay. */
export function disposeLearners(learners: readonly Learner[]): void {
  for (const { adam } of learners) adam.dispose();
}

/** How networks learn together in one stage. */
export interface LearningStage {
  readonly learners: readonly Learner[];
  /** What else moves on by a step, by the names that checkpoints have for it. */
  readonly random?: Readonly<Record<string, RandomStream>>;
  readonly step: Trainable['step'];
}

/** A stage with what the training loop needs of it: its state, and that put back. */
export function makeTrainable({ learners, random = {}, step }: LearningStage): Trainable {
  return {
    step,
    state: () => stateOf(learners),
    restore(state) {
      for (const { network, adam } of learners) {
        assignNamed(namedWeights(network), state);
        adam.restore(stepName(network), state);
      }
    },
    randomState: () =>
      Object.fromEntries(Object.entries(random).map(([name, stream]) => [name, stream.state()])),
    restoreRandom(state) {
      for (const [name, stream] of Object.entries(random)) stream.restore(state[name]);
    },
  };
}

/** Copies of all weights and of the optimisers' slots, by unique name. The caller disposes of them. */
export function stateOf(learners: readonly Learner[]): NamedTensors {
  const weights = learners.flatMap(({ network }) => Object.entries(namedWeights(network)));
  return Object.assign(
    Object.fromEntries(weights.map(([name, weight]) => [name, weight.clone()])),
    ...learners.map(({ network, adam }) => adam.state(stepName(network))),
  );
}

const stepName = (network: LayersModel) => `${network.name}/adam/step`;
