/** What SC-FEGAN's networks are given (demo.py:91-192). */
import type { ColourStrokes } from '../../data/colour-strokes.ts';
import type { Batch } from '../../data/types.ts';
import { seededUniform } from '../../ops/random.ts';
import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';

/** NHWC, all but the photo 0 outside the hole. */
export interface ScFeganInputs {
  /** The whole photo [n,s,s,3] in [-1, 1]. */
  readonly image: Tensor4D;
  /** [n,s,s,1], 1 = hole. */
  readonly hole: Tensor4D;
  /** [n,s,s,1], 1 = line. */
  readonly sketch: Tensor4D;
  /** [n,s,s,3] in [-1, 1]; -1 (black) where there is no stroke. */
  readonly colour: Tensor4D;
  /** [n,s,s,1], 0 or 1. */
  readonly noise: Tensor4D;
}

/** Channels of {@link generatorInput}. */
export const GENERATOR_CHANNELS = 9;
/** Channels of {@link discriminatorInput}. */
export const DISCRIMINATOR_CHANNELS = 8;

/** The probability of a 1 in the noise: that a standard normal value exceeds 1 (demo.py:139-146 saturates at 255). */
const NOISE_SHARE = 0.1587;

/** Noise [count,size,size,1], 0 or 1. */
export function drawNoise(count: number, size: number, random: RandomStream): Tensor4D {
  const pair = [random.integer(0, 2 ** 31), random.integer(0, 2 ** 31)] as const;
  return tf.tidy(() => {
    const uniform = seededUniform([count, size, size, 1], 0.5, pair);
    return tf.cast(tf.less(uniform, NOISE_SHARE - 0.5), 'float32') as Tensor4D;
  });
}

/** @param noise [n or 1,s,s,1]. @param strokes none by default. */
export function scFeganInputs(
  { image, sketch, hole }: Batch,
  noise: Tensor4D,
  strokes?: ColourStrokes,
): ScFeganInputs {
  const inside = (x: Tensor): Tensor4D => tf.mul(x, hole);
  const black = tf.tensor4d([-1, -1, -1], [1, 1, 1, 3]);
  // The colours where there are strokes, -1 elsewhere.
  const colour = strokes ? tf.sub(tf.mul(tf.add(strokes.colours, 1), strokes.where), 1) : black;
  return {
    image,
    hole,
    sketch: inside(tf.mul(tf.sub(1, sketch), 0.5)),
    colour: inside(colour),
    noise: inside(noise),
  };
}

/** Photo outside the hole, sketch, colour, hole and noise [n,s,s,9]. */
export function generatorInput({ image, hole, sketch, colour, noise }: ScFeganInputs): Tensor4D {
  return tf.concat([tf.mul(image, tf.sub(1, hole)), sketch, colour, hole, noise], 3) as Tensor4D;
}

/** An image with what it was made from [n,s,s,8]. */
export function discriminatorInput(image: Tensor4D, { sketch, colour, hole }: ScFeganInputs): Tensor4D {
  return tf.concat([image, sketch, colour, hole], 3) as Tensor4D;
}

/** The generated image inside the hole, the photo outside. */
export function composite(generated: Tensor4D, { image, hole }: ScFeganInputs): Tensor4D {
  return tf.add(tf.mul(generated, hole), tf.mul(image, tf.sub(1, hole)));
}
