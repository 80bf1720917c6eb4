/** Reads prepared pairs ahead of training. */

import sharp from 'sharp';
import type { RunConfig } from '../config/run-config.ts';
import { npmRun } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { type RandomStream, stream } from '../runtime/seed.ts';
import { Threads } from '../runtime/workers.ts';
import { type AugmentedPair, augmentPair, drawAugmentation, takesLong } from './augment.ts';
import { packPairs } from './batch.ts';
import { UnusableImage } from './decode.ts';
import { decodePair } from './pair.ts';
import type { PreparedSample, RawBatch } from './types.ts';

/** Where a loader stands: `position` samples of epoch `epoch` have been given out. JSON-serialisable. */
export interface LoaderState {
  readonly epoch: number;
  readonly position: number;
}

export interface LoaderOptions {
  /** For messages and for the order's random stream, for example the stage's name. */
  readonly name: string;
  readonly samples: readonly PreparedSample[];
  readonly resolution: number;
  /** Samples of a batch; at most as many as there are. */
  readonly batch: number;
  /** The places in each batch of those samples that are wanted; others are not read. Default: all. */
  readonly own?: readonly number[] | undefined;
  readonly seed: number;
  /** Batches kept decoded ahead. */
  readonly ahead: number;
  readonly reporter: Reporter;
  /** Of samples from several sources: how often those of each are drawn, by the source's name. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  /** How samples are changed at random. Default: not at all. */
  readonly augment?: RunConfig['data']['augment'] | undefined;
  /** Goes on from here; default: the beginning. */
  readonly state?: LoaderState | undefined;
}

const AUGMENTING_THREADS = 2;

/** Of all samples this share may turn out to be unreadable before training stops. */
const tolerableLoss = 0.1;

/**
 * Batches in an order that derives from the seed: each epoch is a new shuffle, or a new mix of several sources; its last
 * incomplete batch is left out.
 * What is changed at random in a sample derives from the seed and its place in that order. PNG decoding runs on sharp's
 * threads and most of such changes on threads of their own while JavaScript waits for TensorFlow; at most `ahead` batches
 * are in memory.
 *
 * A file that is missing or damaged is replaced by the next good sample in the epoch's order, and reported once.
 */
export class PairLoader {
  readonly batchesPerEpoch: number;
  readonly #options: LoaderOptions;
  readonly #bad = new Set<string>();
  /** So many samples may be unreadable. */
  readonly #tolerated: number;
  #order: { epoch: number; samples: readonly PreparedSample[] } | undefined;
  /** The next batch to give out. */
  #state: LoaderState;
  /** The next batch to begin with. */
  #ahead: LoaderState;
  #queue: Promise<RawBatch>[] = [];
  /** Changes samples while this thread computes. */
  readonly #threads = new Threads<typeof import('./augment.ts')>(new URL('./augment.ts', import.meta.url), {
    count: AUGMENTING_THREADS,
  });

  constructor(options: LoaderOptions) {
    const { samples, batch } = options;
    this.#options = options;
    this.batchesPerEpoch = Math.floor(samples.length / batch);
    // One in a small set, but never the last one.
    this.#tolerated = Math.min(Math.max(1, Math.floor(tolerableLoss * samples.length)), samples.length - 1);
    this.#state = this.#begin(options.state ?? { epoch: 0, position: 0 });
    this.#ahead = this.#state;
    // Pairs are small: a thread for each file in work does more than several threads on one file.
    sharp.concurrency(1);
  }

  /**
   * The next batch.
   *
   * @throws UserError when more than a tenth of all samples cannot be read.
   */
  async next(): Promise<RawBatch> {
    while (this.#queue.length < this.#options.ahead) {
      const later = this.#read(this.#ahead);
      // A failure is the business of the call that takes this batch; until then it is not unhandled.
      later.catch(() => {});
      this.#queue.push(later);
      this.#ahead = this.#after(this.#ahead);
    }
    const begun = this.#queue.shift();
    if (!begun) throw new Error('at least one batch must be read ahead');
    const batch = await begun;
    this.#state = this.#after(this.#state);
    return batch;
  }

  /** Where to go on after the batches that were given out. */
  state(): LoaderState {
    return { ...this.#state };
  }

  /** Lets batches in work end and drops them. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#queue.splice(0));
    await this.#threads.close();
  }

  /** A state that a whole batch follows. */
  #begin({ epoch, position }: LoaderState): LoaderState {
    const { samples, batch } = this.#options;
    return position + batch > samples.length ? { epoch: epoch + 1, position: 0 } : { epoch, position };
  }

  #after({ epoch, position }: LoaderState): LoaderState {
    return this.#begin({ epoch, position: position + this.#options.batch });
  }

  #orderOf(epoch: number): readonly PreparedSample[] {
    if (this.#order?.epoch !== epoch) {
      const { seed, name, samples, weights } = this.#options;
      const shuffle = (of: readonly PreparedSample[], ...names: (string | number)[]) =>
        stream(seed, 'order', name, epoch, ...names).shuffle(of);
      const draws = stream(seed, 'mix', name, epoch);
      this.#order = {
        epoch,
        samples: weights ? mixSources(samples, weights, draws, shuffle) : shuffle(samples),
      };
    }
    return this.#order.samples;
  }

  async #read({ epoch, position }: LoaderState): Promise<RawBatch> {
    const { batch, own = Array.from({ length: batch }, (_, i) => i), resolution } = this.#options;
    const order = this.#orderOf(epoch);
    const samples = own.map((i) => this.#readFrom(order, epoch, position + i));
    return packPairs(await Promise.all(samples), resolution);
  }

  /** The first good sample at or after a position of the order. */
  async #readFrom(
    order: readonly PreparedSample[],
    epoch: number,
    position: number,
  ): Promise<AugmentedPair & { id: string }> {
    const { resolution: n, augment, seed, name } = this.#options;
    for (let k = 0; ; k++) {
      const { id, pairPath, part } = order[(position + k) % order.length];
      try {
        const pair = await decodePair(pairPath, n, part);
        if (!augment) return { id, ...pair, mirrored: false };
        const change = drawAugmentation(n, augment, stream(seed, 'augment', name, epoch, position));
        if (!takesLong(change, n)) return { id, ...augmentPair(pair, n, change) };
        const memory = [pair.photo.buffer, pair.sketch.buffer];
        return { id, ...(await this.#threads.run('augmentPair', [pair, n, change], memory)) };
      } catch (error) {
        if (!(error instanceof UnusableImage)) throw error;
        this.#count(id, part ? `${pairPath} (${id})` : pairPath, error.message);
      }
    }
  }

  #count(id: string, path: string, reason: string): void {
    const { samples, reporter } = this.#options;
    if (!this.#bad.has(id)) {
      this.#bad.add(id);
      reporter.warn(
        `A prepared sample cannot be read, another takes its place (${this.#bad.size} so far): ${path}: ${reason}`,
      );
    }
    if (this.#bad.size > this.#tolerated) {
      throw new UserError('Too many prepared samples cannot be read.', {
        where: path,
        expected: `at most ${this.#tolerated} of ${samples.length}`,
        got: `${this.#bad.size} missing or damaged files, the last one: ${reason}`,
        fix: `Was the cache deleted or its disk full? Delete the folder of that file and run \`${npmRun()} prepare -- --config FILE\` again.`,
      });
    }
  }
}

/**
 * An epoch of several sources, as long as they are together: each place draws a source, in proportion to the weights, and
 * takes the next sample of that source's shuffled order; one that is at its end is shuffled anew.
 */
function mixSources(
  samples: readonly PreparedSample[],
  weights: Readonly<Record<string, number>>,
  draws: RandomStream,
  shuffle: (of: readonly PreparedSample[], ...names: (string | number)[]) => PreparedSample[],
): PreparedSample[] {
  let total = 0;
  const sources = Object.entries(weights).map(([name, weight]) => {
    total += weight;
    const own = samples.filter(({ source }) => source === name);
    return { name, end: total, own, rounds: 0, left: [] as PreparedSample[] };
  });
  return samples.map(() => {
    const place = draws.uniform(0, total);
    const source = sources.find(({ end }) => place < end) ?? sources[0];
    if (source.left.length === 0) source.left = shuffle(source.own, source.name, source.rounds++).reverse();
    return source.left.pop() as PreparedSample;
  });
}
