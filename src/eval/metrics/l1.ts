import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { SampleMetric } from './metric.ts';
import { bothRegions, regionMeans } from './region.ts';

/** Mean absolute difference of values in [0, 1], over pixels and channels (the papers on filling holes: ℓ1 loss). */
export function createL1(): SampleMetric {
  return {
    kind: 'sample',
    name: 'l1',
    title: 'L1',
    unit: '',
    better: 'lower',
    definition: 'Mean absolute difference to the photo over pixels and channels, values in [0, 1].',
    regions: bothRegions,
    measure: (batch) => regionMeans(batch, ({ result, truth }) => tf.abs(tf.sub(result, truth)) as Tensor4D),
    dispose() {},
  };
}
