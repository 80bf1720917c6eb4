/**
 * The networks of others that losses and metrics compare with: how they are recognised, what is kept of them, and the
 * safetensors file that is made of one.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { NetworkGroup } from '../core/released.ts';
import { AlexNet } from '../nn/alexnet.ts';
import { hedLayers, kernelOfKeras } from '../nn/hed-torch.ts';
import { Inception } from '../nn/inception.ts';
import { TorchWeights } from '../nn/torch-weights.ts';
import { KERAS_VGG19, Vgg16 } from '../nn/vgg.ts';
import { UserError } from '../runtime/errors.ts';
import { hashFile } from '../runtime/files.ts';
import { type TensorToStore, writeSafetensors } from '../weights/safetensors.ts';
import type { WeightFile, WeightTensor } from '../weights/weight-file.ts';
import { differences, type Expected, readFinite, requireNoDifferences } from './check-tensors.ts';
import { VGG19_LAYERS, vgg19OfKeras } from './keras-vgg.ts';

/** Keys by which they are recognised: torchvision's VGG and AlexNet, pytorch-fid's Inception, LPIPS's layers, pytorch-hed. */
export const AUXILIARY_SIGNATURES = [
  'features.0.weight',
  'Conv2d_1a_3x3.conv.weight',
  'lin0.model.1.weight',
  'moduleVggOne.0.weight',
];

/** What such files hold, for messages. */
export const AUXILIARY_CONTENTS =
  'torchvision’s vgg19, vgg16 or alexnet; Keras’ VGG19; pytorch-fid’s Inception; LPIPS’s linear layers; pytorch-hed’s network';

interface AuxiliaryNetwork extends Expected {
  /** As `--as` calls it. */
  readonly name: string;
  readonly description: string;
  /** What it is for. `OUT` stands for the file. */
  readonly use: string;
}

/** As the file names them that metrics look for; the folder is the evaluation's. */
const forMetrics = (name: string): string =>
  `evaluate reads it as ${name}.safetensors in the folder of weights`;
const classifier = /^classifier\./;

/** The network of a group; undefined when it is none of these. Throws a UserError for relatives that cannot be used. */
export function recogniseAuxiliary(group: NetworkGroup): AuxiliaryNetwork | undefined {
  const shape = (key: string) => group.tensors.get(key)?.shape;
  switch (group.signature) {
    case 'features.0.weight':
      if (group.file.metadata?.network === KERAS_VGG19) return vgg19Keras(group);
      if (String(shape('features.0.weight')) === '64,3,11,11') return alexnet();
      if (shape('features.34.weight') && !shape('features.1.weight')) return vgg19();
      return shape('features.28.weight') && !shape('features.1.weight') ? vgg16() : undefined;
    case 'Conv2d_1a_3x3.conv.weight':
      return inception(group);
    case 'lin0.model.1.weight':
      if (shape('lin5.model.1.weight')) return undefined;
      return shape('lin1.model.1.weight')?.[1] === 192
        ? lpips('lpips-alex', 'AlexNet', [64, 192, 384, 256, 256])
        : lpips('lpips-vgg', 'VGG16', [64, 128, 256, 512, 512]);
    case 'moduleVggOne.0.weight':
      return hed();
    default:
      return undefined;
  }
}

function vgg19(): AuxiliaryNetwork {
  return {
    name: 'vgg19',
    description: 'torchvision’s VGG19',
    entries: VGG19_LAYERS.flatMap(({ torch, shape }) => convolution(torch, shape)),
    unused: [classifier],
    use: 'the perceptual loss of the paper: --set loss.perceptual.network=vgg19 --set loss.perceptual.weights=OUT',
  };
}

/** The first layers are enough, as many as the file has; conv2_1 is the least that a loss can use. */
function vgg19Keras({ tensors }: NetworkGroup): AuxiliaryNetwork {
  const last = VGG19_LAYERS.findLastIndex(({ torch }) => tensors.has(`${torch}.weight`));
  const layers = VGG19_LAYERS.slice(0, Math.max(last, 2) + 1);
  return {
    name: KERAS_VGG19,
    description: `Keras’ VGG19, its convolutions up to ${layers[layers.length - 1].keras}`,
    entries: layers.flatMap(({ torch, shape }) => convolution(torch, shape)),
    unused: [],
    use: `the perceptual loss: --set loss.perceptual.network=${KERAS_VGG19} --set loss.perceptual.weights=OUT`,
  };
}

function vgg16(): AuxiliaryNetwork {
  const entries = wantedBy((weights) => new Vgg16(weights));
  return {
    name: 'vgg16',
    description: 'torchvision’s VGG16',
    entries,
    unused: [classifier],
    use: `${forMetrics('vgg16')}; the perceptual and style losses of methods that fill holes: --set loss.features.network=vgg16 --set loss.features.weights=OUT`,
  };
}

function alexnet(): AuxiliaryNetwork {
  const entries = wantedBy((weights) => new AlexNet(weights));
  return {
    name: 'alexnet',
    description: 'torchvision’s AlexNet',
    entries,
    unused: [classifier],
    use: forMetrics('alexnet'),
  };
}

function inception({ tensors, where }: NetworkGroup): AuxiliaryNetwork {
  const classes = tensors.get('fc.weight')?.shape[0];
  if ((classes !== undefined && classes !== 1008) || tensors.has('AuxLogits.fc.weight'))
    throw new UserError('This Inception is not the one that FID is defined on.', {
      where,
      expected: 'pytorch-fid’s pt_inception-2015-12-05-6726825d.pth, of 1008 classes',
      got: `a network of ${classes ?? 'other'} classes, as torchvision’s`,
      fix: 'get that file from https://github.com/mseitzer/pytorch-fid/releases (fid_weights)',
    });
  return {
    name: 'inception',
    description: 'the Inception of 2015-12-05 (pytorch-fid)',
    entries: wantedBy((weights) => new Inception(weights)),
    unused: [/^fc\./, /\.num_batches_tracked$/],
    use: forMetrics('inception'),
  };
}

function lpips(name: string, backbone: string, channels: readonly number[]): AuxiliaryNetwork {
  return {
    name,
    description: `LPIPS’s linear layers for ${backbone}`,
    entries: channels.map((count, i) => [`lin${i}.model.1.weight`, [1, count, 1, 1]] as const),
    unused: [],
    use: forMetrics(name),
  };
}

function hed(): AuxiliaryNetwork {
  return {
    name: 'hed',
    description: 'HED (pytorch-hed)',
    entries: hedLayers.flatMap(({ torch, shape }) => convolution(torch, shape)),
    unused: [],
    use: 'edges, in place of the HED that installs by itself',
  };
}

function convolution(key: string, shape: readonly number[]): [string, readonly number[]][] {
  return [
    [`${key}.weight`, shape],
    [`${key}.bias`, [shape[0]]],
  ];
}

/** The weights that a network takes when it is built. */
function wantedBy(build: (weights: TorchWeights) => { dispose(): void }): Map<string, readonly number[]> {
  const wanted = new Wanted();
  build(wanted).dispose();
  return wanted.entries;
}

class Wanted extends TorchWeights {
  readonly entries = new Map<string, readonly number[]>();

  constructor() {
    super(new Map(), '', '');
  }

  override take(key: string, shape: readonly number[]): Float32Array {
    this.entries.set(key, shape);
    return new Float32Array(shape.reduce((product, side) => product * side, 1));
  }
}

/**
 * Writes the weights of a network that losses or metrics use as a safetensors file, by torch's names and in its layout,
 * without the layers that nothing here uses.
 *
 * @param out the file; it does not exist yet.
 * @throws UserError when `--as` says otherwise, weights are missing, unexpected, of another shape or not finite, or
 *   `out` cannot be; nothing is left then.
 */
export async function importAuxiliary(
  group: NetworkGroup,
  network: AuxiliaryNetwork,
  out: string,
): Promise<void> {
  const { tensors, where, asked, file } = group;
  if (asked !== undefined && asked !== network.name)
    throw new UserError('A network is not what --as says.', {
      where: `--as ${asked}, for ${where}`,
      expected: network.name,
      got: `${network.description}, by its keys`,
    });
  requireNewFile(out);
  requireNoDifferences(new Map([[where, differences(tensors, network)]]));
  const entries = [...network.entries].map(([key, shape]): [string, TensorToStore] => [
    key,
    { shape, data: readFinite(key, tensors, where) },
  ]);
  await writeSafetensors(out, entries, {
    network: network.name,
    source: basename(file.path),
    sha256: await hashFile(file.path),
  });
}

function requireNewFile(out: string): void {
  if (!out.endsWith('.safetensors'))
    throw new UserError('The weights of this network become one file.', {
      where: `--out ${out}`,
      expected: 'a file name that ends with .safetensors',
    });
  if (existsSync(out))
    throw new UserError('There is a file of that name already.', {
      where: `--out ${out}`,
      fix: 'choose another name, or remove the file',
    });
}

/** A Keras file of HED or VGG19 with the names and layout of PyTorch's; every other file as it is. */
export function withTorchNames(file: WeightFile): WeightFile {
  const { tensors } = file;
  if (!tensors.has('fuse/vars/0') || !tensors.has('block1/layers/conv2d/vars/0')) return vgg19OfKeras(file);
  const renamed = hedLayers.flatMap(({ keras, torch, shape }): [string, WeightTensor][] => {
    const [kernel, bias] = [tensors.get(`${keras}/vars/0`), tensors.get(`${keras}/vars/1`)];
    const fits = String(kernel?.shape) === String([shape[2], shape[3], shape[1], shape[0]]);
    return [
      ...(kernel && fits
        ? [
            [
              `${torch}.weight`,
              { ...kernel, shape, read: () => kernelOfKeras(kernel.read() as Float32Array, shape) },
            ] as [string, WeightTensor],
          ]
        : []),
      ...(bias ? [[`${torch}.bias`, bias] as [string, WeightTensor]] : []),
    ];
  });
  return { ...file, tensors: new Map(renamed) };
}
