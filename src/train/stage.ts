/** One stage of a training while it runs: its networks, its data, its holes, and their positions. */
import type { RunConfig } from '../config/run-config.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import type { Method, StagePlan, Trainable } from '../core/method.ts';
import { toBatch } from '../data/batch.ts';
import { type HolePool, makeHolePool } from '../data/holes.ts';
import { type LoaderState, PairLoader } from '../data/loader.ts';
import type { PreparedSample } from '../data/types.ts';
import { tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { RandomStream, type StreamState, stream } from '../runtime/seed.ts';
import type { Fault } from './faults.ts';
import { guardedStep, type StepValues } from './guard.ts';
import { restoreStage } from './snapshot.ts';

export interface StageOptions {
  readonly config: RunConfig;
  readonly method: Method;
  readonly stage: StagePlan;
  readonly samples: readonly PreparedSample[];
  readonly reporter: Reporter;
  /** Goes on from a checkpoint of this stage. */
  readonly from?: Checkpoint | undefined;
}

export class RunningStage {
  readonly trainable: Trainable;
  readonly #loader: PairLoader;
  readonly #batch: number;
  readonly #pool: HolePool | undefined;
  readonly #holes: RandomStream;

  constructor({ config, method, stage, samples, reporter, from }: StageOptions) {
    const { seed, data, resolution } = config;
    this.#batch = stage.batch;
    this.#loader = new PairLoader({
      name: stage.name,
      samples,
      resolution,
      batch: stage.batch,
      seed,
      ahead: data.ahead,
      reporter,
      state: from?.random.loader as LoaderState | undefined,
    });
    this.#holes = from
      ? new RandomStream('', from.random.holes as StreamState)
      : stream(seed, 'holes', stage.name);
    if (config.task === 'edit') {
      const random = stream(seed, 'hole pool', stage.holePoolName);
      this.#pool = makeHolePool(data.holes, resolution, stage.holePool, random);
    }
    this.trainable = method.begin(stage);
    if (from) {
      restoreStage(this.trainable, from.tensors);
      this.trainable.restoreRandom(from.random.stage as Record<string, StreamState>);
    }
  }

  /**
   * One step on the next batch. Where its numbers are not finite only the positions in the data and among the holes
   * move on; then it tells `discard` and returns undefined.
   */
  async step(
    discard: (fault: Omit<Fault, 'step' | 'stage'>) => Promise<void>,
  ): Promise<StepValues | undefined> {
    const raw = await this.#loader.next();
    const batch = toBatch(raw, this.#pool?.sample(this.#batch, this.#holes));
    const { trainable } = this;
    try {
      const { values, kept } = guardedStep(trainable, batch);
      if (kept) return values;
      await discard({ sampleIds: raw.ids, batch, values, trainable });
      return undefined;
    } finally {
      tf.dispose([batch.image, batch.sketch, batch.hole]);
    }
  }

  /** Positions of everything random, for a checkpoint. */
  random(): Record<string, unknown> {
    return {
      loader: this.#loader.state(),
      holes: this.#holes.state(),
      stage: this.trainable.randomState(),
    };
  }

  async close(): Promise<void> {
    await this.#loader.close();
  }
}
