import type { SampleMetric } from './metric.ts';
import { bothRegions, regionMeans } from './region.ts';
import { ssimMaps, windowRadius } from './ssim-map.ts';

/**
 * Structural similarity (Wang et al., IEEE TIP 2004) with the paper's Gaussian window, mean over channels. Over the image
 * it is scikit-image's `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
 * data_range=1)`, which leaves out the outermost five pixels; in the hole, the mean of its full map over the hole's pixels,
 * so windows at the hole's rim see known pixels too.
 */
export function createSsim(): SampleMetric {
  return {
    kind: 'sample',
    name: 'ssim',
    title: 'SSIM',
    unit: '',
    better: 'higher',
    definition:
      'Structural similarity to the photo (Wang et al. 2004), Gaussian window of deviation 1.5 px, mean over RGB.',
    regions: bothRegions,
    measure: (batch) => regionMeans(batch, ({ result, truth }) => ssimMaps(result, truth).ssim, windowRadius),
    dispose() {},
  };
}
