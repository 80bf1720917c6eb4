/** Runs model files by onnxruntime, which can be in one process with TensorFlow. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadOnnxruntime } from '../../runtime/onnxruntime.ts';
import { arrange, permutation, straight, transposeData, usualLayout } from './layout.ts';
import { unusableModel } from './unusable-model.ts';

const ort = loadOnnxruntime();

export const onnxruntimeVersion = ort.env.versions.node;

/** Numbers of any rank, row-major; what is NCHW in a model is NHWC here, as everywhere else. Bytes are whole numbers from 0 to 255. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Types and shapes, as they are in the model. */
  readonly inputMetadata: InferenceSession['inputMetadata'];
  /** Computes all outputs by name from all inputs by name. */
  run(inputs: Readonly<Record<string, Values>>): Promise<Record<string, Values>>;
  /** Frees the model's memory. */
  release(): Promise<void>;
}

/**
 * Opens a model.
 *
 * @param model its file, or its bytes.
 * @param threads that compute; all cores where it is not given.
 * @throws UserError when onnxruntime cannot read it.
 */
export async function openOnnx(
  model: string | Uint8Array,
  { threads }: { threads?: number } = {},
): Promise<OnnxSession> {
  const options: InferenceSession.SessionOptions = {
    ...(threads && { intraOpNumThreads: threads }),
    // Warnings are about what the runtime could do better, not about the model.
    logSeverityLevel: 3,
    // Threads that wait for work would take the cores from TensorFlow's.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
  let session: InferenceSession;
  try {
    session = await ort.InferenceSession.create(model as string, options);
  } catch (error) {
    throw unusableModel(model, error);
  }
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    inputMetadata: session.inputMetadata,
    async run(inputs) {
      const bytes = session.inputMetadata.filter((input) => input.isTensor && input.type === 'uint8');
      const isBytes = new Set(bytes.map(({ name }) => name));
      const results = await session.run(
        mapValues(inputs, (values, name) => (isBytes.has(name) ? toBytes(values) : toModel(values))),
      );
      return mapValues(results, fromModel);
    },
    release: () => session.release(),
  };
}

const mapValues = <A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));

/** A value as onnxruntime takes it, in the model's layout. */
export function toModel({ shape, data }: Values): Tensor {
  const layout = usualLayout(shape.length);
  return new ort.Tensor('float32', transposeData(data, shape, layout), arrange(layout, shape));
}

const toBytes = ({ shape, data }: Values): Tensor => new ort.Tensor('uint8', Uint8Array.from(data), shape);

function fromModel({ dims, type, data }: Tensor): Values {
  if (type === 'uint8') return { shape: dims, data: Float32Array.from(data as Uint8Array) };
  const back = permutation(usualLayout(dims.length), straight(dims.length));
  return { shape: arrange(back, dims), data: transposeData(data as Float32Array, dims, back) };
}
