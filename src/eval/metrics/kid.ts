import { inceptionFeatures } from '../../nn/inception.ts';
import { UserError } from '../../runtime/errors.ts';
import type { MetricContext } from './context.ts';
import { borrowInception } from './inception-features.ts';
import { kernelDistance } from './kernel-distance.ts';
import type { SetMetric } from './metric.ts';
import { Reservoir } from './reservoir.ts';

/** An unbiased estimate within a set needs pairs. */
const minimum = 2;
/** Features kept of a set: 32 MB. */
const capacity = 4096;
/** As in the paper's protocol. */
const subsets = { number: 100, size: 1000 };

/**
 * Kernel Inception distance (Bińkowski, Sutherland, Arbel and Gretton, ICLR 2018) of whole images: the squared maximum
 * mean discrepancy of the features of `fid` under the kernel (x · y / 2048 + 1)³, unbiased, so that it may be below 0:
 * the mean over 100 random subsets of 1000 images. Sets of up to 1000 images are compared as wholes, once. Of sets of
 * more than 4096 images a random 4096 count.
 *
 * @throws UserError when Inception's weights are missing.
 */
export async function createKid(context: MetricContext): Promise<SetMetric> {
  const { value: inception, release } = await borrowInception(context, 'kid');
  return {
    kind: 'set',
    name: 'kid',
    title: 'KID',
    unit: '',
    better: 'lower',
    definition:
      'Kernel Inception distance of results and photos (Bińkowski et al. 2018), images resized as clean-fid does.',
    minimum,
    start: () => new Reservoir(inceptionFeatures, capacity, inception.of),
    compare(results, photos) {
      const fewest = Math.min(results.count, photos.count);
      if (fewest < minimum)
        throw new UserError('KID compares sets of images, not single ones.', {
          expected: `at least ${minimum} images`,
          got: `${fewest}`,
        });
      const [x, y] = [results, photos].map((set) => {
        const reservoir = set as Reservoir;
        return { data: reservoir.features(), count: reservoir.size };
      });
      return kernelDistance(x, y, inceptionFeatures, subsets);
    },
    dispose: release,
  };
}
