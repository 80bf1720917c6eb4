import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { featureLosses, gramMatrix, imagenetNormalisation } from '../../src/losses/perceptual.ts';
import { createFeatureLosses, poolFeatures, torchvisionWeights } from '../../src/models/feature-network.ts';
import { isThere, missingWeights } from '../../src/models/read-config.ts';
import { hedWeightsPath, loadHed } from '../../src/nn/hed.ts';
import { TorchWeights } from '../../src/nn/torch-weights.ts';
import { vggOfTorch } from '../../src/nn/vgg.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { type Reporter, silent } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { type StoredTensor, writeSafetensors } from '../../src/weights/safetensors.ts';

const value = (x: Tensor) => x.dataSync()[0];
const uniform = (seed: number) => tf.randomUniform([2, 32, 32, 3], -1, 1, 'float32', seed) as Tensor4D;
const [made, target] = [uniform(1), uniform(2)];

function listener(): { said: string[]; reporter: Reporter } {
  const said: string[] = [];
  return { said, reporter: { ...silent, info: (message) => said.push(message) } };
}

const installed = existsSync(hedWeightsPath);
const note = installed ? '' : ' (skipped: the HED weights are not installed, see `npm run doctor`)';

describe.skipIf(!installed)(`the network that installs by itself${note}`, () => {
  it('compares the pools of HED’s trunk, divided by one deviation of bytes, and says so', async () => {
    const { said, reporter } = listener();
    const compare = await createFeatureLosses({ network: 'hed-vgg16' }, reporter);
    const [losses] = compare([made], target);
    const hed = await loadHed();
    const pools = (image: Tensor4D) =>
      hed
        .features(tf.mul(tf.add(image, 1), 127.5))
        .slice(0, 3)
        .map((features) => tf.div<Tensor4D>(tf.maxPool(features, 2, 2, 'valid'), 255 * 0.225));
    const sumOfDifferences = (a: Tensor[], b: Tensor[]) =>
      a.reduce((sum, x, i) => sum + value(tf.mean(tf.abs(tf.sub(x, b[i])))), 0);
    const [ofMade, ofTarget] = [pools(made), pools(target)];
    const perceptual = sumOfDifferences(ofMade, ofTarget);
    const style = sumOfDifferences(ofMade.map(gramMatrix), ofTarget.map(gramMatrix));
    expect(value(losses.perceptual) / perceptual).toBeCloseTo(1, 4);
    expect(value(losses.style) / style).toBeCloseTo(1, 4);
    expect(said).toEqual([expect.stringMatching(/^Perceptual and style losses: .*HED.*not the VGG16/)]);
    hed.dispose();
  });
});

describe('VGG16 from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vgg16-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const channels = [3, 64, 64, 128, 128, 256, 256, 256];
  const random = stream(1, 'vgg16');
  const weights = new Map<string, StoredTensor>(
    [0, 2, 5, 7, 10, 12, 14].flatMap((place, index) => {
      const [input, output] = [channels[index], channels[index + 1]];
      return Object.entries({ weight: [output, input, 3, 3], bias: [output] }).map(([suffix, shape]) => {
        const data = Float32Array.from(
          { length: shape.reduce((product, side) => product * side, 1) },
          () => random.uniform(-1, 1) / Math.sqrt(3 * input),
        );
        return [`features.${place}.${suffix}`, { dtype: 'F32', shape, data }] as const;
      });
    }),
  );
  const file = join(folder, 'vgg16.safetensors');

  it('takes images as ImageNet’s networks do, and says which file it is', async () => {
    await writeSafetensors(file, weights);
    const { said, reporter } = listener();
    const compare = await createFeatureLosses({ network: 'vgg16', weights: file }, reporter);
    const expected = featureLosses(
      vggOfTorch(new TorchWeights(weights, 'made up', 'VGG16'), 7),
      imagenetNormalisation,
    );
    const [[losses], [wanted]] = [compare([made], target), expected([made], target)];
    expect(value(losses.perceptual)).toBe(value(wanted.perceptual));
    expect(value(losses.style)).toBe(value(wanted.style));
    expect(value(losses.perceptual)).toBeGreaterThan(0);
    expect(said).toEqual([`Perceptual and style losses: VGG16 from ${file}`]);
  });

  it('of another network is refused with the weight that is missing', async () => {
    const other = join(folder, 'other.safetensors');
    await writeSafetensors(other, new Map([...weights].slice(0, 8)));
    await expect(createFeatureLosses({ network: 'vgg16', weights: other }, silent)).rejects.toThrow(
      /torchvision names them[\s\S]*other\.safetensors: features\.10\.weight/,
    );
  });
});

const locate = (path: readonly PropertyKey[]) => `a.yaml:1: ${path.join('.')}`;
const key = ['loss', 'features'];

describe('the network whose features losses compare', () => {
  it('is the one that installs by itself, unless the user has another', () => {
    expect(poolFeatures.parse(undefined)).toEqual({ network: 'hed-vgg16' });
    expect(torchvisionWeights({ network: 'hed-vgg16' }, key)).toEqual([]);
    expect(torchvisionWeights({ network: 'vgg16', weights: 'package.json' }, key).map(isThere)).toEqual([
      true,
    ]);
  });

  it.each([
    [{ network: 'vgg16' }, /a\.yaml:1: loss\.features\.network[\s\S]*no loss\.features\.weights/],
    [
      { network: 'vgg16', weights: 'none.safetensors' },
      /a\.yaml:1: loss\.features\.weights[\s\S]*VGG16 \(features\.0\.weight to features\.14\.bias\)[\s\S]*none\.safetensors does not exist/,
    ],
    [{ network: 'vgg19' }, /VGG19 \(features\.0\.weight to features\.10\.bias\)/],
  ])('%j without its file is told with what to do', (chosen, message) => {
    const [file] = torchvisionWeights(chosen, key);
    expect(isThere(file)).toBe(false);
    const error = missingWeights(file, locate);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/npm run import[\s\S]*--set loss\.features\.network=hed-vgg16/);
  });
});
