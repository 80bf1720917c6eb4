/** Files of weights in any format that is read here, told apart by how they begin. */
import { basename } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { readRange } from '../runtime/files.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
import { looksLikeKerasModel, readKerasModel, readKerasWeights } from './keras.ts';
import { looksLikeTorch, openTorchFile } from './pytorch/read.ts';
import { readSafetensorsFile, type StoredTensor } from './safetensors.ts';
import { filesOfSet } from './sharded.ts';
import { openTensorBundle, tensorBundlePrefix } from './tensorflow1/read.ts';
import { openLayersModel } from './tfjs-layers.ts';

export interface WeightTensor {
  readonly shape: readonly number[];
  /** As its format calls it. */
  readonly dtype: string;
  /** Elements, row-major: single precision for floating-point tensors, numbers for integers and booleans. */
  read(): Float32Array | Float64Array;
}

export interface WeightFile {
  readonly path: string;
  /** The files that it consists of. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  /** What the file says beside its tensors, in formats that have room for it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Python's objects beside the tensors, which are left out. */
  readonly leftOut?: readonly string[];
  /** After this no tensor can be read. */
  close(): void;
}

/**
 * Opens a PyTorch file (old form or zip), a safetensors file, Keras weights (`.h5`, `.keras`), a layers model of
 * TensorFlow.js (`model.json`) or a checkpoint of TensorFlow's Saver, which is named by any of its files, by what their
 * names have in common or by its folder. Of a set of files, which its index or any of its parts names, it opens all.
 *
 * @throws UserError when it cannot be read, is damaged, or is none of these.
 */
export async function openWeightFile(path: string): Promise<WeightFile> {
  const files = filesOfSet(path);
  return files ? openSet(path, files) : openOne(path);
}

async function openSet(path: string, paths: readonly string[]): Promise<WeightFile> {
  const parts: WeightFile[] = [];
  const close = () => {
    for (const part of parts) part.close();
  };
  try {
    for (const one of paths) parts.push(await openOne(one));
    const tensors = new Map(parts.flatMap((part) => [...part.tensors]));
    const leftOut = parts.flatMap((part) => part.leftOut ?? []);
    return { path, files: paths, tensors, metadata: parts[0].metadata ?? {}, leftOut, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function openOne(path: string): Promise<WeightFile> {
  const prefix = tensorBundlePrefix(path);
  if (prefix !== undefined) return { path: `${prefix}.index`, ...openTensorBundle(prefix) };
  const head = await readHead(path);
  const files = [path];
  const close = () => {};
  // Eight bytes of length, of which the upper four are zero, then the header's brace. They are looked at first, as those of
  // 640 begin like a pickle.
  if (head[8] === 0x7b && head.readUInt32LE(4) === 0) {
    const file = readSafetensorsFile(path);
    const tensors = [...file.tensors].map(([key, tensor]): [string, WeightTensor] => [
      key,
      { shape: tensor.shape, dtype: tensor.dtype, read: () => numbersOf(tensor) },
    ]);
    return { path, files, tensors: new Map(tensors), metadata: file.metadata, close };
  }
  const isKerasModel = looksLikeKerasModel(head);
  if (isKerasModel || head.subarray(1, 4).toString('latin1') === 'HDF') {
    const arrays = await (isKerasModel ? readKerasModel(path) : readKerasWeights(path));
    const tensors = [...arrays].map(([key, { shape, data }]): [string, WeightTensor] => [
      key,
      { shape, dtype: 'float32', read: () => data },
    ]);
    return { path, files, tensors: new Map(tensors), close };
  }
  if (looksLikeTorch(head.subarray(0, 4))) return { path, files, ...(await openTorchFile(path)) };
  if (/^\s*\{/.test(head.toString('latin1'))) return { path, close, ...(await openLayersModel(path)) };
  throw unknownFormat(path, head);
}

function numbersOf({ data, dtype }: StoredTensor): Float32Array | Float64Array {
  if (data instanceof Float32Array) return data;
  if (dtype === 'F64') return Float32Array.from(data as Float64Array);
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data);
}

async function readHead(path: string): Promise<Buffer> {
  try {
    return await readRange(path, 0, 256);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError('A weight file cannot be read.', {
      where: `--from ${path}`,
      expected: 'a file of weights',
      got: code === 'EISDIR' ? 'a folder' : code === 'ENOENT' ? 'nothing of that name' : message,
      fix:
        code === 'EISDIR'
          ? `name the files in it: --from ${path.replace(/\/$/, '')}/*`
          : explainSystemError(error)?.details.fix,
    });
  }
}

function unknownFormat(path: string, head: Buffer): UserError {
  const text = head.toString('latin1').trimStart().toLowerCase();
  const expected =
    'a PyTorch file (.ckpt, .pth, .pt), a .safetensors file, Keras weights (.h5, .keras), a TensorFlow.js layers model (model.json) or a TensorFlow checkpoint (.index)';
  const where = `--from ${path}`;
  const again = `download ${basename(path)} again, in a browser if need be, and compare its size`;
  if (/^<(!doctype|html|\?xml)/.test(text))
    return new UserError('A web page was saved in place of the weights.', {
      where,
      expected,
      got: 'HTML, as download sites send it when they ask for a confirmation or refuse',
      fix: again,
    });
  if (text.startsWith('version https://git-lfs'))
    return new UserError('A file is only Git LFS’s note of where the weights are.', {
      where,
      expected,
      got: 'a pointer of a few lines',
      fix: 'run `git lfs pull` in the repository that it comes from',
    });
  const got =
    head.length === 0
      ? 'an empty file'
      : `a file that begins with the bytes ${[...head.subarray(0, 4)].join(' ')}`;
  return new UserError('The format of a weight file is not known.', { where, expected, got, fix: again });
}
