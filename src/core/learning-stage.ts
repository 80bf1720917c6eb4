import type { Batch } from '../data/types.ts';
import { Adam, type AdamOptions } from '../nn/adam.ts';
import { assignNamed, namedWeights, trainableWeights } from '../nn/network-weights.ts';
import type { LayersModel, Tensor } from '../ops/tf.ts';
import type { StreamState } from '../runtime/seed.ts';
import type { Accept, NamedTensors, StepScalars, Trainable } from './method.ts';

/** Networks that learn, each with an optimiser of its own, and what a checkpoint keeps of them. */
export abstract class LearningStage implements Trainable {
  abstract readonly lossNames: readonly string[];
  readonly #networks: readonly LayersModel[];
  /** One a network, of its weights that are trainable now. */
  protected readonly optimizers: readonly Adam[];

  constructor(networks: readonly LayersModel[], adam: AdamOptions) {
    this.#networks = networks;
    this.optimizers = networks.map((network) => new Adam(trainableWeights(network), adam));
  }

  abstract step(batch: Batch, accept?: Accept): StepScalars;

  state(): NamedTensors {
    const weights = Object.entries(Object.assign({}, ...this.#networks.map(namedWeights)) as NamedTensors);
    const slots = this.#networks.map((network, index) => this.optimizers[index].state(stepOf(network)));
    return Object.assign(
      Object.fromEntries(weights.map(([name, weight]) => [name, weight.clone()])),
      ...slots,
    );
  }

  restore(state: Record<string, Tensor>): void {
    this.#networks.forEach((network, index) => {
      assignNamed(namedWeights(network), state);
      this.optimizers[index].restore(stepOf(network), state);
    });
  }

  randomState(): Record<string, StreamState> {
    return {};
  }

  restoreRandom(_state: Record<string, StreamState>): void {}

  /** Frees the optimisers; the networks stay. */
  dispose(): void {
    for (const optimizer of this.optimizers) optimizer.dispose();
  }
}

const stepOf = (network: LayersModel) => `${network.name}/adam/step`;
