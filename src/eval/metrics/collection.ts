/** Several metrics that are measured together. Their values are a table: a row for each image, a column for each metric and region. */
import { UserError } from '../../runtime/errors.ts';
import type { MetricBatch, MetricContext, Region, SampleMetric, SetMetric, SetStatistics } from './metric.ts';
import { createMetric } from './registry.ts';

/** A metric measured on a region. */
export interface Column {
  readonly metric: SampleMetric;
  readonly region: Region;
}

export class MetricCollection {
  readonly sampleMetrics: readonly SampleMetric[];
  readonly setMetrics: readonly SetMetric[];
  readonly columns: readonly Column[];

  /** @param allHole says that the hole is the whole image, as in synthesis: then metrics of both regions are measured once. */
  constructor(metrics: readonly (SampleMetric | SetMetric)[], allHole = false) {
    this.sampleMetrics = metrics.filter((metric) => metric.kind === 'sample');
    this.setMetrics = metrics.filter((metric) => metric.kind === 'set');
    this.columns = this.sampleMetrics.flatMap((metric) =>
      metric.regions
        .filter((region, _, all) => !allHole || region === 'image' || all.length === 1)
        .map((region) => ({ metric, region })),
    );
  }

  /** @throws UserError for an unknown metric, or one whose files are missing; see {@link createMetric}. */
  static async create(
    names: readonly string[],
    context: MetricContext,
    allHole: boolean,
  ): Promise<MetricCollection> {
    const metrics: (SampleMetric | SetMetric)[] = [];
    try {
      for (const name of names) metrics.push(await createMetric(name, context));
    } catch (error) {
      for (const metric of metrics) metric.dispose();
      throw error;
    }
    return new MetricCollection(metrics, allHole);
  }

  /**
   * Checks that there are enough images for the metrics of sets.
   *
   * @param key the configuration's key that lists the metrics, for the message.
   * @throws UserError when one needs more.
   */
  requireImages(count: number, key = 'metrics'): void {
    for (const { name, minimum } of this.setMetrics) {
      if (count >= minimum) continue;
      throw new UserError('There are too few images for a metric of sets.', {
        where: `${key}: ${name}`,
        expected: `at least ${minimum} images`,
        got: String(count),
        fix: `take more photos, or leave ${name} out`,
      });
    }
  }

  /** Measures a batch: values [n, columns], row by row; NaN where an image has no value. */
  async measure(batch: MetricBatch): Promise<Float64Array> {
    const count = batch.truth.shape[0];
    const table = new Float64Array(count * this.columns.length).fill(Number.NaN);
    for (const metric of this.sampleMetrics) {
      const found = await metric.measure(batch);
      for (const [column, { metric: own, region }] of this.columns.entries()) {
        const values = own === metric ? found[region] : undefined;
        values?.forEach((value, i) => {
          table[i * this.columns.length + column] = value;
        });
      }
    }
    return table;
  }

  /** Empty statistics for each metric of sets. */
  start(): SetStatistics[] {
    return this.setMetrics.map((metric) => metric.start());
  }

  /** By metric of sets, the distance of two sets, whose statistics are in the order of {@link start}. */
  distances(results: readonly SetStatistics[], photos: readonly SetStatistics[]): Record<string, number> {
    return Object.fromEntries(
      this.setMetrics.map((metric, i) => [metric.name, metric.compare(results[i], photos[i])]),
    );
  }

  dispose(): void {
    for (const metric of [...this.sampleMetrics, ...this.setMetrics]) metric.dispose();
  }
}
