/** Runs model files by onnxruntime, which can be in one process with TensorFlow. */
import { createRequire } from 'node:module';
import type { InferenceSession } from 'onnxruntime-node';
import { UserError } from '../../runtime/errors.ts';
import { arrange, permutation, straight, transposeData, usualLayout } from './layout.ts';

const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');

/** Numbers of any rank, row-major; what is NCHW in a model is NHWC here, as everywhere else. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
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
    throw new UserError('onnxruntime cannot open a model.', {
      where: typeof model === 'string' ? model : undefined,
      got: (error as Error).message,
    });
  }
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(inputs) {
      const feeds = Object.entries(inputs).map(([name, values]) => [name, feed(values)] as const);
      const results = await session.run(Object.fromEntries(feeds));
      return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, fetch(result)]));
    },
    release: () => session.release(),
  };
}

function feed({ shape, data }: Values) {
  const layout = usualLayout(shape.length);
  return new ort.Tensor('float32', transposeData(data, shape, layout), arrange(layout, shape));
}

function fetch({ dims, data }: { dims: readonly number[]; data: unknown }): Values {
  const back = permutation(usualLayout(dims.length), straight(dims.length));
  return { shape: arrange(back, dims), data: transposeData(data as Float32Array, dims, back) };
}
