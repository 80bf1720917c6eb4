/**
 * Layers models of TensorFlow.js: `model.json`, which lists groups of weights, and the files with their bytes beside it.
 * @tensorflow/tfjs-core, src/io/types.ts: WeightsManifestConfig
 */
import { closeSync, openSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import { UserError } from '../runtime/errors.ts';
import { nameFile, readFully, readText } from '../runtime/files.ts';
import { widenFloat16 } from './float16.ts';

/** As every format's; see weight-file.ts. */
interface LayersModel {
  /** model.json and the files with the weights. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, LayersTensor>;
}

interface LayersTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  read(): Float32Array | Float64Array;
}

const ELEMENTS = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  float16: Uint16Array,
};

const weight = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.enum(['float32', 'int32', 'bool']),
  /** Numbers stored in fewer bytes: as half precision, or as `min` plus an integer times `scale`. */
  quantization: z
    .union([
      z.object({ dtype: z.literal('float16') }),
      z.object({ dtype: z.enum(['uint8', 'uint16']), scale: z.number(), min: z.number() }),
    ])
    .optional(),
});
type Weight = z.output<typeof weight>;

const modelJson = z.object({
  format: z.string().optional(),
  weightsManifest: z.array(z.object({ paths: z.array(z.string()).min(1), weights: z.array(weight) })).min(1),
});

/** A file of a group, and where its bytes begin in the group. */
interface Shard {
  readonly path: string;
  readonly start: number;
  readonly size: number;
}

/**
 * Opens a layers model by its `model.json`.
 *
 * @throws UserError when it is no layers model, or the files that it names are missing or of another size.
 */
export async function openLayersModel(path: string): Promise<LayersModel> {
  const tensors = new Map<string, LayersTensor>();
  const files = [path];
  for (const { paths, weights } of (await readManifest(path)).weightsManifest) {
    const shards: Shard[] = [];
    let size = 0;
    for (const name of paths) {
      const shard = { path: besideModel(path, name), start: size, size: sizeOf(path, name) };
      shards.push(shard);
      size += shard.size;
    }
    let offset = 0;
    for (const one of weights) {
      const start = offset;
      offset += bytesOf(one);
      tensors.set(one.name, {
        shape: one.shape,
        dtype: one.dtype,
        read: () => readWeight(shards, start, one),
      });
    }
    if (offset !== size)
      throw damaged(path, `${offset} bytes of weights in ${paths.join(', ')}`, `${size} bytes`);
    files.push(...shards.map((shard) => shard.path));
  }
  return { files, tensors };
}

async function readManifest(path: string): Promise<z.output<typeof modelJson>> {
  const text = await readText(path);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw damaged(path, 'a model.json of TensorFlow.js', (error as Error).message);
  }
  const { success, data, error } = modelJson.safeParse(content);
  if (success && data.format !== 'graph-model') return data;
  throw new UserError('This JSON file is no layers model of TensorFlow.js.', {
    where: path,
    expected: 'a layers model: model.json with `weightsManifest`, and the files that it names beside it',
    got: success
      ? 'a graph model'
      : error.issues
          .slice(0, 3)
          .map(({ path: at, message }) => `${at.join('.')}: ${message}`)
          .join('; '),
    fix: success
      ? 'convert the Keras model with --output_format=tfjs_layers_model, or import the Keras file'
      : undefined,
  });
}

/** Names are paths below the model's folder. */
function besideModel(path: string, name: string): string {
  const below = normalize(name);
  // The system knows no names with zero characters.
  if (isAbsolute(below) || below.startsWith('..') || below.includes('\0'))
    throw damaged(path, 'files beside model.json', name);
  return join(dirname(path), below);
}

function sizeOf(path: string, name: string): number {
  const found = statSync(besideModel(path, name), { throwIfNoEntry: false });
  if (found) return found.size;
  throw new UserError('A file of a TensorFlow.js model is missing.', {
    where: path,
    expected: `${name} beside it`,
    got: 'nothing of that name',
    fix: 'download all files that lie beside model.json into one folder',
  });
}

const damaged = (path: string, expected: string, got: string) =>
  new UserError('A TensorFlow.js model is damaged.', {
    where: path,
    expected,
    got,
    fix: 'download it again',
  });

const elementOf = ({ dtype, quantization }: Weight) => ELEMENTS[quantization?.dtype ?? dtype];
const sizeOfShape = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
const bytesOf = (one: Weight) => sizeOfShape(one.shape) * elementOf(one).BYTES_PER_ELEMENT;

function readWeight(shards: readonly Shard[], start: number, one: Weight): Float32Array | Float64Array {
  const { buffer } = readBytes(shards, start, bytesOf(one));
  const stored = new (elementOf(one))(buffer);
  const { quantization, dtype } = one;
  if (!quantization) return stored instanceof Float32Array ? stored : Float64Array.from(stored);
  if (quantization.dtype === 'float16') return widenFloat16(stored as Uint16Array);
  const { scale, min } = quantization;
  if (dtype === 'float32') return Float32Array.from(stored, (value) => value * scale + min);
  return Float64Array.from(stored, (value) => Math.round(value * scale + min));
}

/** Bytes of a group, which may begin in one file and end in another. */
function readBytes(shards: readonly Shard[], start: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (const shard of shards) {
    const from = Math.max(start, shard.start);
    const to = Math.min(start + length, shard.start + shard.size);
    if (from >= to) continue;
    const file = openSync(shard.path, 'r');
    try {
      const done = readFully(file, bytes.subarray(from - start, to - start), from - shard.start);
      if (done !== to - from) throw damaged(shard.path, `${shard.size} bytes`, 'fewer');
    } catch (error) {
      throw nameFile(error, shard.path);
    } finally {
      closeSync(file);
    }
  }
  return bytes;
}
