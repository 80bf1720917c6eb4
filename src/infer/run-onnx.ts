/** Predictions by onnxruntime, for which no TensorFlow is loaded. */
import { CAPTIONS } from '../core/vocabulary.ts';
import type { OnnxSession } from '../graph/onnx/session.ts';
import type { NetworkInput, NetworkOutput } from './network-input.ts';

/** A prediction that is ready to run. */
export interface RunningPredictor {
  /** Predicts from one input of the method's resolution. @param l in [0, 1], for methods that have one. */
  run(input: NetworkInput, l?: number): Promise<NetworkOutput>;
  /** Frees what it holds; the method stays its owner's. */
  close(): Promise<void>;
}

/** @param model a `predictionModel` (run-predictor.ts). @param r side of the input, px. */
export async function runByOnnxruntime(model: Uint8Array, r: number): Promise<RunningPredictor> {
  const { openOnnx } = await import('../graph/onnx/session.ts');
  return runSession(await openOnnx(model), r);
}

/** @param session of a `predictionModel`, or of the whole path of an export. @param r side of the input, px. */
export function runSession(session: OnnxSession, r: number): RunningPredictor {
  return {
    async run({ image, hole, sketch, colour = new Float32Array(r * r * 4) }, l = 0) {
      const values = {
        photo: { shape: [1, r, r, 3], data: image },
        hole: { shape: [1, r, r, 1], data: hole },
        sketch: { shape: [1, r, r, 1], data: sketch },
        colour: { shape: [1, r, r, 4], data: colour },
        l: { shape: [1, 1], data: Float32Array.of(l) },
      };
      const taken = Object.entries(values).filter(([name]) => session.inputNames.includes(name));
      const outputs = await session.run(Object.fromEntries(taken));
      const output = (key: keyof typeof CAPTIONS) => outputs[key] ?? outputs[CAPTIONS[key]];
      const result = output('result');
      return {
        resolution: result.shape[1],
        result: result.data,
        refinedSketch: output('refinedSketch')?.data,
        firstImage: output('firstImage')?.data,
        roughSketch: outputs.roughSketch?.data,
      };
    },
    close: () => session.release(),
  };
}
