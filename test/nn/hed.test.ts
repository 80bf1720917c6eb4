import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hed, hedOfImage, hedWeightsPath, loadHed, loadHedTrunk } from '../../src/nn/hed.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { fixture } from '../data/support.ts';
import { deepPsFixtures } from '../reference.ts';

const installed = existsSync(hedWeightsPath);
const note = installed ? '' : ' (skipped: the HED weights are not installed, see `npm run doctor`)';

describe.skipIf(!installed)(`HED${note}`, () => {
  let hed: Hed;
  beforeAll(async () => {
    hed = await loadHed();
  });
  afterAll(() => hed.dispose());

  it.skipIf(deepPsFixtures.reason).each(['hed_256', 'hed_odd'])(
    `equals the reference: %s${deepPsFixtures.reason}`,
    (name) => {
      const tensors = fixture(name);
      const image = tensors.get('in/image')!;
      const [height, width] = image.shape as [number, number];
      const result = hedOfImage(hed, image.data as Uint8Array, height, width);
      for (const [key, values] of [
        ['fused', result.fused],
        ...result.sides.map((side, i) => [`side${i + 1}`, side]),
      ] as [string, Float32Array][]) {
        const expected = tensors.get(`out/${key}`)!.data as Float32Array;
        const error = values.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i])), 0);
        expect(error, key).toBeLessThan(1e-3);
      }
    },
  );

  it('sees the outline of a square and nothing in a flat image', () => {
    const n = 64;
    const flat = new Uint8Array(n * n * 3).fill(60);
    const square = flat.map((v, i) => {
      const [x, y] = [Math.floor(i / 3) % n, Math.floor(i / 3 / n)];
      return x >= 20 && x < 44 && y >= 20 && y < 44 ? 220 : v;
    });
    const at = (map: Float32Array, x: number, y: number) => map[y * n + x];
    const edges = hedOfImage(hed, square, n, n).fused;
    expect(at(edges, 20, 32)).toBeGreaterThan(0.5);
    expect(at(edges, 32, 43)).toBeGreaterThan(0.5);
    expect(at(hedOfImage(hed, flat, n, n).fused, 32, 32)).toBeLessThan(0.2);
  });

  it('treats the images of a batch alone and leaves no tensors behind', () => {
    const images = tf.randomUniform([2, 32, 48, 3], 0, 255, 'float32', 1) as Tensor4D;
    const before = tf.memory().numTensors;
    const both = hed.edges(images);
    expect(tf.memory().numTensors).toBe(before + 6);
    expect(both.fused.shape).toEqual([2, 32, 48, 1]);
    const difference = tf.tidy(() => {
      const second = hed.edges(images.slice([1], [1]));
      return tf.max(tf.abs(tf.sub(both.fused.slice([1], [1]), second.fused))).dataSync()[0];
    });
    expect(difference).toBeLessThan(1e-5);
    tf.dispose([images, both]);
  });

  it('gives its trunk for RGB input', async () => {
    const trunk = await loadHedTrunk();
    expect(Object.keys(trunk)).toEqual([
      'conv1_1',
      'conv1_2',
      'conv2_1',
      'conv2_2',
      'conv3_1',
      'conv3_2',
      'conv3_3',
    ]);
    expect(trunk.conv1_1.kernel.shape).toEqual([3, 3, 3, 64]);
    expect(trunk.conv3_1.bias.shape).toEqual([256]);
    for (const weights of Object.values(trunk)) tf.dispose([weights.kernel, weights.bias]);
  });
});
