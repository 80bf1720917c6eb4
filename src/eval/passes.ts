/**
 * Runs a suite. Every checkpoint fills every hole, from every sketch and at every l if its method uses sketches and l. It
 * does so in passes over the set: a pass is one method on sketches of one d, at every l at once.
 */
import { valuesOfL } from '../core/method.ts';
import { workerCount } from '../ops/collectives.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { EvaluatedCheckpoint } from './checkpoints.ts';
import { atResolution, clipAndBlendFinite, meanColour, type References, toUnitRange } from './images.ts';
import type { MetricCollection } from './metrics/collection.ts';
import { KeptFeatures } from './metrics/kept-features.ts';
import type { SetStatistics } from './metrics/metric.ts';
import type { Shards } from './shards.ts';
import { type EvaluationSet, type Item, type ItemBatch, readItems } from './suite/set.ts';

/** A checkpoint; its image generator given the true sketch, an upper bound of what refinement can reach; or a mean colour. */
type MethodKind = 'checkpoint' | 'true-sketch' | 'mean-colour';

export interface EvaluatedMethod {
  readonly label: string;
  readonly kind: MethodKind;
  readonly checkpoint?: EvaluatedCheckpoint;
}

/** What was measured of one method at one d and one l, which are undefined if the method does not use them. */
export interface EvaluationResult {
  readonly method: EvaluatedMethod;
  readonly degradation: number | undefined;
  readonly l: number | undefined;
  /** A table [items, columns of the metrics], row by row. */
  readonly values: Float64Array;
  /** The distances of the results from the photos, by metric of sets. */
  readonly distances: Readonly<Record<string, number>>;
}

export interface EvaluateOptions {
  readonly set: EvaluationSet;
  readonly checkpoints: readonly EvaluatedCheckpoint[];
  readonly metrics: MetricCollection;
  /** Items at once. */
  readonly batch: number;
  readonly shards: Shards;
  readonly reporter: Reporter;
  /** Stops after the batch in progress by throwing its reason. What is done by then stays among the shards. */
  readonly signal?: AbortSignal | undefined;
}

/** One method (or the photos themselves) on sketches of one d. */
interface Pass {
  /** Name of its shard. */
  readonly name: string;
  /** Undefined for the photos themselves, of which only the statistics of sets are wanted. */
  readonly method: EvaluatedMethod | undefined;
  readonly degradation: number | undefined;
  readonly candidates: readonly Candidate[];
}

/** One way to fill the holes: the pass's method at one l. */
interface Candidate {
  /** For messages, for example `00001-quickstart at l = 0.5`. */
  readonly label: string;
  readonly l: number | undefined;
  /** Filled images [n,r,r,3] in [-1, 1], r being the resolution of the evaluation. It runs inside a tidy. */
  fill(batch: ItemBatch): Tensor4D;
}

/** Seconds after which a pass in progress is saved. */
const SAVE_SECONDS = 15;

/**
 * Measures everything, or puts together what several workers have measured by {@link measureShare}. A larger set needs more
 * memory for the measured values only.
 */
export async function evaluateCheckpoints(options: EvaluateOptions): Promise<EvaluationResult[]> {
  const { set, metrics } = options;
  const results: EvaluationResult[] = [];
  let photos: readonly SetStatistics[] = [];
  await eachPass(options, set.items.length, async (pass, advance) => {
    const { method, degradation, candidates } = pass;
    const statistics = candidates.map(() => metrics.start());
    const values =
      workerCount() === 1
        ? await measureItems(pass, options, { items: set.items, shard: pass.name, statistics, advance })
        : await joinShares(pass, options, { statistics, advance });
    if (!method) photos = statistics[0];
    else
      for (const [i, { l }] of candidates.entries()) {
        const distances = metrics.distances(statistics[i], photos);
        results.push({ method, degradation, l, values: values[i], distances });
      }
  });
  return results;
}

/** Measures one worker's share of every pass, and leaves it among the shards. @throws as {@link evaluateCheckpoints}. */
export async function measureShare(options: EvaluateOptions, rank: number): Promise<void> {
  const { set, metrics } = options;
  const { from, to, suffix } = shareOf(options, rank);
  const items = set.items.slice(from, to);
  await eachPass(options, items.length, async (pass, advance) => {
    // What a set comes to depends on the order of its images, to the last digits.
    const statistics = pass.candidates.map(() => metrics.setMetrics.map(() => new KeptFeatures()));
    await measureItems(pass, options, { items, shard: pass.name + suffix, statistics, advance });
  });
}

/** Takes one pass after the other. `measure` tells by `advance` how many more images are done. */
async function eachPass(
  { set, checkpoints, metrics, reporter }: EvaluateOptions,
  items: number,
  measure: (pass: Pass, advance: (images: number) => void) => Promise<void>,
): Promise<void> {
  const { resolution } = checkpoints[0].predictor;
  const passes = [
    ...(metrics.setMetrics.length > 0 ? [photosPass(resolution)] : []),
    meanColourPass(resolution),
    ...checkpoints.flatMap((checkpoint) => passesOf(checkpoint, set)),
  ];
  const candidates = passes.reduce((sum, pass) => sum + pass.candidates.length, 0);
  const task = reporter.task('Evaluating', candidates * items, 'images');
  let done = 0;
  const advance = (images: number) => {
    done += images;
    task.update(done);
  };
  try {
    for (const pass of passes) await measure(pass, advance);
  } finally {
    task.finish();
  }
}

/** The photos themselves: the sets of results are compared with them. */
function photosPass(resolution: number): Pass {
  const fill = (batch: ItemBatch) => atResolution(batch, resolution).truth;
  return {
    name: 'photos',
    method: undefined,
    degradation: undefined,
    candidates: [{ label: 'the photos', l: undefined, fill }],
  };
}

function meanColourPass(resolution: number): Pass {
  const fill = (batch: ItemBatch) => {
    const { truth, hole } = atResolution(batch, resolution);
    return meanColour(truth, hole);
  };
  return {
    name: 'mean-colour',
    method: { label: 'Mean colour', kind: 'mean-colour' },
    degradation: undefined,
    candidates: [{ label: 'the mean colour', l: undefined, fill }],
  };
}

function passesOf(checkpoint: EvaluatedCheckpoint, { suite }: EvaluationSet): Pass[] {
  const { predictor, label, sha256 } = checkpoint;
  const name = sha256.slice(0, 16);
  const passes: Pass[] = [];
  const { upperBound } = predictor;
  if (upperBound) {
    const method: EvaluatedMethod = {
      label: `${label}: ${upperBound.label}`,
      kind: 'true-sketch',
      checkpoint,
    };
    passes.push({
      name: `${name}-true-sketch`,
      method,
      degradation: undefined,
      candidates: [
        {
          label: method.label,
          l: undefined,
          fill: (batch) => upperBound.predict({ ...batch, sketch: batch.trueSketch }),
        },
      ],
    });
  }
  const method: EvaluatedMethod = { label, kind: 'checkpoint', checkpoint };
  const usesSketch = predictor.controls.includes('sketch');
  for (const degradation of usesSketch ? suite.sketches.degradations : [undefined]) {
    passes.push({
      name: `${name}-${degradation === undefined ? 'no-sketch' : `d${degradation}`}`,
      method,
      degradation,
      candidates: valuesOfL(predictor, suite.l).map((l) => ({
        label: l === undefined ? label : `${label} at l = ${l}`,
        l,
        fill: (batch) => tf.tidy(() => predictor.predict({ ...batch, l }).result),
      })),
    });
  }
  return passes;
}

interface Measuring {
  readonly items: readonly Item[];
  /** The name under which it is saved. */
  readonly shard: string;
  /** What gathers the features of images, by candidate and metric of sets. */
  readonly statistics: readonly (readonly Gathering[])[];
  /** Is called with the number of images that are done since the last call. */
  readonly advance: (images: number) => void;
}

type Gathering = Pick<SetStatistics, 'add' | 'state' | 'restore'>;

/** Runs a pass, or the rest of it if an earlier evaluation was interrupted. Returns for each candidate a table [items, columns]. */
async function measureItems(
  { method, degradation, candidates }: Pass,
  { set, metrics, checkpoints, batch: size, shards, signal }: EvaluateOptions,
  { items: all, shard, statistics, advance }: Measuring,
): Promise<Float64Array[]> {
  const width = metrics.columns.length;
  const values = candidates.map(() => new Float64Array(all.length * width).fill(Number.NaN));
  let done = 0;
  const saved = await shards.load(shard);
  if (saved) {
    done = saved.done;
    for (const [i, table] of saved.values.entries()) values[i].set(table);
    for (const [i, states] of saved.statistics.entries())
      for (const [k, state] of states.entries()) statistics[i][k].restore(state);
    advance(done * candidates.length);
  }
  const takesColour = method?.checkpoint?.predictor.controls.includes('colour') ?? false;
  let lastSave = performance.now();
  while (done < all.length) {
    const items = all.slice(done, done + size);
    const batch = await readItems(set, items, degradation ?? 0, takesColour);
    const references = atResolution(batch, checkpoints[0].predictor.resolution);
    // One tensor for all candidates: metrics keep what they compute of the photos as long as it is the same.
    const truth = toUnitRange(references.truth);
    for (const [i, candidate] of candidates.entries()) {
      const result = await resultOf(candidate, batch, references, set);
      if (method) values[i].set(await metrics.measure({ ...references, truth, result }), done * width);
      for (const [k, metric] of metrics.setMetrics.entries())
        statistics[i][k].add(await metric.features(result));
      result.dispose();
      advance(items.length);
    }
    truth.dispose();
    tf.dispose([{ ...references }, { ...batch }]);
    done += items.length;
    const ends = signal?.aborted || done === all.length;
    if (ends || performance.now() - lastSave > 1000 * SAVE_SECONDS) {
      const states = statistics.map((sets) => sets.map((one) => one.state()));
      await shards.save(shard, { done, values, statistics: states });
      lastSave = performance.now();
    }
    signal?.throwIfAborted();
  }
  return values;
}

/** The items that a worker measures, and what follows the pass in the names of its shards. */
function shareOf({ set, batch }: EvaluateOptions, rank: number) {
  const workers = workerCount();
  const batches = Math.ceil(set.items.length / batch);
  // Whole batches: in one of another size the last digits of results may be others.
  const [from, to] = [rank, rank + 1].map((part) =>
    Math.min(set.items.length, batch * Math.floor((part * batches) / workers)),
  );
  return { from, to, suffix: `-worker-${rank}-of-${workers}-batch-${batch}` };
}

/** As {@link measureItems}, of all items, from the shares of all workers, which are done. */
async function joinShares(
  { name, candidates }: Pass,
  options: EvaluateOptions,
  { statistics, advance }: Pick<Measuring, 'statistics' | 'advance'>,
): Promise<Float64Array[]> {
  const { set, metrics, shards } = options;
  const width = metrics.columns.length;
  const values = candidates.map(() => new Float64Array(set.items.length * width));
  for (let rank = 0; rank < workerCount(); rank++) {
    const { from, to, suffix } = shareOf(options, rank);
    if (from === to) continue;
    const share = await shards.load(name + suffix);
    if (share?.done !== to - from)
      throw new UserError('What another worker has measured is not there.', {
        where: `${shards.pathOf(name + suffix)}, by worker ${rank}`,
        expected: `its measurements of images ${from + 1} to ${to}`,
        got: share ? `${share.done} of them` : 'no such file, or a damaged one',
        fix: 'let --out be a folder on a disk that all workers share, and start all of them again',
      });
    for (const [i, table] of share.values.entries()) values[i].set(table, from * width);
    for (const [i, states] of share.statistics.entries())
      for (const [k, state] of states.entries()) statistics[i][k].add(KeptFeatures.of(state));
    advance((to - from) * candidates.length);
  }
  return values;
}

/** Filled images [n,r,r,3] in [0, 1], with the photo outside the hole if the suite says so. */
async function resultOf(
  { label, fill }: Candidate,
  batch: ItemBatch,
  references: References,
  { suite }: EvaluationSet,
): Promise<Tensor4D> {
  const image = tf.tidy(() => fill(batch));
  const result = await clipAndBlendFinite(image, references, suite.blend);
  image.dispose();
  if (result) return result;
  throw new UserError('A method makes images with values that are not finite.', {
    where: label,
    expected: 'finite values',
    got: 'NaN or infinite ones, which a training leaves that has diverged',
    fix: 'evaluate an earlier checkpoint of the run',
  });
}
