/** The VGG16 that the baselines' fixtures compare features with. */

import { TorchWeights } from '../../../src/nn/torch-weights.ts';
import { type VggConvolutions, vggOfTorch } from '../../../src/nn/vgg.ts';
import type { StoredTensor } from '../../../src/weights/safetensors.ts';
import type { FixtureCase } from '../fixtures.ts';
import { hashWeights } from '../hash-uniform.ts';

const PLACES = [0, 2, 5, 7, 10, 12, 14];
const CHANNELS = [3, 64, 64, 128, 128, 256, 256, 256];

/** VGG16 of the generator's values, whose seed and gain the case's option `vgg` says in words. */
export function generatedTrunk(fixture: FixtureCase): VggConvolutions {
  const words = String(fixture.options.vgg);
  const [, seed, gain] = /seed (\d+), gain ([\d.]+)/.exec(words) ?? [];
  if (!seed || !gain)
    throw new Error(`${fixture.id}: cannot read the seed and gain of VGG16 from "${words}"`);
  const weights = new Map<string, StoredTensor>();
  PLACES.forEach((place, index) => {
    const [input, output] = [CHANNELS[index], CHANNELS[index + 1]];
    const shapes = { weight: [output, input, 3, 3], bias: [output] };
    for (const [suffix, shape] of Object.entries(shapes)) {
      const key = `features.${place}.${suffix}`;
      const data = hashWeights(`VGG16/${key}`, shape, Number(seed), Number(gain));
      weights.set(key, { dtype: 'F32', shape, data });
    }
  });
  return vggOfTorch(new TorchWeights(weights, fixture.id, 'VGG16'), PLACES.length);
}
