/**
 * Runs a suite: every checkpoint on every hole, with every sketch and at every l where it takes sketches and has an l,
 * beside two that use neither.
 */
import { valuesOfL } from '../core/method.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { atResolution } from './at-resolution.ts';
import { meanColour } from './mean-colour.ts';
import type { MetricCollection } from './metrics/collection.ts';
import type { SetStatistics } from './metrics/metric.ts';
import { measurePart, type Part, type PartContext, type PartResult } from './part.ts';
import type { Shards } from './shards.ts';
import type { Subject } from './subject.ts';
import type { EvaluationSet } from './suite/set.ts';

/** A checkpoint; its image generator given the true sketch, which no refinement can better; or a mean colour. */
export type MethodKind = 'checkpoint' | 'true-sketch' | 'mean-colour';

export interface EvaluatedMethod {
  readonly label: string;
  readonly kind: MethodKind;
  /** Of the checkpoint, where there is one. */
  readonly subject?: Subject;
}

/** What was measured of one method at one d and l; those without a sketch or l have none. */
export interface Cell {
  readonly method: EvaluatedMethod;
  readonly degradation?: number | undefined;
  readonly level?: number | undefined;
  /** A table [items, columns of the metrics]. */
  readonly values: Float64Array;
  /** By metric of sets. */
  readonly distances: Readonly<Record<string, number>>;
}

export interface EvaluateOptions {
  readonly set: EvaluationSet;
  readonly subjects: readonly Subject[];
  readonly metrics: MetricCollection;
  /** Items at once. */
  readonly batch: number;
  readonly shards: Shards;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
}

/** A part, and what its variants are. */
interface PlannedPart extends Part {
  readonly cells: readonly Pick<Cell, 'method' | 'degradation' | 'level'>[];
}

/** Measures everything; memory is bounded by the numbers of l and metrics, but for one number a value. */
export async function evaluate(options: EvaluateOptions): Promise<Cell[]> {
  const { set, subjects, metrics, reporter } = options;
  const resolution = subjects[0].predictor.resolution;
  const photos = metrics.setMetrics.length > 0 ? [photosPart(resolution)] : [];
  const parts = [meanColourPart(resolution), ...subjects.flatMap((subject) => partsOf(subject, set))];
  const images = [...photos, ...parts].reduce((sum, { variants }) => sum + variants.length, 0);
  const task = reporter.task('Evaluating', images * set.items.length, 'images');
  let done = 0;
  const context: PartContext = {
    ...options,
    resolution,
    progress: (count) => {
      done += count;
      task.update(done);
    },
  };
  const cells: Cell[] = [];
  try {
    const real = photos[0] && (await measurePart(photos[0], context)).statistics[0];
    for (const part of parts) {
      const result = await measurePart(part, context);
      cells.push(...part.cells.map((cell, i) => ({ ...cell, ...outcome(metrics, result, i, real) })));
    }
  } finally {
    task.finish();
  }
  return cells;
}

function outcome(
  { setMetrics }: MetricCollection,
  { values, statistics }: PartResult,
  variant: number,
  real: readonly SetStatistics[] | undefined,
): Pick<Cell, 'values' | 'distances'> {
  const distances = setMetrics.map((metric, k) => [
    metric.name,
    metric.compare(statistics[variant][k], real![k]),
  ]);
  return { values: values[variant], distances: Object.fromEntries(distances) };
}

/** The photos themselves: what sets of results are compared with. */
function photosPart(resolution: number): Part {
  const fill: Part['variants'][number]['fill'] = (batch) => atResolution(batch, resolution).truth;
  return { name: 'photos', degradation: 0, measured: false, variants: [{ label: 'the photos', fill }] };
}

function meanColourPart(resolution: number): PlannedPart {
  const method: EvaluatedMethod = { label: 'Mean colour', kind: 'mean-colour' };
  return {
    name: 'mean-colour',
    degradation: 0,
    measured: true,
    variants: [
      {
        label: 'the mean colour',
        fill: (batch) => {
          const { truth, hole } = atResolution(batch, resolution);
          return meanColour(truth, hole);
        },
      },
    ],
    cells: [{ method }],
  };
}

function partsOf(subject: Subject, { suite }: EvaluationSet): PlannedPart[] {
  const { predictor, label, sha256 } = subject;
  const name = sha256.slice(0, 16);
  const parts: PlannedPart[] = [];
  if (predictor.predictFromTrueSketch) {
    const fill = (batch: Parameters<Part['variants'][number]['fill']>[0]): Tensor4D =>
      predictor.predictFromTrueSketch!({ ...batch, sketch: batch.trueSketch });
    const method: EvaluatedMethod = { label: `${label}: F, true sketch`, kind: 'true-sketch', subject };
    const variants = [{ label: method.label, fill }];
    parts.push({
      name: `${name}-true-sketch`,
      degradation: 0,
      measured: true,
      variants,
      cells: [{ method }],
    });
  }
  const method: EvaluatedMethod = { label, kind: 'checkpoint', subject };
  const levels = valuesOfL(predictor, suite.levels);
  const sketches = predictor.controls.includes('sketch') ? suite.sketches.degradations : [undefined];
  for (const degradation of sketches) {
    parts.push({
      name: `${name}-${degradation === undefined ? 'no-sketch' : `d${degradation}`}`,
      degradation: degradation ?? 0,
      takesColour: predictor.controls.includes('colour'),
      measured: true,
      variants: levels.map((level) => ({
        label: level === undefined ? label : `${label} at l = ${level}`,
        fill: (batch) => tf.tidy(() => predictor.predict({ ...batch, l: level }).result),
      })),
      cells: levels.map((level) => ({ method, degradation, level })),
    });
  }
  return parts;
}
