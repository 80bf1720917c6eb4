import { loadHed } from '../../nn/hed.ts';
import { type Tensor2D, tf } from '../../ops/tf.ts';
import { compareFrechet, FrechetSet, frechetMinimum } from './frechet-set.ts';
import type { SetMetric } from './metric.ts';
import { borrow, oncePerTensor } from './share.ts';

/** Features of the last block. */
const dimension = 512;

/**
 * A Fréchet distance with what installs: that of the features of HED's VGG16 trunk after its last block, averaged over each
 * image. Of the five blocks' features these tell best, from fifty images on, holes filled with blur, with what is upside
 * down and with parts of another face (each set's distance over that of two halves of the photos). Its numbers compare
 * with nobody's FID.
 *
 * @throws UserError when HED's weights are missing.
 */
export async function createHedFrechet(): Promise<SetMetric> {
  const { value: hed, release } = await borrow('hed', () => loadHed());
  const features = oncePerTensor(async (images) => {
    const pooled = tf.tidy(() => {
      const x = hed.features(tf.mul(images, 255)).at(-1)!;
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
      'Fréchet distance of results and photos by 512 pooled features of HED’s VGG16; built like FID, not comparable with it.',
    minimum: frechetMinimum,
    start: () => new FrechetSet(dimension, features),
    compare: (results, photos) => compareFrechet('HED Fréchet', results, photos),
    dispose: release,
  };
}
