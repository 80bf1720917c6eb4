/** The losses, their gradients, and VGG's features. */

import { join } from 'node:path';
import { hingeLoss } from '../../../src/losses/adversarial.ts';
import { originalNormalisation, perceptualLoss } from '../../../src/losses/perceptual.ts';
import { meanAbsolute } from '../../../src/losses/reconstruction.ts';
import { TorchWeights } from '../../../src/nn/torch-weights.ts';
import { type VggConvolutions, vggFeatures, vggOfTorch } from '../../../src/nn/vgg.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../../src/ops/tf.ts';
import { type Check, type Checks, compare } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { compareGradient, compareLoss, NCHW, NETWORK } from '../layout.ts';

/** The VGG19 weights that a case names in `vgg_file`. */
export function trunkOf(fixture: FixtureCase): VggConvolutions {
  return vggOfTorch(TorchWeights.read(join(fixture.folder, fixture.options.vgg_file), 'VGG19'), 5);
}

export function checkLosses(fixture: FixtureCase): Checks {
  const { hinge, weight_adv, weight_rec, weight_perc } = fixture.options;
  const [real, fake] = [fixture.tensor('in/real_output'), fixture.tensor('in/fake_output')];
  const [gen, gt] = [fixture.image('in/gen'), fixture.image('in/gt')];
  const [fakeImage, realImage] = [fixture.image('in/fake_img'), fixture.image('in/real_img')];
  const gan = hingeLoss(hinge);
  const trunk = trunkOf(fixture);
  const perceptual = perceptualLoss(trunk, originalNormalisation, weight_perc);
  const checks: (Check | undefined)[] = [];
  /** Compares a loss and its gradients with respect to the named inputs. */
  const add = (name: string, inputs: Record<string, Tensor>, loss: (...x: Tensor[]) => TensorFlow.Scalar) => {
    const names = Object.keys(inputs);
    const { value, grads } = tf.valueAndGrads((...x: Tensor[]) => loss(...x))(Object.values(inputs));
    checks.push(compareLoss(fixture, `out/${name}`, value));
    names.forEach((input, index) => {
      const key = `grad/${name}/${input}`;
      const gradient = grads[index];
      const actual = gradient.rank === 4 ? NCHW(gradient as Tensor4D) : gradient;
      checks.push(compareGradient(fixture, key, actual));
    });
  };
  const scaled = (loss: Tensor, weight: number) => tf.mul(loss, weight) as TensorFlow.Scalar;
  add('L_D', { real_output: real, fake_output: fake }, (r, f) =>
    scaled(tf.add(gan.real(r), gan.fake(f)), weight_adv),
  );
  add('L_Gadv', { fake_output: fake }, (f) => scaled(gan.generator(f), weight_adv));
  add('L_rec', { gen }, (x) => scaled(meanAbsolute(x, gt), weight_rec));
  add('L_perc', { fake_img: fakeImage }, (x) => perceptual([x as Tensor4D], realImage));
  const features = (image: Tensor4D) =>
    vggFeatures(trunk, originalNormalisation(image), ['relu2_1', 'relu3_1']);
  const [relu21, relu31] = features(fakeImage) as [Tensor4D, Tensor4D];
  // Features are sums over hundreds of products, so their rounding grows with them.
  const tolerance = { ...NETWORK, relative: 1e-5 };
  checks.push(compare(fixture, 'out/vgg/relu2_1', NCHW(relu21), tolerance));
  checks.push(compare(fixture, 'out/vgg/relu3_1', NCHW(relu31), tolerance));
  features(realImage).forEach((target, index) => {
    const name = ['out/mse2_1', 'out/mse3_1'][index];
    const made = [relu21, relu31][index];
    checks.push(compareLoss(fixture, name, tf.mean(tf.squaredDifference(made, target))));
  });
  return checks;
}
