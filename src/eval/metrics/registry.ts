/** The one place that lists the metrics. */
import { similarWord } from '../../config/explain.ts';
import { UserError } from '../../runtime/errors.ts';
import { createFid, createHedFrechet } from './frechet.ts';
import { createIdentity } from './identity.ts';
import { createKid } from './kid.ts';
import type { Metric, MetricContext } from './metric.ts';
import { createHedPerceptual, createLpips } from './perceptual.ts';
import { createL1, createLightness, createPsnr } from './pixel-error.ts';
import { createSketchMetric, sketchMetricNames } from './sketch-fidelity.ts';
import { createMsSsim, createSsim } from './ssim.ts';

type Creator = (context: MetricContext) => Metric | Promise<Metric>;

const builtIn: Readonly<Record<string, Creator>> = {
  l1: createL1,
  psnr: createPsnr,
  lightness: createLightness,
  ssim: createSsim,
  'ms-ssim': createMsSsim,
  'lpips-alex': (context) => createLpips('alex', context),
  'lpips-vgg': (context) => createLpips('vgg', context),
  'hed-perceptual': createHedPerceptual,
  ...Object.fromEntries(
    sketchMetricNames.map((name) => [name, (context: MetricContext) => createSketchMetric(name, context)]),
  ),
  identity: createIdentity,
  fid: createFid,
  kid: createKid,
  'hed-frechet': createHedFrechet,
};

/** By the name that configurations and reports use. */
const creators = new Map(Object.entries(builtIn));

export const metricNames = (): string[] => [...creators.keys()];

/** Makes a metric known under a name. Throws when the name is taken. */
export function registerMetric(name: string, create: Creator): void {
  if (creators.has(name)) throw new Error(`There is a metric ${name} already.`);
  creators.set(name, create);
}

/**
 * Makes a metric ready to measure; dispose of it when done.
 *
 * @throws UserError for a name that no metric has, and when files that it needs are missing or damaged.
 */
export async function createMetric(name: string, context: MetricContext): Promise<Metric> {
  const create = creators.get(name);
  if (create) return create(context);
  const similar = similarWord(name, metricNames());
  throw new UserError(`Unknown metric: ${name}`, {
    expected: `one of ${metricNames().join(', ')}`,
    fix: similar ? `did you mean \`${similar}\`?` : undefined,
  });
}
