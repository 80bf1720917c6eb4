/**
 * Runs a suite. Every checkpoint fills every hole, from every sketch and at every l if its method uses sketches and l. It
 * does so in passes over the set: a pass is one method on sketches of one d, at every l at once.
 */
import { valuesOfL } from '../core/method.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { EvaluatedCheckpoint } from './checkpoints.ts';
import { atResolution, clipAndBlendFinite, meanColour, type References, toUnitRange } from './images.ts';
import type { MetricCollection } from './metrics/collection.ts';
import type { SetStatistics } from './metrics/metric.ts';
import type { Shards } from './shards.ts';
import { type EvaluationSet, type ItemBatch, readItems } from './suite/set.ts';

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

type MethodPass = Pass & { readonly method: EvaluatedMethod };

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

/** Measures everything. A larger set needs more memory for the measured values only. */
export async function evaluateCheckpoints(options: EvaluateOptions): Promise<EvaluationResult[]> {
  const { set, checkpoints, metrics, reporter } = options;
  const { resolution } = checkpoints[0].predictor;
  const passes = [
    meanColourPass(resolution),
    ...checkpoints.flatMap((checkpoint) => passesOf(checkpoint, set)),
  ];
  const comparesSets = metrics.setMetrics.length > 0;
  const candidates = passes.reduce((sum, pass) => sum + pass.candidates.length, comparesSets ? 1 : 0);
  const task = reporter.task('Evaluating', candidates * set.items.length, 'images');
  let done = 0;
  const advance = (images: number) => {
    done += images;
    task.update(done);
  };
  const results: EvaluationResult[] = [];
  try {
    const photos = comparesSets
      ? (await runPass(photosPass(resolution), options, advance)).statistics[0]
      : [];
    for (const pass of passes) {
      const { method, degradation } = pass;
      const { values, statistics } = await runPass(pass, options, advance);
      for (const [i, { l }] of pass.candidates.entries()) {
        const distances = metrics.distances(statistics[i], photos);
        results.push({ method, degradation, l, values: values[i], distances });
      }
    }
  } finally {
    task.finish();
  }
  return results;
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

function meanColourPass(resolution: number): MethodPass {
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

function passesOf(checkpoint: EvaluatedCheckpoint, { suite }: EvaluationSet): MethodPass[] {
  const { predictor, label, sha256 } = checkpoint;
  const name = sha256.slice(0, 16);
  const passes: MethodPass[] = [];
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

/** What was measured in a pass: for each candidate a table [items, columns], and the statistics of each metric of sets. */
interface PassValues {
  readonly values: readonly Float64Array[];
  readonly statistics: readonly (readonly SetStatistics[])[];
}

/**
 * Runs a pass, or the rest of it if an earlier evaluation was interrupted.
 *
 * @param advance is called with the number of images that are done since the last call.
 */
async function runPass(
  { name, method, degradation, candidates }: Pass,
  { set, metrics, checkpoints, batch: size, shards, signal }: EvaluateOptions,
  advance: (images: number) => void,
): Promise<PassValues> {
  const width = metrics.columns.length;
  const values = candidates.map(() => new Float64Array(set.items.length * width).fill(Number.NaN));
  const statistics = candidates.map(() => metrics.start());
  let done = 0;
  const saved = await shards.load(name);
  if (saved) {
    done = saved.done;
    for (const [i, table] of saved.values.entries()) values[i].set(table);
    for (const [i, states] of saved.statistics.entries())
      for (const [k, state] of states.entries()) statistics[i][k].restore(state);
    advance(done * candidates.length);
  }
  const takesColour = method?.checkpoint?.predictor.controls.includes('colour') ?? false;
  let lastSave = performance.now();
  while (done < set.items.length) {
    const items = set.items.slice(done, done + size);
    const batch = await readItems(set, items, degradation ?? 0, takesColour);
    const references = atResolution(batch, checkpoints[0].predictor.resolution);
    // One tensor for all candidates: metrics keep what they compute of the photos as long as it is the same.
    const truth = toUnitRange(references.truth);
    for (const [i, candidate] of candidates.entries()) {
      const result = await resultOf(candidate, batch, references, set);
      if (method) values[i].set(await metrics.measure({ ...references, truth, result }), done * width);
      for (const sums of statistics[i]) await sums.add(result);
      result.dispose();
      advance(items.length);
    }
    truth.dispose();
    tf.dispose([{ ...references }, { ...batch }]);
    done += items.length;
    const ends = signal?.aborted || done === set.items.length;
    if (ends || performance.now() - lastSave > 1000 * SAVE_SECONDS) {
      const states = statistics.map((all) => all.map((one) => one.state()));
      await shards.save(name, { done, values, statistics: states });
      lastSave = performance.now();
    }
    signal?.throwIfAborted();
  }
  return { values, statistics };
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
