/** The networks in files: tensors that one network's state dict consists of, and what names say of it. */
import { basename } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import type { WeightFile, WeightTensor } from './weight-file.ts';

/** Keys by which the networks that can be imported are recognised: each network has exactly one of them. */
const SIGNATURES = [
  // DeepPS: F, G, D.
  'dconv1.weight',
  'embedding.style.0.weight',
  'model.1.weight_orig',
  // torchvision's VGG and AlexNet; pytorch-fid's Inception; LPIPS's linear layers; pytorch-hed.
  'features.0.weight',
  'Conv2d_1a_3x3.conv.weight',
  'lin0.model.1.weight',
  'moduleVggOne.0.weight',
  // TensorFlow 1: SC-FEGAN, DeepFillv2.
  'generator/gconv1_ds/kernel',
  'inpaint_net/conv1/kernel',
] as const;

const MAX_NETWORKS = 64;

export interface NetworkGroup {
  readonly file: WeightFile;
  /** The file, and the prefix of its keys where they have one, for messages. */
  readonly where: string;
  /** By key without the prefix. */
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  readonly signature: (typeof SIGNATURES)[number];
  /** What the user calls it (`--as`). */
  readonly asked: string | undefined;
  /** What the prefix of its keys, or else its file's metadata, or the file's name without the extension calls it. */
  readonly names: readonly string[];
}

/**
 * The networks of a file. Dictionaries in it may be nested (`{'G64': {...}, 'F': {...}, 'optimizer': ...}`): what stands
 * beside the networks is left out.
 *
 * @throws UserError when there is none, there are too many, or `asked` names one of several.
 */
export function findGroups(file: WeightFile, asked: string | undefined): NetworkGroup[] {
  const signed = [...file.tensors.keys()].flatMap((key) => {
    const signature = SIGNATURES.find((known) => key === known || key.endsWith(`.${known}`));
    return signature ? [{ prefix: key.slice(0, -signature.length), signature }] : [];
  });
  if (signed.length === 0) throw unknownNetwork(file);
  if (signed.length > MAX_NETWORKS)
    throw new UserError('A file holds too many networks.', {
      where: file.path,
      expected: `at most ${MAX_NETWORKS}`,
      got: String(signed.length),
    });
  const groups = signed.map(({ prefix, signature }) => groupOf(file, prefix, signature, asked));
  if (groups.length > 1 && asked !== undefined)
    throw new UserError('A name is given for a file of several networks.', {
      where: `--as ${asked}`,
      expected: 'no name for it: its own keys name them',
      got: groups.map(({ where }) => where).join(', '),
      fix: 'leave the name of this file empty, as in --as G64,,G256',
    });
  return groups;
}

function groupOf(
  file: WeightFile,
  prefix: string,
  signature: NetworkGroup['signature'],
  asked: string | undefined,
): NetworkGroup {
  const tensors = [...file.tensors]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, tensor]): [string, WeightTensor] => [key.slice(prefix.length), tensor]);
  const own = prefix.split('.').at(-2);
  const stem = basename(file.path).replace(/(\.weights)?\.\w+$/, '');
  return {
    file,
    where: prefix ? `${file.path}: ${prefix}*` : file.path,
    tensors: new Map(tensors),
    signature,
    asked,
    names: [own ?? file.metadata?.network, stem].filter((name) => name !== undefined),
  };
}

/** The error of a file with none of the networks that can be imported. */
export function unknownNetwork({ path, tensors }: WeightFile): UserError {
  const keys = [...tensors.keys()];
  if (path.endsWith('.safetensors') && keys.some((key) => /^\w+\/.+\/(kernel|bias)$/.test(key)))
    return new UserError('This file is part of a checkpoint of this program already.', {
      where: path,
      fix: 'give the checkpoint’s folder to the command that is to use it, for example infer -- --checkpoint FOLDER',
    });
  return new UserError('The network of a weight file is not known.', {
    where: path,
    expected:
      'F, G or D of DeepPS; torchvision’s vgg19, vgg16 or alexnet; pytorch-fid’s Inception; LPIPS’s linear layers; ' +
      'pytorch-hed’s network; SC-FEGAN’s or DeepFillv2’s TensorFlow checkpoint',
    got: `${keys.length} tensors: ${keys.slice(0, 6).join(', ')}${keys.length > 6 ? ', ...' : ''}`,
  });
}
