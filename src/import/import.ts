/** Brings weights of others in: what files hold is recognised, checked and written as commands here read it. */
import { basename } from 'node:path';
import type { NetworkGroup } from '../core/released.ts';
import { allMethods } from '../models/registry.ts';
import { UserError } from '../runtime/errors.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { openWeightFile, type WeightFile, type WeightTensor } from '../weights/weight-file.ts';
import {
  AUXILIARY_CONTENTS,
  AUXILIARY_SIGNATURES,
  importAuxiliary,
  recogniseAuxiliary,
  withTorchNames,
} from './auxiliary.ts';
import { type ImportedCheckpoint, importReleased } from './checkpoint.ts';
import { chooseParams, GENERAL, plainKeys } from './state-dict.ts';

const MAX_NETWORKS = 64;

/** Which files of weights are imported, and where to. */
export interface ImportOptions {
  readonly from: readonly string[];
  /** What the files are, one name for each in their order; an empty one leaves it to keys, shapes and file names. */
  readonly names?: readonly string[] | undefined;
  /** Folder of the checkpoint, or the safetensors file of a network that losses or metrics use. */
  readonly out: string;
  /** Of files that hold a network's weights twice, such as `params` and `params_ema`: which to take. Default: the averages. */
  readonly params?: string | undefined;
  /** Is told what happens. Default: nobody. */
  readonly reporter?: Reporter | undefined;
}

/** What came of an import: a checkpoint, or one file of weights for losses or metrics. */
export type Imported =
  | { readonly kind: 'checkpoint'; readonly checkpoint: ImportedCheckpoint }
  | { readonly kind: 'file'; readonly description: string; readonly use: string };

/**
 * Imports files: released networks of one method together as one checkpoint, or one network that losses or metrics use as
 * one safetensors file.
 *
 * @throws UserError when a file cannot be read, its network is not known or does not fit; nothing is left then.
 */
export async function importWeights(options: ImportOptions): Promise<Imported> {
  const { from, names = [], out, params, reporter = silent } = options;
  requireNames(from, names);
  const known = {
    signatures: [
      ...allMethods().flatMap(({ released }) => released?.signatures ?? []),
      ...AUXILIARY_SIGNATURES,
    ],
    contents: [...allMethods().flatMap(({ released }) => released?.contents ?? []), AUXILIARY_CONTENTS],
  };
  const files: WeightFile[] = [];
  try {
    for (const path of from)
      files.push(
        chooseParams(withTorchNames(plainKeys(await openWeightFile(path))), {
          asked: params,
          several: from.length > 1,
          reporter,
        }),
      );
    for (const { path, leftOut = [] } of files)
      if (leftOut.length > 0)
        reporter.info(`${path}: left out, as they are no tensors, and not run: ${leftOut.join(', ')}`);
    const groups = files.flatMap((file, i) => findGroups(file, names[i] || undefined, known));
    for (const definition of allMethods()) {
      const { released } = definition;
      if (!released || !groups.every(({ signature }) => released.signatures.includes(signature))) continue;
      const checkpoint = await importReleased(definition, released, groups, out, reporter);
      return { kind: 'checkpoint', checkpoint };
    }
    return await importAlone(groups, known.contents, out);
  } finally {
    for (const file of files) file.close();
  }
}

/** Imports a network that losses or metrics use. Throws a UserError when it is not the only group, or unknown. */
async function importAlone(
  groups: readonly NetworkGroup[],
  contents: readonly string[],
  out: string,
): Promise<Imported> {
  const group = groups.find(({ signature }) => AUXILIARY_SIGNATURES.includes(signature)) ?? groups[0];
  const network = recogniseAuxiliary(group);
  if (groups.length > 1)
    throw new UserError('These networks do not make one model: each is imported by itself.', {
      where: group.where,
      expected: `${network?.description ?? 'this network'} alone, as the one --from`,
      got: `${groups.length} networks`,
    });
  if (!network) throw unknownNetwork(group.file, contents);
  await importAuxiliary(group, network, out);
  return { kind: 'file', description: network.description, use: network.use.replace('OUT', out) };
}

function requireNames(from: readonly string[], names: readonly string[]): void {
  if (from.length === 0)
    throw new UserError('What is to be imported?', { expected: '--from FILE, at least one' });
  if (names.length === 0 || names.length === from.length) return;
  throw new UserError('Names and files are not equally many.', {
    where: `--as ${names.join(',')}`,
    expected: `${from.length} names separated by commas, one for each --from in its order; empty ones are allowed`,
    got: String(names.length),
  });
}

/** The networks that can be imported. */
interface Known {
  /** Keys by which they are recognised: each has exactly one of them. */
  readonly signatures: readonly string[];
  /** What files may hold, for messages. */
  readonly contents: readonly string[];
}

/**
 * The networks of a file. Dictionaries in it may be nested (`{'G64': {...}, 'F': {...}, 'optimizer': ...}`): what stands
 * beside the networks is left out.
 *
 * @throws UserError when there is none, there are too many, or `asked` names one of several.
 */
function findGroups(
  file: WeightFile,
  asked: string | undefined,
  { signatures, contents }: Known,
): NetworkGroup[] {
  const signed = [...file.tensors.keys()].flatMap((key) => {
    const signature = signatures.find((known) => key === known || key.endsWith(`.${known}`));
    return signature ? [{ prefix: key.slice(0, -signature.length), signature }] : [];
  });
  if (signed.length === 0) throw unknownNetwork(file, contents);
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
      fix: 'leave the name of this file empty, as in --as NAME,,NAME',
    });
  return groups;
}

function groupOf(
  file: WeightFile,
  prefix: string,
  signature: string,
  asked: string | undefined,
): NetworkGroup {
  const tensors = [...file.tensors]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, tensor]): [string, WeightTensor] => [key.slice(prefix.length), tensor]);
  const own = prefix.split('.').findLast((part) => part !== '' && !GENERAL.has(part));
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
function unknownNetwork({ path, tensors }: WeightFile, contents: Known['contents']): UserError {
  const keys = [...tensors.keys()];
  if (path.endsWith('.safetensors') && keys.some((key) => /^\w+\/.+\/(kernel|bias)$/.test(key)))
    return new UserError('This file is part of a checkpoint of this program already.', {
      where: path,
      fix: 'give the checkpoint’s folder to the command that is to use it, for example infer -- --checkpoint FOLDER',
    });
  return new UserError('The network of a weight file is not known.', {
    where: path,
    expected: contents.join('; '),
    got: `${keys.length} tensors: ${keys.slice(0, 6).join(', ')}${keys.length > 6 ? ', ...' : ''}`,
  });
}
