/** Measures a few held-out samples while a training runs, which also tells its best checkpoint. */
import type { RunConfig } from '../config/run-config.ts';
import type { Method } from '../core/method.ts';
import { heldOutBatch } from '../data/held-out.ts';
import type { Batch, PreparedSample } from '../data/types.ts';
import { tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { atResolution, clipAndBlendFinite, toUnitRange } from './images.ts';
import { MetricCollection } from './metrics/collection.ts';
import type { Better, MetricBatch } from './metrics/metric.ts';

/** Where `train` looks for the weights that metrics need. It is the default of `evaluate`, too. */
const WEIGHTS_FOLDER = 'weights';
/** The middle of l: neither the easiest sketches nor the roughest. */
const L = 0.5;
/** Samples at once. Few, so that measuring needs less memory than training. */
const BATCH = 4;

/** By what checkpoints are compared. */
export interface Criterion {
  /** A key of a checkpoint's measurements, for example `l1/hole`. */
  readonly key: string;
  /** For people, for example `L1`. */
  readonly title: string;
  readonly better: Better;
}

/** What is measured while a training runs. Whoever opened it disposes of the metrics. */
export interface ValidationMetrics {
  readonly metrics: MetricCollection;
  readonly criterion: Criterion;
}

/**
 * Loads the metrics of `output.validationMetrics`, and that of `output.bestBy`.
 *
 * @throws UserError when a metric or its region is not known, or the weights of one are missing.
 */
export async function openValidationMetrics(
  config: RunConfig,
  reporter: Reporter,
): Promise<ValidationMetrics> {
  const { validationMetrics, bestBy } = config.output;
  const names = [...new Set([...validationMetrics, bestBy.metric])];
  const context = { weights: WEIGHTS_FOLDER, reporter, edges: config.data.edges };
  const metrics = await MetricCollection.create(names, context, false);
  try {
    return { metrics, criterion: criterionOf(metrics, bestBy) };
  } catch (error) {
    metrics.dispose();
    throw error;
  }
}

function criterionOf(
  { sampleMetrics, setMetrics }: MetricCollection,
  { metric: name, region }: RunConfig['output']['bestBy'],
): Criterion {
  const metric = [...sampleMetrics, ...setMetrics].find((one) => one.name === name);
  if (!metric) throw new Error(`The metric ${name} of output.bestBy was not loaded.`);
  const regions: readonly string[] = metric.kind === 'sample' ? metric.regions : ['image'];
  if (!regions.includes(region)) {
    throw new UserError('The best checkpoint cannot be told by this.', {
      where: 'output.bestBy.region',
      expected: `${regions.join(' or ')}, for ${name}`,
      got: region,
    });
  }
  const { title, better } = metric;
  return { key: `${name}/${region}`, title, better };
}

/** Means by metric and region, for example `l1/hole`. */
export type Measurements = Readonly<Record<string, number>>;

export class Validation {
  readonly criterion: Criterion;
  readonly #batches: readonly Batch[];
  readonly #metrics: MetricCollection;

  private constructor(batches: readonly Batch[], { metrics, criterion }: ValidationMetrics) {
    this.#batches = batches;
    this.#metrics = metrics;
    this.criterion = criterion;
  }

  /**
   * Reads samples, which stay in memory. Those that cannot be read are left out, with a warning.
   *
   * @param opened the metrics, if they are loaded already; the validation then disposes of them.
   * @throws UserError as {@link openValidationMetrics}, and when a metric of sets needs more samples.
   */
  static async read(
    config: RunConfig,
    samples: readonly PreparedSample[],
    reporter: Reporter,
    opened?: ValidationMetrics,
  ): Promise<Validation> {
    const validationMetrics = opened ?? (await openValidationMetrics(config, reporter));
    if (samples.length > 0) {
      validationMetrics.metrics.requireImages(samples.length, 'output.validationMetrics');
    }
    const batches: Batch[] = [];
    for (let start = 0; start < samples.length; start += BATCH) {
      const batch = await heldOutBatch(config, samples.slice(start, start + BATCH), reporter);
      if (batch) batches.push(batch);
    }
    return new Validation(batches, validationMetrics);
  }

  /**
   * Fills the samples' holes with what the method has been trained to do so far (see {@link Method.fill}), at l = 0.5, and
   * returns the means over the samples. They compare within a stage alone. Undefined if there is nothing to measure, and
   * if some image holds values that are not finite.
   */
  async measure(method: Pick<Method, 'fill'>): Promise<Measurements | undefined> {
    const { columns, setMetrics } = this.#metrics;
    const values: number[][] = columns.map(() => []);
    const [results, photos] = [this.#metrics.start(), this.#metrics.start()];
    for (const batch of this.#batches) {
      const filled = await fill(method, batch);
      if (!filled) return undefined;
      const table = await this.#metrics.measure(filled);
      for (const [i, value] of table.entries()) values[i % columns.length].push(value);
      for (const [i, metric] of setMetrics.entries()) {
        results[i].add(await metric.features(filled.result));
        photos[i].add(await metric.features(filled.truth));
      }
      tf.dispose({ ...filled });
    }
    const means: Record<string, number> = {};
    for (const [i, { metric, region }] of columns.entries()) {
      const known = values[i].filter((value) => !Number.isNaN(value));
      const sum = known.reduce((total, value) => total + value, 0);
      if (known.length > 0) means[`${metric.name}/${region}`] = sum / known.length;
    }
    for (const [i, metric] of setMetrics.entries()) {
      if (photos[i].count >= metric.minimum)
        means[`${metric.name}/image`] = metric.compare(results[i], photos[i]);
    }
    return Object.keys(means).length > 0 ? means : undefined;
  }

  dispose(): void {
    this.#metrics.dispose();
    for (const batch of this.#batches) tf.dispose({ ...batch });
  }
}

/** A filled batch, as metrics take it; undefined if some image holds values that are not finite. */
async function fill(method: Pick<Method, 'fill'>, batch: Batch): Promise<MetricBatch | undefined> {
  const image = tf.tidy(() => method.fill(batch, L));
  const references = atResolution({ ...batch, trueSketch: batch.sketch }, image.shape[1]);
  const result = await clipAndBlendFinite(image, references);
  image.dispose();
  const filled = result && { ...references, truth: toUnitRange(references.truth), result };
  // The result has a truth of its own, in [0, 1].
  if (filled) references.truth.dispose();
  else tf.dispose({ ...references });
  return filled;
}
