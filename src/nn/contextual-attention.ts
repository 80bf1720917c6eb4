/**
 * Contextual attention (Yu et al. 2018, section 4; JiahuiYu/generative_inpainting inpaint_ops.py:256-364): each place
 * of the features is rebuilt from the known patches that look most like it.
 */

import { depthToSpace, spaceToDepth } from '../ops/depth-to-space.ts';
import { recomputed, withGradient, withoutTape } from '../ops/gradients.ts';
import { arrangePixels, range, single } from '../ops/pixels.ts';
import { type Tensor, type Tensor3D, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';

type Shape = TensorFlow.Shape;

/** Scores of a batch that is worked on together: those of four photos of 512 px in DeepFillv2, 256 MB a matrix. */
const MOST_SCORES = 2 ** 26;

export interface AttentionOptions {
  /** Patches are compared at 1/rate of the features' size, 2 by default; height and width are multiples of it. */
  readonly rate?: number;
  /** What scores are multiplied by before the softmax, 10 by default. */
  readonly softmaxScale?: number;
  /** Whether neighbouring places should find neighbouring patches, as they do by default. */
  readonly fuse?: boolean;
}

/**
 * [queries, keys, mask] → [n,h,w,c]: both features [n,h,w,c], mask [n or 1,h,w,1], 1 = not to be taken from. Memory is
 * bounded: in training, and where a batch would need matrices of more than {@link MOST_SCORES} numbers, one image is
 * worked on after the other, and its gradient computes the scores again. Then there are only those of one image at any
 * time, a few matrices of (h w / rate²)² numbers.
 */
export class ContextualAttention extends tf.layers.Layer {
  static className = 'ContextualAttention';
  readonly options: Required<AttentionOptions>;

  constructor(config: { name: string } & AttentionOptions) {
    super({ name: config.name });
    const { rate = 2, softmaxScale = 10, fuse = true } = config;
    this.options = { rate, softmaxScale, fuse };
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return (inputShape as Shape[])[0];
  }

  override call(inputs: Tensor | Tensor[], { training }: { training?: boolean }): Tensor {
    const [queries, keys, mask] = inputs as [Tensor4D, Tensor4D, Tensor4D];
    const [count, height, width] = queries.shape;
    const scores = count * ((height * width) / this.options.rate ** 2) ** 2;
    if (!training && scores <= MOST_SCORES) return attend(queries, keys, mask, this.options);
    return tf.tidy(() => {
      const each = (x: Tensor4D) => (x.shape[0] === 1 ? [x] : (tf.split(x, count, 0) as Tensor4D[]));
      const both = each(tf.concat([queries, keys], 3) as Tensor4D);
      const masks = each(mask);
      const results = both.map((pair, index) =>
        recomputed(pair, [masks[index] ?? mask], (x, [masked]) => {
          const [query, key] = tf.split(x, 2, 3) as [Tensor4D, Tensor4D];
          return attend(query, key, masked as Tensor4D, this.options);
        }),
      );
      return count === 1 ? results[0] : tf.concat(results, 0);
    });
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}
tf.serialization.registerClass(ContextualAttention);

/** The attention for a whole batch at once; see {@link ContextualAttention}. */
export function attend(
  queries: Tensor4D,
  keys: Tensor4D,
  mask: Tensor4D,
  { rate, softmaxScale, fuse }: Required<AttentionOptions>,
): Tensor4D {
  const [, height, width, channels] = queries.shape;
  if (height % rate !== 0 || width % rate !== 0)
    throw new RangeError(`Attention at 1/${rate} of ${height}x${width}: sides must be multiples of ${rate}`);
  const [h, w] = [height / rate, width / rate];
  return tf.tidy(() => {
    const small = (x: Tensor4D) => (rate === 1 ? x : downsampleNearest(x, h, w));
    const patches = (x: Tensor4D) => flat(neighbourhoods(small(x)));
    const scores: Tensor3D = tf.tidy(() => tf.matMul(patches(queries), unitRows(patches(keys)), false, true));
    const allowed = withoutTape(() => {
      // A patch may be used that touches nothing masked.
      const touched = tf.maxPool(small(mask), 3, 1, 'same');
      return tf.cast(tf.equal(tf.reshape(touched, [-1, 1, h * w]), 0), 'float32');
    });
    const weights = oneAfterAnother(scores, [
      ...(fuse ? fusing(h, w) : []),
      (x) => tf.mul(x, tf.mul(allowed, softmaxScale)),
      (x) => tf.softmax(x),
      (x) => tf.mul(x, allowed),
    ]);
    const pasted = tf.matMul(weights, flat(blocks(keys, rate)));
    return tf.div(overlaid(tf.reshape(pasted, [-1, h, w, 4 * rate ** 2 * channels]), rate), 4);
  });
}

/**
 * Some of the pixels of x [n,height,width,c], corners among them: [n,h,w,c]. For the gradient, which puts each back to its
 * place, TensorFlow has an operation too, but none that XLA knows.
 */
function downsampleNearest(x: Tensor4D, h: number, w: number): Tensor4D {
  const [, height, width] = x.shape;
  return withGradient(
    [x],
    () => tf.image.resizeNearestNeighbor(x, [h, w], true),
    (dy) => [
      () => {
        // One more row and column of zeros, for the pixels that were not taken.
        const framed = padded4(dy as Tensor4D, [0, 1], [0, 1]);
        return arrangePixels(framed, single(origins(height, h)), single(origins(width, w)));
      },
    ],
  ) as Tensor4D;
}

/** For each of `size` places the number of the `taken` pixel that it was taken for, or `taken` where there is none. */
function origins(size: number, taken: number): number[] {
  const scale = Math.fround((size - 1) / Math.max(1, taken - 1));
  const places = range(taken).map((i) => Math.round(Math.fround(i * scale)));
  return range(size).map((place) => (places.includes(place) ? places.indexOf(place) : taken));
}

const flat = (x: Tensor4D): Tensor3D => tf.reshape(x, [-1, x.shape[1] * x.shape[2], x.shape[3]]);

/** The 3×3 pixels around each, zeros beyond the border, [n,h,w,9c]. */
function neighbourhoods(x: Tensor4D): Tensor4D {
  const padded = padded4(x, [1, 1], [1, 1]);
  const [, h, w] = x.shape;
  const shifts = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => [row, column] as const));
  return tf.concat(
    shifts.map(([row, column]) => tf.slice(padded, [0, row, column, 0], [-1, h, w, -1])),
    3,
  ) as Tensor4D;
}

/** Rows of unit length; a length counts as at least 1e-4. */
function unitRows(x: Tensor3D): Tensor3D {
  const squares = tf.sum(tf.square(x), 2, true);
  return tf.div(x, tf.sqrt(tf.maximum(squares, 1e-8)));
}

/** Puts x through steps, freeing each step's input: matrices of scores are large. */
function oneAfterAnother(x: Tensor3D, steps: readonly ((x: Tensor3D) => Tensor3D)[]): Tensor3D {
  return steps.reduce((before, step) => {
    const after = tf.tidy(() => step(before));
    before.dispose();
    return after;
  }, x);
}

/**
 * Adds to scores [n,hw,hw] those of the next and the previous place with the next and the previous patch, places and
 * patches counted along rows, and then along columns (inpaint_ops.py:327-337).
 */
function fusing(h: number, w: number): ((x: Tensor3D) => Tensor3D)[] {
  const turned = (rows: number, columns: number) => (x: Tensor3D) => {
    const places = tf.reshape(x, [-1, rows, columns, rows, columns]);
    return tf.reshape(tf.transpose(places, [0, 2, 1, 4, 3]), [-1, h * w, h * w]) as Tensor3D;
  };
  return [alongDiagonal, turned(h, w), alongDiagonal, turned(w, h)];
}

/** x[i, j] + x[i - 1, j - 1] + x[i + 1, j + 1], nothing beyond the border. */
function alongDiagonal(x: Tensor3D): Tensor3D {
  const [, rows, columns] = x.shape;
  const padded = tf.pad(x, [
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  const shifted = (by: number) => tf.slice(padded, [0, by, by], [-1, rows, columns]);
  return tf.add(tf.add(shifted(0), x), shifted(2)) as Tensor3D;
}

/**
 * Patches of 2 rate × 2 rate pixels at every rate-th, the padding of SAME around: [n,h,w,c] →
 * [n,h/rate,w/rate,4 rate² c], each as its four blocks of rate × rate.
 */
function blocks(x: Tensor4D, rate: number): Tensor4D {
  const [h, w] = [x.shape[1] / rate, x.shape[2] / rate];
  const sides = paddingOf(rate);
  const grid = spaceToDepth(padded4(x, sides, sides), rate);
  return tf.concat(
    CORNERS.map(([row, column]) => tf.slice(grid, [0, row, column, 0], [-1, h, w, -1])),
    3,
  ) as Tensor4D;
}

/** The reverse of {@link blocks}, patches that overlap being added. */
function overlaid(patches: Tensor4D, rate: number): Tensor4D {
  const [, h, w] = patches.shape;
  const parts = tf.split(patches, 4, 3).map((part, index) => {
    const [row, column] = CORNERS[index];
    return padded4(part as Tensor4D, [row, 1 - row], [column, 1 - column]);
  });
  const whole = depthToSpace(tf.addN(parts) as Tensor4D, rate);
  const [before] = paddingOf(rate);
  return tf.slice(whole, [0, before, before, 0], [-1, h * rate, w * rate, -1]);
}

const CORNERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

const paddingOf = (rate: number): [number, number] => [rate >> 1, rate - (rate >> 1)];

const padded4 = (x: Tensor4D, rows: [number, number], columns: [number, number]): Tensor4D =>
  tf.pad(x, [[0, 0], rows, columns, [0, 0]]);
