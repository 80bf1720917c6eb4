/** Runs a method's prediction of one picture after the other, by the runtime that is fastest for it here. */
import { compilePredictor } from '../core/compiled-predictor.ts';
import { predictionGraph } from '../core/computation.ts';
import type { Predictor } from '../core/method.ts';
import { splitStrokes } from '../data/colour-strokes.ts';
import { type LoadedMethod, trainedPredictor } from '../models/load.ts';
import { nativeBackend } from '../ops/raw.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { type RunningPredictor, runByOnnxruntime } from './run-onnx.ts';

/**
 * From so many pictures on it pays to prepare a prediction for onnxruntime: recording it and opening a session take what is
 * gained by twenty to thirty pictures.
 */
const WORTH_PREPARING = 24;

/** What predicts on this machine, in words. */
export async function describeRuntime(): Promise<string> {
  if (nativeBackend().isUsingGpuDevice) return 'by TensorFlow on the GPU';
  const { onnxruntimeVersion } = await import('../graph/onnx/session.ts');
  return `by onnxruntime ${onnxruntimeVersion} in the editor and for ${WORTH_PREPARING} pictures or more, otherwise by TensorFlow`;
}

/**
 * A loaded method's prediction. On a CPU it is prepared for onnxruntime where enough pictures are to be made; on a GPU
 * TensorFlow runs it, from the second picture on as one function.
 *
 * @param pictures how many will be made, as far as one knows.
 * @throws UserError when a network that it runs is not trained yet.
 */
export async function openPredictor(
  loaded: LoadedMethod,
  pictures: number,
  reporter: Reporter,
): Promise<RunningPredictor> {
  const predictor = trainedPredictor(loaded);
  const { resolution } = loaded.config;
  if (nativeBackend().isUsingGpuDevice) {
    const compiled = compilePredictor(predictor, reporter);
    return { ...runByTensorFlow(compiled, resolution), close: async () => compiled.dispose() };
  }
  const native = runByTensorFlow(predictor, resolution);
  if (pictures < WORTH_PREPARING) return native;
  let model: Uint8Array;
  try {
    model = await predictionModel(loaded);
  } catch (error) {
    reporter.warn(
      `The prediction of ${loaded.config.method} cannot be recorded, so TensorFlow runs it operation by operation, which takes two to four times as long: ${(error as Error).message}`,
    );
    return native;
  }
  return runByOnnxruntime(model, resolution);
}

/** The prediction of one picture, with the weights as they are now, as an ONNX model for {@link runByOnnxruntime}. */
export async function predictionModel({ method, config }: Pick<LoadedMethod, 'method' | 'config'>) {
  const { writeOnnx } = await import('../graph/onnx/write.ts');
  return writeOnnx(predictionGraph(method, config), {
    name: 'prediction',
    precision: 'fp32',
    producer: { name: 'deep-plastic-surgery', version: '' },
    description: '',
  });
}

/** TensorFlow. @param r side of the input, px. */
export function runByTensorFlow(predictor: Predictor, r: number): RunningPredictor {
  return {
    async run(input, l) {
      const prediction = tf.tidy(() => {
        const image = tf.tensor4d(input.image, [1, r, r, 3]);
        const hole = tf.tensor4d(input.hole, [1, r, r, 1]);
        const sketch = tf.tensor4d(input.sketch, [1, r, r, 1]);
        const colour = input.colour && splitStrokes(tf.tensor4d(input.colour, [1, r, r, 4]));
        return { ...predictor.predict({ image, hole, sketch, l, ...(colour && { colour }) }) };
      });
      const floats = async (tensor?: Tensor4D) => (await tensor?.data()) as Float32Array | undefined;
      try {
        return {
          resolution: prediction.result.shape[1],
          result: (await prediction.result.data()) as Float32Array,
          refinedSketch: await floats(prediction.refinedSketch),
          firstImage: await floats(prediction.firstImage),
          roughSketch: await floats(prediction.roughSketch),
        };
      } finally {
        tf.dispose(prediction);
      }
    },
    async close() {},
  };
}
