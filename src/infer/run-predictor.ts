import type { Predictor } from '../core/method.ts';
import { splitStrokes } from '../data/colour-strokes.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { NetworkInput } from './network-input.ts';

/** What a network makes of its input, row by row at `resolution` = s, which may be less than the input's. */
export interface NetworkOutput {
  readonly resolution: number;
  /** I_out [s,s,3] in [-1, 1], not blended with the photo. */
  readonly result: Float32Array;
  /** S_gen [s,s] in [-1, 1], -1 = line, where the method has one. */
  readonly refinedSketch?: Float32Array | undefined;
  /** I_gen [s,s,3] in [-1, 1], where the method has one. */
  readonly firstImage?: Float32Array | undefined;
  /** The degraded sketch that the networks saw [s,s] in [-1, 1], where the method has one. */
  readonly roughSketch?: Float32Array | undefined;
}

/** Runs a predictor on one input of r x r. @param l l in [0, 1], for methods that have one. */
export async function runPredictor(
  predictor: Predictor,
  input: NetworkInput,
  r: number,
  l?: number,
): Promise<NetworkOutput> {
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
}
