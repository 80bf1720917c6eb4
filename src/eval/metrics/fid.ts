import { inceptionFeatures } from '../../nn/inception.ts';
import type { MetricContext } from './context.ts';
import { compareFrechet, FrechetSet, frechetMinimum } from './frechet-set.ts';
import { borrowInception } from './inception-features.ts';
import type { SetMetric } from './metric.ts';

/**
 * Fréchet Inception distance (Heusel et al., NeurIPS 2017) of whole images: the Fréchet distance of the 2048 pooled
 * features of the Inception of 2015-12-05, images resized as clean-fid does (Parmar et al., CVPR 2022). Falls with the
 * number of images: compare equal numbers; of fewer than 2048 images it says little.
 *
 * @throws UserError when Inception's weights are missing.
 */
export async function createFid(context: MetricContext): Promise<SetMetric> {
  const { value: inception, release } = await borrowInception(context, 'fid');
  return {
    kind: 'set',
    name: 'fid',
    title: 'FID',
    unit: '',
    better: 'lower',
    definition:
      'Fréchet Inception distance of results and photos (Heusel et al. 2017), images resized as clean-fid does.',
    minimum: frechetMinimum,
    start: () => new FrechetSet(inceptionFeatures, inception.of),
    compare: (results, photos) => compareFrechet('FID', results, photos),
    dispose: release,
  };
}
