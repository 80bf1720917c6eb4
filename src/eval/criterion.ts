/** What is measured while a training runs, and by what its best checkpoint is told. */
import type { RunConfig } from '../config/run-config.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { MetricCollection } from './metrics/collection.ts';

/** Where `train` looks for weights of metrics, as `evaluate` does unless told otherwise. */
const WEIGHTS_FOLDER = 'weights';

/** By what checkpoints are compared. */
export interface Criterion {
  /** Of the measurements of a checkpoint, for example `l1/hole`. */
  readonly key: string;
  /** For a person, for example `L1`. */
  readonly title: string;
  readonly better: 'higher' | 'lower';
}

/**
 * The metrics of `output.validationMetrics` and the one of `output.bestBy`.
 *
 * @throws UserError when a metric or its region is not known, or weights of one are missing.
 */
export async function openValidationMetrics(
  config: RunConfig,
  reporter: Reporter,
): Promise<{ metrics: MetricCollection; criterion: Criterion }> {
  const { validationMetrics, bestBy } = config.output;
  const names = [...new Set([...validationMetrics, bestBy.metric])];
  const context = { weights: WEIGHTS_FOLDER, reporter, edges: config.data.edges };
  const metrics = await MetricCollection.create(names, context, false);
  const { columns, setMetrics } = metrics;
  const metric = [...columns.map((column) => column.metric), ...setMetrics].find(
    ({ name }) => name === bestBy.metric,
  )!;
  const regions = metric.kind === 'sample' ? metric.regions : ['image' as const];
  if (!regions.includes(bestBy.region)) {
    metrics.dispose();
    throw new UserError('The best checkpoint cannot be told by this.', {
      where: 'output.bestBy.region',
      expected: `${regions.join(' or ')}, for ${bestBy.metric}`,
      got: bestBy.region,
    });
  }
  const { title, better } = metric;
  return { metrics, criterion: { key: `${bestBy.metric}/${bestBy.region}`, title, better } };
}

/** Checks what {@link openValidationMetrics} checks, before a training begins. */
export async function checkValidation(config: RunConfig, reporter: Reporter): Promise<void> {
  if (config.output.validationCount === 0) return;
  const { metrics } = await openValidationMetrics(config, reporter);
  metrics.dispose();
}
