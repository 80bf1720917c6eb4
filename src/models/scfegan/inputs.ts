/** What SC-FEGAN's networks are given (demo.py:91-192). */
import type { Batch } from '../../data/types.ts';
import { seededUniform } from '../../runtime/ops.ts';
import type { RandomStream } from '../../runtime/seed.ts';
import { type Tensor4D, tf } from '../../runtime/tf.ts';

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

/** @param strokes colours in [-1, 1] and where there are any [n,s,s,1]; none by default. */
export function scFeganInputs(
  { image, sketch, hole }: Batch,
  random: RandomStream,
  strokes?: { readonly colours: Tensor4D; readonly where: Tensor4D },
): ScFeganInputs {
  const inside = (x: Tensor4D): Tensor4D => tf.mul(x, hole);
  const [n, h, w] = image.shape;
  const black = tf.fill([n, h, w, 3], -1) as Tensor4D;
  const colour = strokes
    ? (tf.add(tf.mul(strokes.colours, strokes.where), tf.mul(black, tf.sub(1, strokes.where))) as Tensor4D)
    : black;
  const pair = [random.integer(0, 2 ** 31), random.integer(0, 2 ** 31)] as const;
  const noise = tf.less(seededUniform([n, h, w, 1], 0.5, pair), NOISE_SHARE - 0.5);
  return {
    image,
    hole,
    sketch: inside(tf.mul(tf.sub(1, sketch), 0.5) as Tensor4D),
    colour: inside(colour),
    noise: inside(tf.cast(noise, 'float32') as Tensor4D),
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
