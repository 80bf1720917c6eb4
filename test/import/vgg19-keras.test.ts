import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Group, File as H5File, ready } from 'h5wasm/node';
import { describe, expect, it } from 'vitest';
import { importWeights } from '../../src/import/import.ts';
import { VGG19_LAYERS } from '../../src/import/keras-vgg.ts';
import { dpsSchema } from '../../src/models/dps/config.ts';
import { createPerceptualLoss } from '../../src/models/feature-network.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { roundToFloat16 } from '../../src/weights/float16.ts';
import { readSafetensorsFile } from '../../src/weights/safetensors.ts';
import { temporaryFolder } from '../data/support.ts';
import { zipFile } from '../weights/pytorch/samples.ts';

const folder = await temporaryFolder();

/** A convolution as Keras has it: kernel [3,3,in,out], row-major. */
interface Layer {
  readonly name: string;
  readonly input: number;
  readonly out: number;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

const random = stream(1, 'vgg19');
const numbers = (count: number, reach: number, from = -reach) =>
  Float32Array.from({ length: count }, () => random.uniform(from, reach));
/** Up to conv3_1. */
const layers = VGG19_LAYERS.slice(0, 5).map(({ keras, shape: [out, input] }): Layer => {
  const reach = 1 / Math.sqrt(3 * input);
  return { name: keras, input, out, kernel: numbers(9 * input * out, reach), bias: numbers(out, 20) };
});
const shapes = ({ input, out }: Layer) => ({ kernel: [3, 3, input, out], bias: [out] });

type Quantization = { dtype: string; scale?: number; min?: number };
type ManifestWeight = { name: string; shape: number[]; dtype: string; quantization?: Quantization };
type WeightGroup = { paths: string[]; weights: ManifestWeight[] };

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array | Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

let models = 0;
/**
 * A layers model: a group a layer, each in two files that part in the middle of a number. `store` says how the kernel of a
 * layer is stored.
 */
function writeLayersModel(
  from: readonly Layer[],
  store: (layer: Layer) => { bytes: Buffer; quantization?: Quantization } = ({ kernel }) => ({
    bytes: bytesOf(kernel),
  }),
  change: (model: { format: string; weightsManifest: WeightGroup[] }) => void = () => {},
): string {
  const at = join(folder, `model-${models++}`);
  mkdirSync(at);
  const weightsManifest = from.map((layer): WeightGroup => {
    const { bytes, quantization } = store(layer);
    const group = Buffer.concat([bytes, bytesOf(layer.bias)]);
    const paths = [1, 2].map((part) => `${layer.name}-shard${part}of2`);
    const middle = (group.length >> 1) + 1;
    writeFileSync(join(at, paths[0]), group.subarray(0, middle));
    writeFileSync(join(at, paths[1]), group.subarray(middle));
    const { kernel, bias } = shapes(layer);
    return {
      paths,
      weights: [
        {
          name: `${layer.name}/kernel`,
          shape: kernel,
          dtype: 'float32',
          ...(quantization && { quantization }),
        },
        { name: `${layer.name}/bias`, shape: bias, dtype: 'float32' },
      ],
    };
  });
  const model = { modelTopology: {}, format: 'layers-model', weightsManifest };
  change(model);
  writeFileSync(join(at, 'model.json'), JSON.stringify(model));
  return join(at, 'model.json');
}

/** An HDF5 file of these arrays by their paths. */
async function writeHdf5(name: string, arrays: [string, number[], Float32Array][]): Promise<string> {
  await ready;
  const path = join(folder, name);
  const file = new H5File(path, 'w');
  for (const [at, shape, data] of arrays) {
    const parts = at.split('/');
    let group: Group = file;
    for (const part of parts.slice(0, -1))
      group = (group.keys().includes(part) ? group.get(part) : group.create_group(part)) as Group;
    group.create_dataset({ name: parts[parts.length - 1], data, shape });
  }
  file.close();
  return path;
}

const named = (names: (layer: Layer, index: number) => [string, string]) =>
  layers.flatMap((layer, index): [string, number[], Float32Array][] => {
    const [kernel, bias] = names(layer, index);
    return [
      [kernel, shapes(layer).kernel, layer.kernel],
      [bias, shapes(layer).bias, layer.bias],
    ];
  });
const keras3 = (_: Layer, index: number): [string, string] => {
  const at = `layers/conv2d${index === 0 ? '' : `_${index}`}/vars`;
  return [`${at}/0`, `${at}/1`];
};

let outputs = 0;
async function run(from: string, as?: string): Promise<string> {
  const out = join(folder, `out-${outputs++}.safetensors`);
  await importWeights({ from: [from], names: as === undefined ? undefined : [as], out, reporter: silent });
  return out;
}
const dataOf = (path: string) =>
  Object.fromEntries([...readSafetensorsFile(path).tensors].map(([key, { data }]) => [key, data]));

const largest = (values: ArrayLike<number | bigint>) =>
  Array.from(values).reduce<number>((most, value) => Math.max(most, Math.abs(Number(value))), 0);

const perceptual = (weights: string, more: object = {}) =>
  dpsSchema.shape.loss.parse({ perceptual: { network: 'vgg19-keras', weights, ...more } }).perceptual;

/** What Keras computes, in double precision: the features after relu2_1 and relu3_1 of bytes [side,side,3], RGB. */
function kerasFeatures(bytes: Uint8Array, side: number): Float64Array[] {
  const mean = [103.939, 116.779, 123.68];
  let x: Float64Array = Float64Array.from(bytes, (_, i) => bytes[i - (i % 3) + 2 - (i % 3)] - mean[i % 3]);
  const found: Float64Array[] = [];
  let size = side;
  for (const { name, input, out, kernel, bias } of layers) {
    if (name.endsWith('conv1') && name !== 'block1_conv1') {
      x = maximum(x, size, input);
      size /= 2;
    }
    x = convolveRelu(x, size, { input, out, kernel, bias });
    if (name === 'block2_conv1' || name === 'block3_conv1') found.push(x);
  }
  return found;
}

function maximum(x: Float64Array, size: number, channels: number): Float64Array {
  const half = size / 2;
  return Float64Array.from({ length: half * half * channels }, (_, i) => {
    const [c, column, row] = [i % channels, Math.floor(i / channels) % half, Math.floor(i / channels / half)];
    const at = (dy: number, dx: number) => x[((2 * row + dy) * size + 2 * column + dx) * channels + c];
    return Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1));
  });
}

function convolveRelu(
  x: Float64Array,
  size: number,
  { input, out, kernel, bias }: Omit<Layer, 'name'>,
): Float64Array {
  const result = new Float64Array(size * size * out);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const sums = Float64Array.from(bias);
      for (let tap = 0; tap < 9; tap++) {
        const [y, z] = [row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1];
        if (y < 0 || z < 0 || y >= size || z >= size) continue;
        for (let i = 0; i < input; i++) {
          const value = x[(y * size + z) * input + i];
          for (let o = 0; o < out; o++) sums[o] += value * kernel[(tap * input + i) * out + o];
        }
      }
      for (let o = 0; o < out; o++) result[(row * size + column) * out + o] = Math.max(0, sums[o]);
    }
  return result;
}

describe('Keras’ VGG19', () => {
  const SIDE = 8;
  const images = [0, 1].map(() =>
    Uint8Array.from({ length: SIDE * SIDE * 3 }, () => Math.floor(random.uniform(0, 256))),
  );

  it('compares images, their borders too, as Keras’ own input and layers do', async () => {
    const path = await run(writeLayersModel(layers));
    const loss = await createPerceptualLoss(perceptual(path), silent);
    const [made, target] = images.map(
      (bytes) =>
        tf.sub(tf.div(tf.tensor4d(Float32Array.from(bytes), [1, SIDE, SIDE, 3]), 127.5), 1) as Tensor4D,
    );
    const [ofMade, ofTarget] = images.map((bytes) => kerasFeatures(bytes, SIDE));
    const expected = [0.07, 0.004].reduce((sum, weight, layer) => {
      const differences = ofMade[layer].map(
        (value, i) => ((value - ofTarget[layer][i]) / (255 * 0.225)) ** 2,
      );
      return sum + (weight * differences.reduce((a, b) => a + b, 0)) / differences.length;
    }, 0);
    expect(expected).toBeGreaterThan(0.001);
    expect(loss([made], target).dataSync()[0] / expected).toBeCloseTo(1, 5);
  });

  it('is the same from every form of file', async () => {
    const expected = dataOf(await run(writeLayersModel(layers)));
    const weights = await writeHdf5('vgg19.weights.h5', named(keras3));
    const keras = join(folder, 'vgg19.keras');
    writeFileSync(
      keras,
      zipFile([
        ['metadata.json', Buffer.from('{}')],
        ['config.json', Buffer.from('{}')],
        ['model.weights.h5', readFileSync(weights)],
      ]),
    );
    const files = [
      weights,
      keras,
      await writeHdf5(
        'vgg19_weights_notop.h5',
        named(({ name }) => [`${name}/${name}_W_1:0`, `${name}/${name}_b_1:0`]),
      ),
      await writeHdf5('model.h5', [
        ...named(({ name }) => [
          `model_weights/${name}/${name}/kernel:0`,
          `model_weights/${name}/${name}/bias:0`,
        ]),
        ['optimizer_weights/Adam/m/block1_conv1/kernel:0', [3, 3, 3, 64], layers[1].kernel.subarray(0, 1728)],
        ['model_weights/fc1/fc1/kernel:0', [2, 2], new Float32Array(4)],
      ]),
    ];
    for (const file of files) expect(dataOf(await run(file))).toEqual(expected);
    const first = await run(files[0], 'vgg19-keras');
    expect(readSafetensorsFile(first).metadata).toMatchObject({ network: 'vgg19-keras' });
    // What was made is read, too.
    expect(dataOf(await run(first))).toEqual(expected);
  });

  it('may be stored in fewer bytes', async () => {
    const exact = dataOf(await run(writeLayersModel(layers)));
    const range = 2 ** 16 - 1;
    const half = await run(
      writeLayersModel(layers, ({ kernel }) => ({
        bytes: bytesOf(roundToFloat16(kernel)),
        quantization: { dtype: 'float16' },
      })),
    );
    const quantized = await run(
      writeLayersModel(layers, ({ kernel }) => {
        const [min, max] = [kernel.reduce((a, b) => Math.min(a, b)), kernel.reduce((a, b) => Math.max(a, b))];
        const scale = (max - min) / range;
        const stored = Uint16Array.from(kernel, (value) => Math.round((value - min) / scale));
        return { bytes: bytesOf(stored), quantization: { dtype: 'uint16', scale, min } };
      }),
    );
    const bytes = await run(
      writeLayersModel(layers, ({ kernel }) => ({
        bytes: bytesOf(Uint8Array.from(kernel, (value) => Math.round(value * 100 + 100))),
        quantization: { dtype: 'uint8', scale: 0.01, min: -1 },
      })),
    );
    const reach = largest(exact['features.0.weight']);
    for (const [path, error] of [
      [half, reach * 2 ** -11],
      [quantized, (1.01 * reach) / range],
      [bytes, 0.00501],
    ] as const) {
      const found = dataOf(path);
      expect(found['features.0.bias']).toEqual(exact['features.0.bias']);
      for (const [key, data] of Object.entries(found))
        expect(
          largest((data as Float32Array).map((value, i) => value - Number(exact[key][i]))),
        ).toBeLessThanOrEqual(error);
    }
  });

  it('of fewer layers is used as far as it goes, and told of', async () => {
    const path = await run(writeLayersModel(layers.slice(0, 3)));
    const attempt = createPerceptualLoss(perceptual(path), silent);
    await expect(attempt).rejects.toThrow(
      /up to conv3_1[\s\S]*without conv2_2, conv3_1[\s\S]*layerWeights=\[1, 0\]/,
    );
    await createPerceptualLoss(perceptual(path, { layerWeights: [1, 0] }), silent);
    await expect(run(writeLayersModel(layers.slice(0, 2)))).rejects.toThrow(/missing: features\.5\.weight/);
    const gap = layers.filter((_, index) => index !== 3);
    await expect(run(writeLayersModel(gap))).rejects.toThrow(/missing: features\.7\.weight \[128,128,3,3\]/);
  });

  it('is not taken for torchvision’s, nor torchvision’s for it', async () => {
    const path = await run(writeLayersModel(layers));
    await expect(createPerceptualLoss(perceptual(path, { network: 'vgg19' }), silent)).rejects.toThrow(
      /got: *vgg19-keras[\s\S]*--set loss\.perceptual\.network=vgg19-keras/,
    );
    await expect(run(writeLayersModel(layers), 'vgg19')).rejects.toThrow(/expected: vgg19-keras/);
  });

  it('has layer weights of its own, unless the configuration says others', () => {
    expect(perceptual('x').layerWeights).toEqual([0.07, 0.004]);
    expect(perceptual('x', { network: 'hed-vgg16' }).layerWeights).toEqual([1, 0.5]);
    expect(perceptual('x', { layerWeights: [1, 0] }).layerWeights).toEqual([1, 0]);
  });
});

describe('what cannot be imported', () => {
  it.each<[string, (model: { format: string; weightsManifest: WeightGroup[] }) => void, RegExp]>([
    [
      'a graph model',
      (model) => {
        model.format = 'graph-model';
      },
      /got: *a graph model[\s\S]*tfjs_layers_model/,
    ],
    [
      'a model without a file',
      ({ weightsManifest: [group] }) => {
        group.paths[1] = 'nothing';
      },
      /missing[\s\S]*nothing beside it/,
    ],
    [
      'a model with too short a file',
      ({ weightsManifest: [group] }) => {
        group.paths.pop();
      },
      /damaged[\s\S]*7168 bytes of weights/,
    ],
    [
      'a file elsewhere',
      ({ weightsManifest: [group] }) => {
        group.paths[0] = '../secret';
      },
      /files beside model\.json/,
    ],
    [
      'numbers of another kind',
      ({ weightsManifest: [group] }) => {
        group.weights[0].dtype = 'complex64';
      },
      /weightsManifest\.0\.weights\.0\.dtype/,
    ],
    [
      'another order of dimensions',
      ({ weightsManifest: [, group] }) => {
        group.weights[0].shape = [64, 64, 3, 3];
      },
      /block1_conv2’s kernel \[3,3,64,64\][\s\S]*\[64,64,3,3\]/,
    ],
    ['no JSON', () => {}, /damaged/],
  ])('%s', async (kind, change, message) => {
    const path = writeLayersModel(layers.slice(0, 3), undefined, change);
    if (kind === 'no JSON') writeFileSync(path, '{"format": "layers-model", ');
    await expect(run(path)).rejects.toThrow(message);
  });

  it('Keras’ VGG16', async () => {
    const further: Layer[] = [
      ...layers,
      ...VGG19_LAYERS.slice(5, 9)
        .filter(({ keras }) => keras !== 'block3_conv4')
        .map(({ keras, shape: [out, input] }) => ({
          name: keras,
          input,
          out,
          kernel: new Float32Array(9 * input * out),
          bias: new Float32Array(out),
        })),
    ];
    await expect(run(writeLayersModel(further))).rejects.toThrow(/Keras’ VGG16[\s\S]*vgg16-397923af\.pth/);
  });

  it('a .keras file without weights', async () => {
    const path = join(folder, 'empty.keras');
    writeFileSync(path, zipFile([['metadata.json', Buffer.from('{}'.padEnd(300))]]));
    await expect(run(path)).rejects.toThrow(/no model\.weights\.h5 in it/);
  });
});
