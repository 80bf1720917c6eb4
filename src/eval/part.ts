/** A part of an evaluation: everything that one method makes of sketches of one degradation. */

import { type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { type AtResolution, atResolution, blend, unit } from './at-resolution.ts';
import type { MetricCollection } from './metrics/collection.ts';
import type { SetStatistics } from './metrics/metric.ts';
import type { PartState, Shards } from './shards.ts';
import { type ItemBatch, readItems } from './suite/read-items.ts';
import type { EvaluationSet } from './suite/set.ts';

/** One way to fill the holes, for example a checkpoint at one l. */
export interface Variant {
  /** For messages: for example `00001-quickstart at l = 0.5`. */
  readonly label: string;
  /** Filled images [n,r,r,3] in [-1, 1], r being the resolution of the evaluation; called inside a tidy. */
  fill(batch: ItemBatch): Tensor4D;
}

export interface Part {
  /** Names its file among the shards. */
  readonly name: string;
  /** The d of the sketches. */
  readonly degradation: number;
  /** Whether the variants take strokes of colour. */
  readonly takesColour?: boolean;
  readonly variants: readonly Variant[];
  /** False where only statistics of sets are wanted. */
  readonly measured: boolean;
}

export interface PartContext {
  readonly set: EvaluationSet;
  readonly metrics: MetricCollection;
  /** Side of the images that are measured, px. */
  readonly resolution: number;
  /** Items at once. */
  readonly batch: number;
  readonly shards: Shards;
  /** Stops after the batch in progress by throwing its reason; what is done stays among the shards. */
  readonly signal?: AbortSignal;
  /** Is told of every batch: how many images it was, and of what was found among the shards. */
  progress(images: number): void;
}

export interface PartResult {
  /** For each variant a table [items, columns]. */
  readonly values: readonly Float64Array[];
  /** For each variant the statistics of every metric of sets. */
  readonly statistics: readonly (readonly SetStatistics[])[];
}

/** Seconds between two savings. */
const SAVE_SECONDS = 15;

/** Measures a part, or the rest of it where an earlier evaluation was interrupted. */
export async function measurePart(part: Part, context: PartContext): Promise<PartResult> {
  const { set, metrics, resolution, batch: size, shards, signal } = context;
  const width = metrics.columns.length;
  const values = part.variants.map(() => new Float64Array(set.items.length * width).fill(Number.NaN));
  const statistics = part.variants.map(() => metrics.start());
  let done = 0;
  const saved = await shards.load(part.name);
  if (saved) {
    done = saved.done;
    for (const [i, table] of saved.values.entries()) values[i].set(table);
    for (const [i, states] of saved.statistics.entries())
      for (const [k, state] of states.entries()) statistics[i][k].restore(state);
    context.progress(done * part.variants.length);
  }
  const save = (): Promise<void> => {
    const state: PartState = {
      done,
      values,
      statistics: statistics.map((all) => all.map((one) => one.state())),
    };
    return shards.save(part.name, state);
  };
  let lastSave = performance.now();
  while (done < set.items.length) {
    const items = set.items.slice(done, done + size);
    const batch = await readItems(set, items, part.degradation, part.takesColour ?? false);
    const known = atResolution(batch, resolution);
    // One tensor for all variants: metrics keep what they have computed of the photos.
    const truth = unit(known.truth);
    for (const [i, variant] of part.variants.entries()) {
      const result = await fill(variant, batch, known, set);
      if (part.measured) values[i].set(await metrics.measure({ ...known, truth, result }), done * width);
      for (const sums of statistics[i]) await sums.add(result);
      result.dispose();
      context.progress(items.length);
    }
    truth.dispose();
    tf.dispose([{ ...known }, { ...batch }]);
    done += items.length;
    const ended = signal?.aborted || done === set.items.length;
    if (ended || performance.now() - lastSave > 1000 * SAVE_SECONDS) {
      await save();
      lastSave = performance.now();
    }
    signal?.throwIfAborted();
  }
  return { values, statistics };
}

/** Results [n,r,r,3] in [0, 1], with the photo outside the hole if the suite says so. */
async function fill(
  variant: Variant,
  batch: ItemBatch,
  { truth, hole }: AtResolution,
  { suite }: EvaluationSet,
): Promise<Tensor4D> {
  const { finite, result } = tf.tidy(() => {
    const raw = variant.fill(batch);
    const clipped: Tensor4D = tf.clipByValue(raw, -1, 1);
    const blended = suite.blend ? blend(clipped, truth, hole) : clipped;
    return { finite: tf.all(tf.isFinite(raw)), result: unit(blended) };
  });
  const [sound] = await finite.data();
  finite.dispose();
  if (sound) return result;
  result.dispose();
  throw new UserError('A method makes images that are no numbers.', {
    where: variant.label,
    expected: 'finite values',
    got: 'NaN or infinite ones, as a training that has come apart leaves them',
    fix: 'evaluate an earlier checkpoint of the run',
  });
}
