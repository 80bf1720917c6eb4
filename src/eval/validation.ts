/** How well a training does, measured on a few held-out samples while it runs. */
import type { RunConfig } from '../config/run-config.ts';
import type { Method } from '../core/method.ts';
import { heldOutBatch } from '../data/held-out.ts';
import type { Batch, PreparedSample } from '../data/types.ts';
import { tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { atResolution, blend, unit } from './at-resolution.ts';
import { type Criterion, openValidationMetrics } from './criterion.ts';
import type { MetricCollection } from './metrics/collection.ts';
import type { MetricBatch } from './metrics/metric.ts';

/** The middle of l: neither the easiest nor the roughest sketches. */
const LEVEL = 0.5;
/** Samples at once, so that it needs less memory than training does. */
const BATCH = 4;

/** Means by metric and region, for example `l1/hole`. */
export type Measurements = Readonly<Record<string, number>>;

export class Validation {
  readonly criterion: Criterion;
  readonly #batches: readonly Batch[];
  readonly #metrics: MetricCollection;

  private constructor(batches: readonly Batch[], metrics: MetricCollection, criterion: Criterion) {
    this.#batches = batches;
    this.#metrics = metrics;
    this.criterion = criterion;
  }

  /**
   * Reads samples, which stay in memory. Those that cannot be read are left out, with a warning.
   *
   * @throws UserError as {@link openValidationMetrics}, and when a metric of sets needs more samples.
   */
  static async read(
    config: RunConfig,
    samples: readonly PreparedSample[],
    reporter: Reporter,
  ): Promise<Validation> {
    const { metrics, criterion } = await openValidationMetrics(config, reporter);
    if (samples.length > 0) metrics.requireImages(samples.length, 'output.validationMetrics');
    const batches: Batch[] = [];
    for (let start = 0; start < samples.length; start += BATCH) {
      const batch = await heldOutBatch(config, samples.slice(start, start + BATCH), reporter);
      if (batch) batches.push(batch);
    }
    return new Validation(batches, metrics, criterion);
  }

  /**
   * Means over the samples, their holes filled by what the method has been trained to do so far at l = 0.5 (see
   * {@link Method.fill}), the photo around them. Comparable within a stage. Undefined where there is nothing to measure,
   * and of images that are no numbers.
   */
  async measure(method: Method): Promise<Measurements | undefined> {
    const { columns, setMetrics } = this.#metrics;
    const values: number[][] = columns.map(() => []);
    const [results, photos] = [this.#metrics.start(), this.#metrics.start()];
    for (const batch of this.#batches) {
      const filled = await fill(method, batch);
      if (!filled) return undefined;
      const table = await this.#metrics.measure(filled);
      for (const [i, value] of table.entries()) values[i % columns.length].push(value);
      for (const statistics of results) await statistics.add(filled.result);
      for (const statistics of photos) await statistics.add(filled.truth);
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

/** A batch filled, as metrics take it; undefined when not all of it is numbers. */
async function fill(method: Method, batch: Batch): Promise<MetricBatch | undefined> {
  const { finite, filled } = tf.tidy(() => {
    const image = method.fill(batch, LEVEL);
    const known = atResolution({ ...batch, trueSketch: batch.sketch }, image.shape[1]);
    const { truth, hole } = known;
    const result = blend(tf.clipByValue(image, -1, 1), truth, hole);
    return {
      finite: tf.all(tf.isFinite(image)),
      filled: { ...known, truth: unit(truth), result: unit(result) },
    };
  });
  const [sound] = await finite.data();
  finite.dispose();
  if (sound) return filled;
  tf.dispose({ ...filled });
  return undefined;
}
