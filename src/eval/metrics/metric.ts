/** What a metric is. `registry.ts` lists them by name. */
import type { RunConfig } from '../../config/run-config.ts';
import type { Tensor4D } from '../../ops/tf.ts';
import type { Reporter } from '../../runtime/progress.ts';

/** A batch of n results with what they are measured against, NHWC, all of side s. */
export interface MetricBatch {
  /**
   * The photos [n,s,s,3] in [0, 1]. Metrics keep what they compute of a tensor of photos, and use it again as long as
   * they are given that same tensor object.
   */
  readonly truth: Tensor4D;
  /** The results [n,s,s,3] in [0, 1]. */
  readonly result: Tensor4D;
  /** [n,s,s,1], 1 = hole. */
  readonly hole: Tensor4D;
  /** The sketch that the method was given [n,s,s,1] in [-1, 1], -1 = line, before any smoothing or dilation by l. */
  readonly sketch: Tensor4D;
  /** The photo's own sketch, of which `sketch` is a degraded form. Shape and values as those of `sketch`. */
  readonly trueSketch: Tensor4D;
}

/** Where a metric is taken: inside the hole, or over the whole image. */
export type Region = 'image' | 'hole';

/** Which values are good. `zero`: a signed difference, of which neither side is better. */
export const BETTER = ['higher', 'lower', 'zero'] as const;
export type Better = (typeof BETTER)[number];

/** A value as a number that is higher the better the value is. */
export const goodness = (better: Better, value: number): number =>
  better === 'higher' ? value : better === 'lower' ? -value : -Math.abs(value);

/** Whether a value is better than another. */
export const isBetter = (better: Better, a: number, b: number): boolean =>
  goodness(better, a) > goodness(better, b);

/** For a reader: `higher is better`. */
export const wordsFor = (better: Better): string =>
  better === 'zero' ? 'the nearer to 0 the better' : `${better} is better`;

interface MetricHead {
  /** As in reports and configs, for example `psnr`. */
  readonly name: string;
  /** For people, for example `PSNR`. */
  readonly title: string;
  /** For example `dB`; empty where the metric has no unit. */
  readonly unit: string;
  readonly better: Better;
  /** One sentence: the definition and its source. */
  readonly definition: string;
}

/** A metric with a value for each sample. */
export interface SampleMetric extends MetricHead {
  readonly kind: 'sample';
  /** Where it can be measured: on the whole image, inside the hole, or on both. */
  readonly regions: readonly Region[];
  /** A value for each sample, by region; NaN where a sample has none (an image without a hole, no face found). */
  measure(batch: MetricBatch): Promise<Partial<Record<Region, Float64Array>>>;
  /** Frees what it loaded. */
  dispose(): void;
}

/** A metric of whole sets: it compares the distribution of the results' features with that of the photos'. */
export interface SetMetric extends MetricHead {
  readonly kind: 'set';
  /** The least number of images that it is defined for. */
  readonly minimum: number;
  /** What it sees of images [n,s,s,3] in [0, 1]: features, row-major [n,d]. */
  features(images: Tensor4D): Promise<Float32Array>;
  /** Empty statistics of a set. Their size does not grow with the set's. */
  start(): SetStatistics;
  /** The distance of two sets. */
  compare(results: SetStatistics, photos: SetStatistics): number;
  /** Frees what it loaded. */
  dispose(): void;
}

/** What a metric of sets gathers of the images of one set. */
export interface SetStatistics {
  /** Adds the features of n images, row-major [n,d]. What is gathered depends on their order, not on how many come at once. */
  add(features: Float32Array): void;
  readonly count: number;
  /** Everything that `restore` needs, to be kept on disk while an evaluation is interrupted. */
  state(): Record<string, { readonly shape: readonly number[]; readonly data: Float64Array | Float32Array }>;
  /** Goes on from what `state` gave. */
  restore(state: ReturnType<SetStatistics['state']>): void;
}

/** Measured of each result by itself, or of all results together. */
export type Metric = SampleMetric | SetMetric;

/** What a metric is created with. */
export interface MetricContext {
  /** Folder of the user's weight files, for example `weights`. */
  readonly weights: string;
  readonly reporter: Reporter;
  /** How the photos' sketches were drawn (`data.edges` of the run). Those of results are drawn in the same way. */
  readonly edges: RunConfig['data']['edges'];
}
