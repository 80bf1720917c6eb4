import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeImport } from '../../src/cli/import.ts';
import { importWeights } from '../../src/import/import.ts';
import { createFeatureLosses } from '../../src/models/feature-network.ts';
import { Hed, hedWeightsPath, loadHed } from '../../src/nn/hed.ts';
import { Inception } from '../../src/nn/inception.ts';
import { TorchWeights } from '../../src/nn/torch-weights.ts';
import { vggOfTorch } from '../../src/nn/vgg.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { readSafetensorsFile, writeSafetensors } from '../../src/weights/safetensors.ts';
import { floats, legacyFile, stateDict, tensor } from '../weights/pytorch/samples.ts';

let folder: string;
let out: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-others-'));
});
beforeEach(() => {
  out = join(folder, `${count++}.safetensors`);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Shapes = Record<string, readonly number[]>;
const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
const random = stream(1, 'numbers');
const numbers = Array.from({ length: 2 ** 22 }, () => random.uniform(-0.05, 0.1));

/** A PyTorch file of these tensors; all begin at the same numbers, as a file with numbers of its own for each is large. */
function write(name: string, shapes: Shapes): string {
  const longest = Math.max(...Object.values(shapes).map(size));
  const storage = floats('0', numbers.slice(0, longest));
  const entries = Object.entries(shapes).map(([key, shape]) => {
    const strides = shape.map((_, i) => size(shape.slice(i + 1)));
    return [key, tensor(storage, { shape, strides })] as const;
  });
  const path = join(folder, name);
  writeFileSync(path, legacyFile(stateDict(entries), [storage]));
  return path;
}

const convolutions = (layers: Record<string, readonly number[]>): Shapes =>
  Object.fromEntries(
    Object.entries(layers).flatMap(([key, shape]) => [
      [`${key}.weight`, shape],
      [`${key}.bias`, [shape[0]]],
    ]),
  );

/** torchvision's VGG: a convolution and a rectifier for each number of channels, a pooling layer for each 'M'. */
function vgg(layers: string): Shapes {
  const found: Record<string, readonly number[]> = {};
  let [place, input] = [0, 3];
  for (const layer of layers.split(' ')) {
    if (layer !== 'M') {
      found[`features.${place}`] = [Number(layer), input, 3, 3];
      input = Number(layer);
    }
    place += layer === 'M' ? 1 : 2;
  }
  return { ...convolutions(found), 'classifier.6.weight': [10, 16], 'classifier.6.bias': [10] };
}

const vgg16 = vgg('64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M');
const vgg19 = vgg('64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M');
const alexnet = convolutions({
  'features.0': [64, 3, 11, 11],
  'features.3': [192, 64, 5, 5],
  'features.6': [384, 192, 3, 3],
  'features.8': [256, 384, 3, 3],
  'features.10': [256, 256, 3, 3],
  'classifier.1': [8, 9],
});
const heads = (channels: readonly number[]): Shapes =>
  Object.fromEntries(channels.map((channel, i) => [`lin${i}.model.1.weight`, [1, channel, 1, 1]]));

function run(from: string, as?: string) {
  return importWeights({ from: [from], names: as === undefined ? undefined : [as], out, reporter: silent });
}

describe('networks that losses and metrics use', () => {
  it.each<[string, Shapes]>([
    ['vgg16', vgg16],
    ['vgg19', vgg19],
    ['alexnet', alexnet],
    ['lpips-alex', heads([64, 192, 384, 256, 256])],
    ['lpips-vgg', heads([64, 128, 256, 512, 512])],
  ])('%s is recognised, and written with torch’s names and layout', async (name, shapes) => {
    const from = write(`whatever-${name}.pth`, shapes);
    expect(await run(from)).toMatchObject({ kind: 'file' });
    const { tensors, metadata } = readSafetensorsFile(out);
    const wanted = Object.keys(shapes).filter((key) => !key.startsWith('classifier'));
    expect([...tensors.keys()].sort()).toEqual(wanted.sort());
    for (const [key, { shape, data }] of tensors) {
      expect(shape).toEqual(shapes[key]);
      expect(data.at(-1)).toBe(Math.fround(numbers[data.length - 1]));
    }
    expect(metadata).toMatchObject({ network: name, source: `whatever-${name}.pth` });
  });

  it('VGG19 is what the perceptual loss takes', async () => {
    await run(write('vgg19.pth', vgg19), 'vgg19');
    const trunk = vggOfTorch(TorchWeights.read(out, 'VGG19'), 5);
    expect(trunk[4].kernel.shape).toEqual([3, 3, 128, 256]);
    for (const { kernel, bias } of trunk) tf.dispose([kernel, bias]);
  });

  it('VGG16 is what the perceptual and style losses take', async () => {
    await run(write('vgg16.pth', vgg16), 'vgg16');
    const compare = await createFeatureLosses({ network: 'vgg16', weights: out }, silent);
    const image = tf.zeros([1, 8, 8, 3]) as Tensor4D;
    expect(compare([image], image)[0].perceptual.dataSync()[0]).toBe(0);
  });

  it('the Inception of FID is told from torchvision’s', async () => {
    const shapes: Shapes = {};
    class Recorder extends TorchWeights {
      override take(key: string, shape: readonly number[]): Float32Array {
        shapes[key] = shape;
        return new Float32Array(size(shape));
      }
    }
    new Inception(new Recorder(new Map(), '', '')).dispose();
    const path = write('pt_inception.pth', { ...shapes, 'fc.weight': [1008, 2048], 'fc.bias': [1008] });
    await run(path);
    const { tensors } = readSafetensorsFile(out);
    expect([...tensors.keys()].sort()).toEqual(Object.keys(shapes).sort());
    new Inception(TorchWeights.read(out, 'Inception')).dispose();
    const other = write('inception_v3.pth', { ...shapes, 'fc.weight': [1000, 2048] });
    await expect(run(other)).rejects.toThrow(/not the one that FID/);
  });

  it('says what the file is for', async () => {
    const from = [write('alex.pth', heads([64, 192, 384, 256, 256]))];
    const imported = await importWeights({ from, out, reporter: silent });
    expect(describeImport(imported, out).join('\n')).toMatch(
      /LPIPS’s linear layers for AlexNet.*lpips-alex\.safetensors/s,
    );
  });

  it('may come as safetensors', async () => {
    const path = join(folder, 'heads.safetensors');
    const entries = Object.entries(heads([64, 128, 256, 512, 512])).map(
      ([key, shape]) => [key, { shape, data: new Float32Array(size(shape)).fill(0.5) }] as const,
    );
    await writeSafetensors(path, entries);
    await run(path);
    expect(readSafetensorsFile(out).tensors.size).toBe(5);
  });
});

const torchHed = convolutions({
  'moduleVggOne.0': [64, 3, 3, 3],
  'moduleVggOne.2': [64, 64, 3, 3],
  'moduleVggTwo.1': [128, 64, 3, 3],
  'moduleVggTwo.3': [128, 128, 3, 3],
  'moduleVggThree.1': [256, 128, 3, 3],
  'moduleVggThree.3': [256, 256, 3, 3],
  'moduleVggThree.5': [256, 256, 3, 3],
  'moduleVggFour.1': [512, 256, 3, 3],
  'moduleVggFour.3': [512, 512, 3, 3],
  'moduleVggFour.5': [512, 512, 3, 3],
  'moduleVggFive.1': [512, 512, 3, 3],
  'moduleVggFive.3': [512, 512, 3, 3],
  'moduleVggFive.5': [512, 512, 3, 3],
  moduleScoreOne: [1, 64, 1, 1],
  moduleScoreTwo: [1, 128, 1, 1],
  moduleScoreThree: [1, 256, 1, 1],
  moduleScoreFour: [1, 512, 1, 1],
  moduleScoreFive: [1, 512, 1, 1],
  'moduleCombine.0': [1, 5, 1, 1],
});

const hedReason = existsSync(hedWeightsPath) ? '' : ' (skipped: HED’s weights are not installed)';

describe('HED', () => {
  it('of pytorch-hed is recognised', async () => {
    await run(write('network-bsds500.pytorch', torchHed));
    expect([...readSafetensorsFile(out).tensors.keys()].sort()).toEqual(Object.keys(torchHed).sort());
    expect(await loadHed(out)).toBeInstanceOf(Hed);
  });

  it.skipIf(hedReason)(`of a Keras file gives the same edges as the file itself${hedReason}`, async () => {
    await run(hedWeightsPath);
    const [original, imported] = [await loadHed(), await loadHed(out)];
    const image = tf.randomUniform([1, 32, 40, 3], 0, 255, 'float32', 3) as Tensor4D;
    const [a, b] = [original.edges(image), imported.edges(image)];
    expect([...b.fused.dataSync()]).toEqual([...a.fused.dataSync()]);
  });
});

describe('what cannot be imported', () => {
  const broken = { ...alexnet, 'features.3.weight': [192, 64, 3, 3], 'extra.weight': [3] };
  it.each<[string, () => string, string | undefined, RegExp]>([
    [
      'is told by its differences',
      () => write('broken.pth', broken),
      undefined,
      /features\.3\.weight: \[192,64,3,3\].*unexpected: extra\.weight/s,
    ],
    [
      'is told by its keys',
      () => write('resnet.pth', { 'layer1.weight': [2], 'layer2.weight': [3] }),
      undefined,
      /2 tensors: layer1\.weight/,
    ],
    [
      'is VGG with batch normalisation',
      () => write('bn.pth', { ...vgg16, 'features.1.weight': [64] }),
      undefined,
      /network of a weight file is not known/,
    ],
    ['is not what --as says', () => write('alex.pth', alexnet), 'vgg16', /expected: alexnet/],
    [
      'is LPIPS for SqueezeNet',
      () => write('squeeze.pth', heads([64, 128, 256, 384, 384, 512, 512])),
      undefined,
      /not known/,
    ],
    ['is not there', () => join(folder, 'nothing.pth'), undefined, /nothing of that name/],
    ['is a folder', () => folder, undefined, /a folder.*\/\*/s],
  ])('%s', async (_, make, as, message) => {
    const attempt = run(make(), as);
    await expect(attempt).rejects.toThrow(UserError);
    await expect(attempt).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    ['a web page', '<!DOCTYPE html><html><title>Quota exceeded</title>', /web page/],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:1', /git lfs pull/],
    ['an empty file', '', /an empty file/],
    ['a text', 'hello', /104 101 108 108/],
  ])('is %s', async (_, content, message) => {
    const path = join(folder, 'file.ckpt');
    writeFileSync(path, content);
    await expect(run(path)).rejects.toThrow(message);
  });

  it('has a place that is taken, or a name for another kind', async () => {
    const from = write('alex.pth', alexnet);
    writeFileSync(out, 'mine');
    await expect(run(from)).rejects.toThrow(/already/);
    expect(readFileSync(out, 'utf8')).toBe('mine');
    const options = { from: [from], out: join(folder, 'weights'), reporter: silent };
    await expect(importWeights(options)).rejects.toThrow(/ends with \.safetensors/);
    await expect(importWeights({ ...options, from: [from, from], out })).rejects.toThrow(/by itself/);
    await expect(importWeights({ ...options, from: [] })).rejects.toThrow(/--from FILE/);
  });

  it('is a part of our own checkpoints', async () => {
    const path = join(folder, 'G64.safetensors');
    await writeSafetensors(path, [['G64/conv1/kernel', { shape: [1], data: Float32Array.of(1) }]]);
    await expect(run(path)).rejects.toThrow(/part of a checkpoint/);
  });
});
