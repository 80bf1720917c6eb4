import { loadHed } from '../../nn/hed.ts';
import { type Tensor2D, tf } from '../../runtime/tf.ts';
import { compareFrechet, FrechetSet, frechetMinimum } from './frechet-set.ts';
import type { SetMetric } from './metric.ts';
import { borrow, oncePerTensor } from './share.ts';

/** Up to the third: 256 features, each of a surrounding of some forty pixels. */
const blocks = 3;
const dimension = 256;

/**
 * A Fréchet distance with what installs: that of the features of HED's VGG16 trunk after its third block, averaged over each
 * image. Its numbers compare with nobody's FID.
 *
 * @throws UserError when HED's weights are missing.
 */
export async function createHedFrechet(): Promise<SetMetric> {
  const { value: hed, release } = await borrow('hed', () => loadHed());
  const features = oncePerTensor(async (images) => {
    const pooled = tf.tidy(() => {
      const x = hed.features(tf.mul(images, 255), blocks).at(-1)!;
      // An axis at a time, as sums over leading axes lose digits with their length.
      return tf.mean(tf.mean(x, 1), 1);
    }) as Tensor2D;
    const values = (await pooled.data()) as Float32Array;
    pooled.dispose();
    return values;
  });
  return {
    kind: 'set',
    name: 'hed-frechet',
    title: 'HED Fréchet',
    unit: '',
    better: 'lower',
    definition:
      'Fréchet distance of results and photos by 256 pooled features of HED’s VGG16; built like FID, not comparable with it.',
    minimum: frechetMinimum,
    start: () => new FrechetSet(dimension, features),
    compare: (results, photos) => compareFrechet('HED Fréchet', results, photos),
    dispose: release,
  };
}
