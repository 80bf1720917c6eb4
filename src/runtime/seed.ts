/**
 * Randomness. Every random choice draws from a named stream derived from the run's one seed, so that adding draws
 * to one part of the program changes no other, and each stream's state can be saved and restored.
 */
import seedrandom from 'seedrandom';

/** A saved stream: JSON-serialisable. */
export type StreamState = object;

interface SavedStream {
  readonly generator: seedrandom.State.Arc4;
  readonly spareNormal: number | null;
}

export class RandomStream {
  #generator: seedrandom.StatefulPRNG<seedrandom.State.Arc4>;
  #spareNormal: number | undefined;

  /** @param seed any string; equal strings give equal streams. @param state continues a saved stream. */
  constructor(seed: string, state?: StreamState) {
    this.#generator = seedrandom(seed, { state: true });
    if (state) this.restore(state);
  }

  /** Uniform in [lo, hi). */
  uniform(lo = 0, hi = 1): number {
    return lo + (hi - lo) * this.#generator.double();
  }

  /** An integer, uniform in [lo, hi). */
  integer(lo: number, hi: number): number {
    return lo + Math.floor((hi - lo) * this.#generator.double());
  }

  /** One element of a list, each equally likely. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length)];
  }

  /** A standard normal value (polar Box-Muller). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const value = this.#spareNormal;
      this.#spareNormal = undefined;
      return value;
    }
    let u: number;
    let v: number;
    let s: number;
    do {
      u = this.uniform(-1, 1);
      v = this.uniform(-1, 1);
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const scale = Math.sqrt((-2 * Math.log(s)) / s);
    this.#spareNormal = v * scale;
    return u * scale;
  }

  /** A new array with the items in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.integer(0, i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }

  /** The stream's position. */
  state(): StreamState {
    return { generator: this.#generator.state(), spareNormal: this.#spareNormal ?? null };
  }

  /** Goes on from a position that `state` gave. */
  restore(state: StreamState): void {
    const { generator, spareNormal } = state as SavedStream;
    this.#generator = seedrandom('', { state: generator });
    this.#spareNormal = spareNormal ?? undefined;
  }
}

/** The stream of that name under a run's seed, for example `stream(1, 'masks')`. */
export function stream(seed: number | string, ...names: (string | number)[]): RandomStream {
  return new RandomStream([seed, ...names].join('/'));
}
