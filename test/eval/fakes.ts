import type { Predictor } from '../../src/core/method.ts';
import type { PreparedSample } from '../../src/data/types.ts';
import type { EvaluatedCheckpoint } from '../../src/eval/checkpoints.ts';
import { MetricCollection } from '../../src/eval/metrics/collection.ts';
import type { SetMetric, SetStatistics } from '../../src/eval/metrics/metric.ts';
import { type EvaluateOptions, type EvaluationResult, evaluateCheckpoints } from '../../src/eval/passes.ts';
import { Shards } from '../../src/eval/shards.ts';
import { type EvaluationSet, makeSet } from '../../src/eval/suite/set.ts';
import { type Suite, suiteSchema } from '../../src/eval/suite/suite.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyConfig } from '../models/dps/tiny.ts';

/** A checkpoint whose result is the photo, too bright by `offset` and l, and more where the sketch has lines. */
export function fakeCheckpoint(
  label: string,
  offset: number,
  change: Partial<Predictor> = {},
): EvaluatedCheckpoint {
  const predictor: Predictor = {
    resolution: 64,
    networks: [],
    controls: ['sketch', 'l'],
    intermediates: ['refinedSketch', 'firstImage'],
    predict: ({ image, sketch, l }) =>
      tf.tidy(() => ({
        result: tf.add(tf.sub(image, tf.mul(sketch, 0.05)), offset + 0.1 * Number(l)) as Tensor4D,
        firstImage: image.clone(),
        refinedSketch: sketch.clone(),
      })),
    upperBound: { label: 'F, true sketch', predict: ({ image }) => tf.add(image, 0.02) as Tensor4D },
    ...change,
  };
  const checkpoint = { step: 7 };
  const loaded = { path: `runs/${label}/checkpoints/step-7`, checkpoint, config: tinyConfig() };
  return { label, predictor, sha256: label.padEnd(64, '0'), loaded } as unknown as EvaluatedCheckpoint;
}

/** The distance of mean brightnesses. */
export function brightnessDistance(): SetMetric {
  return {
    kind: 'set',
    name: 'brightness',
    title: 'Brightness',
    unit: '',
    better: 'lower',
    definition: 'Difference of mean brightnesses.',
    minimum: 2,
    features: async (images) => tf.tidy(() => tf.mean(images, [1, 2, 3]).dataSync()) as Float32Array,
    start: (): SetStatistics => {
      let sums = new Float64Array(2);
      return {
        get count() {
          return sums[1];
        },
        add(means) {
          for (const mean of means) sums[0] += mean;
          sums[1] += means.length;
        },
        state: () => ({ sums: { shape: [2], data: sums.slice() } }),
        restore: (state) => {
          sums = state.sums.data as Float64Array<ArrayBuffer>;
        },
      };
    },
    compare: (a, b) => {
      const [x, y] = [a, b].map((one) => one.state().sums.data);
      return Math.abs(x[0] / x[1] - y[0] / y[1]);
    },
    dispose() {},
  };
}

export const fakeSuite = (change: Partial<Suite> = {}): Suite => ({
  ...suiteSchema.parse({
    name: 'test',
    holes: ['rectangle', 'thin'],
    l: [0, 1],
    metrics: ['l1', 'psnr'],
  }),
  ...change,
});

export const fakeSet = (samples: readonly PreparedSample[], suite = fakeSuite()): Promise<EvaluationSet> =>
  makeSet({ suite, config: tinyConfig(), split: 'test', samples, reporter: silent });

/** Evaluates two fakes in a folder, with L1, PSNR and {@link brightnessDistance}. */
export async function evaluateFakes(
  set: EvaluationSet,
  out: string,
  change: Partial<EvaluateOptions> = {},
): Promise<{ results: EvaluationResult[]; metrics: MetricCollection; shards: Shards }> {
  const context = { weights: 'none', reporter: silent, edges: tinyConfig().data.edges };
  const { sampleMetrics } = await MetricCollection.create(['l1', 'psnr'], context, false);
  const metrics = new MetricCollection([...sampleMetrics, brightnessDistance()]);
  const shards = new Shards(out, [set.hash]);
  const checkpoints = [fakeCheckpoint('a', 0), fakeCheckpoint('b', 0.2)];
  const options = { set, checkpoints, metrics, batch: 3, shards, reporter: silent, ...change };
  return { results: await evaluateCheckpoints(options), metrics, shards };
}
