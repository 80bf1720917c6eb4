/**
 * Colour strokes for training, as a person would give them: the colours of a photo without its detail, under the
 * strokes of a brush. SC-FEGAN (Jo & Park 2019, section 3.1) takes the median colour of each part of a face that a
 * network for segmentation finds; here the photo is smoothed within its edges instead, which needs no such network.
 */
import { reflectionPad } from '../ops/convolution/reflection-padding.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { RandomStream } from '../runtime/seed.ts';
import { drawCapsule } from './holes.ts';

/** Side of a pixel of the flat colours, in pixels of the photo. */
const BLOCK = 4;
/** Times that each pixel takes the mean of those around it that are of a similar colour. */
const ROUNDS = 4;
/** How different a colour may be to count as similar: the deviation of a Gaussian, images being in [-1, 1]. */
const SIMILAR = 0.2;
/** Strokes on a photo at most; as many photos have none as have any other number. */
const MAX_STROKES = 12;

/** Colours of strokes [n,s,s,3] in [-1, 1] and where there are any [n,s,s,1], 1 = stroke. */
export type ColourStrokes = {
  readonly colours: Tensor4D;
  readonly where: Tensor4D;
};

/**
 * Draws strokes for each of several photos; the caller disposes of the result.
 *
 * @param image [n,s,s,3] in [-1, 1], s a multiple of 4. @param randomOf the stream of the photo of an index.
 */
export function drawColourStrokes(image: Tensor4D, randomOf: (index: number) => RandomStream): ColourStrokes {
  const [count, size] = image.shape;
  return { colours: flatColours(image), where: drawStrokes(count, size, randomOf) };
}

/** Where strokes are, for each of `count` photos of side `size` [n,s,s,1], 1 = stroke; see {@link drawColourStrokes}. */
export function drawStrokes(
  count: number,
  size: number,
  randomOf: (index: number) => RandomStream,
): Tensor4D {
  const masks = new Float32Array(count * size * size);
  for (let i = 0; i < count; i++) masks.set(drawStrokesOfOne(size, randomOf(i)), i * size * size);
  return tf.tensor4d(masks, [count, size, size, 1]);
}

/** Strokes as one tensor [n,s,s,4]: RGB in [-1, 1], and 1 = stroke. */
export function splitStrokes(strokes: Tensor4D): ColourStrokes {
  const [n, h, w] = strokes.shape;
  return {
    colours: tf.slice(strokes, [0, 0, 0, 0], [n, h, w, 3]),
    where: tf.slice(strokes, [0, 0, 0, 3], [n, h, w, 1]),
  };
}

/** A photo [n,s,s,3] as areas of even colour. */
export function flatColours(image: Tensor4D): Tensor4D {
  return tf.tidy(() => {
    const [, height, width] = image.shape;
    let x = tf.avgPool(image, BLOCK, BLOCK, 'valid');
    for (let round = 0; round < ROUNDS; round++) x = smoothWithinEdges(x);
    return tf.image.resizeNearestNeighbor(x, [height, width]);
  });
}

/** One round of a bilateral filter (Tomasi & Manduchi 1998) over the 5×5 pixels around each. */
function smoothWithinEdges(x: Tensor4D): Tensor4D {
  return tf.tidy(() => {
    const [, h, w] = x.shape;
    const padded = reflectionPad(x, 2, 'REFLECT');
    let sum = tf.zerosLike(x);
    let weights = tf.zeros([1, 1, 1, 1]);
    for (let row = 0; row < 5; row++)
      for (let column = 0; column < 5; column++) {
        const other = tf.slice(padded, [0, row, column, 0], [-1, h, w, -1]);
        const distance = tf.sum(tf.squaredDifference(other, x), 3, true);
        const weight = tf.exp(tf.div(distance, -2 * SIMILAR ** 2));
        sum = tf.add(sum, tf.mul(other, weight));
        weights = tf.add(weights, weight);
      }
    return tf.div(sum, weights) as Tensor4D;
  });
}

/** Short, nearly straight strokes of brushes of several widths: a mask [size, size], 1 = stroke. */
function drawStrokesOfOne(size: number, random: RandomStream): Uint8Array {
  const mask = new Uint8Array(size * size);
  const strokes = random.integer(0, MAX_STROKES + 1);
  for (let stroke = 0; stroke < strokes; stroke++) {
    let [x, y] = [random.uniform(0, size), random.uniform(0, size)];
    let direction = random.uniform(0, 2 * Math.PI);
    const radius = random.uniform(size / 128, size / 32);
    const parts = random.integer(1, 5);
    for (let part = 0; part < parts; part++) {
      direction += random.uniform(-0.6, 0.6);
      const length = random.uniform(size / 32, size / 8);
      const next = [x + length * Math.cos(direction), y + length * Math.sin(direction)] as const;
      drawCapsule(mask, size, [x, y], next, radius);
      [x, y] = next;
    }
  }
  return mask;
}
