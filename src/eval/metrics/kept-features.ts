import type { SetStatistics } from './metric.ts';

type State = ReturnType<SetStatistics['state']>;

/** The features of a part of a set as they are, for whoever adds those of all parts in their order. */
export class KeptFeatures implements Pick<SetStatistics, 'add' | 'state' | 'restore'> {
  #batches: Float32Array[] = [];

  add(features: Float32Array): void {
    this.#batches.push(features);
  }

  state(): State {
    const data = new Float32Array(this.#batches.reduce((sum, { length }) => sum + length, 0));
    let place = 0;
    for (const batch of this.#batches) {
      data.set(batch, place);
      place += batch.length;
    }
    return { features: { shape: [data.length], data } };
  }

  restore(state: State): void {
    this.#batches = [KeptFeatures.of(state)];
  }

  /** What {@link state} holds. */
  static of(state: State): Float32Array {
    return Float32Array.from(state.features.data);
  }
}
