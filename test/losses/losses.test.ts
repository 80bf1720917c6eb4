import { describe, expect, it } from 'vitest';
import { hingeLoss, leastSquaresLoss, linearLoss, vanillaLoss } from '../../src/losses/adversarial.ts';
import { imagenetNormalisation, originalNormalisation, perceptualLoss } from '../../src/losses/perceptual.ts';
import { meanAbsolute } from '../../src/losses/reconstruction.ts';
import { pictureDifference } from '../../src/models/dps/training.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { expectGradients, normalTensor } from '../finite-differences.ts';
import { randomTrunk } from '../models/dps/tiny.ts';

const value = (x: { dataSync(): ArrayLike<number> }) => x.dataSync()[0];

describe('hinge', () => {
  const hinge = hingeLoss(10);
  const discriminator = (real: number[], fake: number[]) =>
    value(hinge.real(tf.tensor1d(real))) + value(hinge.fake(tf.tensor1d(fake)));

  it('rests once real scores are above and fake ones below the margin', () => {
    expect(discriminator([11, 20], [-10, -30])).toBe(0);
  });
  it('counts what is missing to the margin', () => {
    expect(discriminator([4, 10], [-10, -6])).toBe(3 + 2);
  });
  it('rewards the generator for high scores', () => {
    expect(value(hinge.generator(tf.tensor1d([1, 3])))).toBe(-2);
  });
});

it.each([
  ['vanilla', vanillaLoss, Math.log1p(Math.exp(-2)), Math.log1p(Math.exp(2)), Math.log1p(Math.exp(-2))],
  ['least squares', leastSquaresLoss, 1, 4, 1],
  ['linear', linearLoss, -1, 3, -2],
] as const)('%s losses of the score 2', (_, gan, real, fake, generator) => {
  const scores = tf.fill([3], 2);
  expect(value(gan.real(scores))).toBeCloseTo(real, 5);
  expect(value(gan.fake(scores))).toBeCloseTo(fake, 5);
  expect(value(gan.generator(scores))).toBeCloseTo(generator, 5);
});

it('a picture counts its sketch as much as its image, as three equal channels would', () => {
  const [sketch, image] = [normalTensor([2, 4, 4, 1]), normalTensor([2, 4, 4, 3])] as [Tensor4D, Tensor4D];
  const zero = (x: Tensor4D) => tf.zerosLike(x);
  const six = tf.concat([sketch, sketch, sketch, image], 3);
  const expected = value(meanAbsolute(six, tf.zerosLike(six)));
  expect(
    value(pictureDifference({ sketch, image }, { sketch: zero(sketch), image: zero(image) })),
  ).toBeCloseTo(expected, 5);
});

describe('perceptual loss', () => {
  const loss = perceptualLoss(randomTrunk(), imagenetNormalisation, [1, 0.5]);
  const image = normalTensor([1, 16, 16, 3], 0.5) as Tensor4D;

  it('is zero for equal images and adds up over images', () => {
    const other = normalTensor([1, 16, 16, 3], 0.5) as Tensor4D;
    expect(value(loss([image], image))).toBe(0);
    expect(value(loss([other, image, other], image))).toBeCloseTo(2 * value(loss([other], image)), 4);
  });
  it('weighs its two layers', () => {
    const other = normalTensor([1, 16, 16, 3], 0.5) as Tensor4D;
    const of = (weights: [number, number]) =>
      value(perceptualLoss(randomTrunk(), imagenetNormalisation, weights)([other], image));
    expect(of([2, 0]) + of([0, 3])).toBeCloseTo(of([2, 3]), 4);
    expect(of([0, 3])).toBeGreaterThan(0);
  });
  it('has a gradient by the image, none by the target', () => {
    const target = normalTensor([1, 16, 16, 3], 0.5) as Tensor4D;
    expectGradients((x) => loss([x as Tensor4D], target), [image], {
      tolerance: 2e-2,
      step: 3e-4, // small, for rectifiers and pooling have kinks
    });
    expect(() => tf.grad((t) => loss([image], t as Tensor4D))(target)).toThrow(/gradient/);
  });
  it('standardises [-1, 1] images, or does as the original', () => {
    const mean = tf.tensor4d([0.485, 0.456, 0.406], [1, 1, 1, 3]);
    const white = tf.ones([1, 1, 1, 3]) as Tensor4D;
    const at = (x: Tensor4D) => [...imagenetNormalisation(x).dataSync()];
    for (const channel of at(tf.sub(tf.mul(mean, 2), 1) as Tensor4D)) expect(channel).toBeCloseTo(0, 5);
    expect(at(white)[0]).toBeCloseTo((1 - 0.485) / 0.229, 4);
    expect(originalNormalisation(white).dataSync()[0]).toBeCloseTo((1 - (0.485 + 1) / 2) / (0.229 / 2), 4);
  });
});
