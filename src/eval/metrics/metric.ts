/** What a metric is. Each stands in a file of its own; `registry.ts` lists them by name. */
import type { Tensor4D } from '../../ops/tf.ts';

/** Results and what they are measured against, NHWC, one entry a sample; all of one size s. */
export interface MetricBatch {
  /** The photos [n,s,s,3] in [0, 1]. What metrics compute of them they keep while it is the same tensor object. */
  readonly truth: Tensor4D;
  /** The results [n,s,s,3] in [0, 1]. */
  readonly result: Tensor4D;
  /** [n,s,s,1], 1 = hole. */
  readonly hole: Tensor4D;
  /** The sketch that the method was given [n,s,s,1] in [-1, 1], -1 = line, before any smoothing or dilation by l. */
  readonly sketch: Tensor4D;
  /** The photo's own sketch, which the given one is a degraded form of; as `sketch`. */
  readonly trueSketch: Tensor4D;
}

export type Region = 'image' | 'hole';

interface MetricHead {
  /** As in reports and configs, for example `psnr`. */
  readonly name: string;
  /** For a person: for example `PSNR`. */
  readonly title: string;
  /** For example `dB`; empty where it has none. */
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** One sentence: the definition and its source. */
  readonly definition: string;
}

/** A metric with a value for each sample. */
export interface SampleMetric extends MetricHead {
  readonly kind: 'sample';
  /** What it is measured on: the whole image, the inside of the hole, or each. */
  readonly regions: readonly Region[];
  /** A value for each sample, by region; NaN where a sample has none (an image without a hole, no face found). */
  measure(batch: MetricBatch): Promise<Partial<Record<Region, Float64Array>>>;
  dispose(): void;
}

/** A metric of whole sets: it compares how features of results and of photos are distributed. */
export interface SetMetric extends MetricHead {
  readonly kind: 'set';
  /** The least number of images that it is defined for. */
  readonly minimum: number;
  /** Sums over the features of a set, of bounded size whatever the set's. */
  start(): SetStatistics;
  /** The distance of two sets. */
  compare(results: SetStatistics, photos: SetStatistics): number;
  dispose(): void;
}

export interface SetStatistics {
  /** Adds images [n,s,s,3] in [0, 1]. */
  add(images: Tensor4D): Promise<void>;
  readonly count: number;
  /** For keeping on disk between two parts of an evaluation. */
  state(): Record<string, { readonly shape: readonly number[]; readonly data: Float64Array | Float32Array }>;
  restore(state: ReturnType<SetStatistics['state']>): void;
}

export type Metric = SampleMetric | SetMetric;
