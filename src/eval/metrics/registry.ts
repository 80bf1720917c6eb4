/** The one place that lists the metrics. */
import { similarWord } from '../../config/explain.ts';
import { UserError } from '../../runtime/errors.ts';
import type { MetricContext } from './context.ts';
import { createL1 } from './l1.ts';
import type { Metric } from './metric.ts';
import { createPsnr } from './psnr.ts';
import { createSsim } from './ssim.ts';

export type { MetricContext };

const creators: Readonly<Record<string, (context: MetricContext) => Metric | Promise<Metric>>> = {
  l1: createL1,
  psnr: createPsnr,
  ssim: createSsim,
};

/** Every metric by the name that configurations and reports use, in the order in which reports show them. */
export const metricNames: readonly string[] = Object.keys(creators);

/**
 * Makes a metric ready to measure; dispose of it when done.
 *
 * @throws UserError for a name that no metric has, and when files that it needs are missing or damaged.
 */
export async function createMetric(name: string, context: MetricContext): Promise<Metric> {
  const create = Object.hasOwn(creators, name) ? creators[name] : undefined;
  if (create) return create(context);
  const similar = similarWord(name, metricNames);
  throw new UserError(`Unknown metric: ${name}`, {
    expected: `one of ${metricNames.join(', ')}`,
    fix: similar ? `did you mean \`${similar}\`?` : undefined,
  });
}
