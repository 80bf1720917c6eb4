import { loadHed } from '../../nn/hed.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import { FeatureDistance } from './feature-distance.ts';
import type { SampleMetric } from './metric.ts';
import { bothRegions } from './region.ts';
import { borrow } from './share.ts';

const layers = 5;

/**
 * A perceptual distance with what installs: squared differences of unit features of HED's VGG16 trunk, after the last
 * rectifier of each of its five blocks, added over channels, averaged over pixels and over the layers; 0 to 2. It is built as
 * LPIPS is (Zhang et al., CVPR 2018, without the learned layers) but its network was fine-tuned on edges: its numbers
 * compare with nobody's LPIPS.
 *
 * @throws UserError when HED's weights are missing.
 */
export async function createHedPerceptual(): Promise<SampleMetric> {
  const { value: hed, release } = await borrow('hed', () => loadHed());
  const features = (images: Tensor4D) => hed.features(tf.mul(images, 255));
  const distance = new FeatureDistance(
    features,
    Array.from({ length: layers }, () => tf.keep(tf.scalar(1 / layers))),
  );
  return {
    kind: 'sample',
    name: 'hed-perceptual',
    title: 'HED perceptual',
    unit: '',
    better: 'lower',
    definition:
      'Mean squared difference to the photo of unit features of HED’s VGG16, five layers; built like LPIPS, not comparable with it.',
    regions: bothRegions,
    measure: (batch) => distance.measure(batch),
    dispose() {
      distance.dispose();
      release();
    },
  };
}
