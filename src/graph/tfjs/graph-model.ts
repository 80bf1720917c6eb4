/**
 * TF.js's GraphModel, which `tf.loadGraphModel` runs on every backend without code of ours: `model.json` (GraphDef,
 * signature, list of weights) and the weights' bytes one after the other in files of at most 4 MB.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../runtime/files.ts';
import { roundToFloat16 } from '../../weights/float16.ts';
import type { Graph, GraphConstant } from '../graph.ts';
import { toGraphDef } from './graph-def.ts';
import { meansByAxes } from './mean-by-axes.ts';

export type Precision = 'fp32' | 'fp16';

const SHARD_BYTES = 4 * 2 ** 20;
/** Constants with fewer elements stay in single precision: they take no room, and scalars need their digits. */
const HALF_FROM = 1024;
/** The largest finite half float. Constants with larger numbers stay in single precision too. */
const HALF_MAXIMUM = 65504;

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly quantization?: { readonly dtype: 'float16'; readonly original_dtype: 'float32' };
}

/**
 * Writes a graph to `FOLDER/model.json` and `FOLDER/group1-shardNofM.bin`, the same bytes for the same graph.
 *
 * @param precision of the stored weights; TF.js computes in what its backend has.
 */
export async function writeGraphModel(folder: string, graph: Graph, precision: Precision): Promise<void> {
  const written = meansByAxes(graph);
  const { nodes, constants, inputs, outputs } = toGraphDef(written);
  const stored = [...written.constants].map(([id, constant]) =>
    storedWeight(constants.get(id)!, constant, precision),
  );
  const shards = split(stored.map(({ bytes }) => bytes));
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const model = {
    format: 'graph-model',
    generatedBy: 'deep-plastic-surgery',
    convertedBy: null,
    signature: { inputs, outputs },
    // With this `predict` gives the outputs by name.
    userDefinedMetadata: { structuredOutputKeys: Object.keys(outputs) },
    modelTopology: { node: nodes, library: {}, versions: { producer: 1882 } },
    weightsManifest: [{ paths, weights: stored.map(({ entry }) => entry) }],
  };
  await mkdir(folder, { recursive: true });
  for (const [i, shard] of shards.entries()) await writeFileAtomically(join(folder, paths[i]), shard);
  await writeFileAtomically(join(folder, 'model.json'), `${JSON.stringify(model)}\n`);
}

function storedWeight(
  name: string,
  { shape, data }: GraphConstant,
  precision: Precision,
): { entry: WeightEntry; bytes: Uint8Array } {
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  if (data instanceof Float32Array && precision === 'fp16' && fitsHalf(data)) {
    const quantization = { dtype: 'float16', original_dtype: 'float32' } as const;
    return { entry: { name, shape, dtype: 'float32', quantization }, bytes: bytesOf(roundToFloat16(data)) };
  }
  const dtype = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
  return { entry: { name, shape, dtype }, bytes: bytesOf(data) };
}

const fitsHalf = (data: Float32Array): boolean =>
  data.length >= HALF_FROM && data.every((value) => Math.abs(value) <= HALF_MAXIMUM);

/** Bytes one after the other, cut into pieces. */
function split(parts: readonly Uint8Array[]): Uint8Array[] {
  const whole = Buffer.concat(parts);
  const pieces = Math.max(1, Math.ceil(whole.length / SHARD_BYTES));
  return Array.from({ length: pieces }, (_, i) => whole.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
}
