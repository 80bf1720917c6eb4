/**
 * Two forms of TensorFlow's convolution kernels that are faster on a CPU. What they compute is the plain form's result up
 * to rounding; none is differentiable, for the convolutions that use them give their own gradients.
 *
 * - Forward, plainly Conv2D: TensorFlow computes a batch of one on one core, and there a third as fast. A single picture
 *   is therefore cut into two strips, which are a batch of two.
 * - The kernel's gradient, plainly Conv2DBackpropFilter: that reaches half of the speed at which CPUs without AVX-512
 *   multiply matrices. It is therefore computed as one product of matrices, where the copies that this takes are cheaper
 *   than what is gained.
 */
import { arrangePixels, type Padded, padPixels, range, single } from '../pixels.ts';
import { runOp } from '../raw.ts';
import { type Tensor2D, type Tensor4D, tf } from '../tf.ts';
import { windowAttributes, windowedSize } from './window.ts';

/** Pixels of a result from which on two strips are faster than one picture. */
const ENOUGH_PIXELS = 1024;

/**
 * A padded picture convolved with a kernel [k,l,c,f], nothing added beyond: [n,h',w',f]. A single picture is cut into an
 * upper and a lower strip, which overlap by what the kernel needs.
 */
export function convolvePadded(padded: Padded, kernel: Tensor4D, stride: number): Tensor4D {
  const { x, rows, columns } = padded;
  const [taps, tapsAcross, , filters] = kernel.shape;
  const window = { stride, padding: 0 };
  const height = windowedSize(rows.length, taps, window);
  const width = windowedSize(columns.length, tapsAcross, window);
  const convolve = (picture: Tensor4D) =>
    runOp('Conv2D', windowAttributes(window), [picture, kernel]) as Tensor4D;
  if (x.shape[0] > 1 || height * width < ENOUGH_PIXELS) return convolve(padPixels(padded));
  const half = Math.ceil(height / 2);
  const count = (half - 1) * stride + taps;
  const strips = [0, half * stride].flatMap((start) =>
    // Where the number of rows is odd the lower strip has one too many, made of any pixels.
    Array.from({ length: count }, (_, i) => rows[Math.min(start + i, rows.length - 1)]),
  );
  const cut = tf.reshape(arrangePixels(x, single(strips), single(columns)), [
    2,
    count,
    columns.length,
    x.shape[3],
  ]);
  const all = tf.reshape(convolve(cut as Tensor4D), [1, 2 * half, width, filters]) as Tensor4D;
  return 2 * half === height ? all : tf.slice(all, [0, 0, 0, 0], [1, height, width, filters]);
}

/**
 * The product of matrices needs every pair of a pixel and a result that a tap joins. For each axis there are two ways to
 * lay them out: a place of the result beside the pixels that its taps see (the picture is copied once for every tap), or
 * a pixel beside the places of the result that see it (the gradient is copied).
 */
type Side = 'picture' | 'gradient';

interface Layout {
  readonly rows: Side;
  readonly columns: Side;
}

const LAYOUTS: readonly Layout[] = [
  { rows: 'picture', columns: 'picture' },
  { rows: 'gradient', columns: 'picture' },
  { rows: 'gradient', columns: 'gradient' },
];

/** Multiplications that take as long as writing one number of a layout, on the machine that it was measured on. */
const PRODUCTS_A_COPY = 16;
/** Products of a narrow matrix and one whose width is a multiple of 1024 take twice as long as others. */
const NARROW = 256;
/** How much slower TensorFlow's kernel is than a product of large matrices. */
const NATIVE_SLOWDOWN = 1.8;
/** Below so many multiplications nothing is gained. */
const ENOUGH = 1e8;

/**
 * Gradient of sum(dy * convolution) with respect to the kernel [k,l,c,f], where the convolution adds nothing beyond the
 * padded picture.
 *
 * @param dy [n,h',w',f].
 */
export function filterGradientOf(
  padded: Padded,
  dy: Tensor4D,
  shape: Tensor4D['shape'],
  stride: number,
): Tensor4D {
  const problem = { padded, dy, shape, stride };
  const costs = (stride === 1 ? LAYOUTS : LAYOUTS.slice(0, 1)).map((layout) => cost(problem, layout));
  const cheapest = Math.min(...costs);
  const multiplications = shape.reduce((a, b) => a * b) * dy.shape[0] * dy.shape[1] * dy.shape[2];
  if (multiplications > ENOUGH && cheapest < NATIVE_SLOWDOWN * multiplications)
    return byProduct(problem, LAYOUTS[costs.indexOf(cheapest)]);
  const inputs = [padPixels(padded), tf.tensor1d(shape, 'int32'), dy];
  return runOp('Conv2DBackpropFilter', windowAttributes({ stride, padding: 0 }), inputs) as Tensor4D;
}

interface Problem {
  readonly padded: Padded;
  readonly dy: Tensor4D;
  readonly shape: Tensor4D['shape'];
  readonly stride: number;
}

/** Sides of the matrices of a layout: both have `places` rows, and `left` and `right` columns. */
function extents({ padded, dy, shape }: Problem, { rows, columns }: Layout) {
  const [n, height, width] = dy.shape;
  const [taps, tapsAcross, channels, filters] = shape;
  const onPicture = (rows === 'picture' ? taps : 1) * (columns === 'picture' ? tapsAcross : 1);
  return {
    places:
      n *
      (rows === 'picture' ? height : padded.rows.length) *
      (columns === 'picture' ? width : padded.columns.length),
    left: onPicture * channels,
    right: ((taps * tapsAcross) / onPicture) * filters,
  };
}

/** How long a layout takes, in multiplications of a large matrix product. */
function cost(problem: Problem, layout: Layout): number {
  const { places, left, right } = extents(problem, layout);
  const slowdown = Math.min(left, right) <= NARROW && Math.max(left, right) % 1024 === 0 ? 2 : 1;
  return places * (slowdown * left * right + PRODUCTS_A_COPY * (left + right));
}

function byProduct(problem: Problem, layout: Layout): Tensor4D {
  const { padded, dy, shape, stride } = problem;
  const { places, left, right } = extents(problem, layout);
  const [taps, tapsAcross, channels, filters] = shape;
  const rows = arrangement(layout.rows, padded.rows, dy.shape[1], taps, stride);
  const columns = arrangement(layout.columns, padded.columns, dy.shape[2], tapsAcross, stride);
  return tf.tidy(() => {
    const a = tf.reshape(arrangePixels(padded.x, rows.picture, columns.picture), [places, left]) as Tensor2D;
    const framed = tf.pad(dy, [[0, 0], rows.frame, columns.frame, [0, 0]]);
    const spread = right === filters ? dy : arrangePixels(framed, rows.gradient, columns.gradient);
    const product = tf.matMul(a, tf.reshape(spread, [places, right]) as Tensor2D, true);
    if (layout.rows === 'picture') return tf.reshape(product, shape);
    if (layout.columns === 'gradient') {
      const split = tf.reshape(product, [channels, taps, tapsAcross, filters]);
      return tf.transpose(split, [1, 2, 0, 3]);
    }
    return tf.transpose(tf.reshape(product, [tapsAcross, channels, taps, filters]), [2, 0, 1, 3]);
  }) as Tensor4D;
}

/**
 * How one axis of picture and gradient is laid out, as {@link arrangePixels} takes it.
 *
 * @param from which place of the picture stands at each of the padded one. @param count places of the result.
 */
function arrangement(side: Side, from: readonly number[], count: number, taps: number, stride: number) {
  const all = range(taps);
  const places = range(count);
  const none: [number, number] = [0, 0];
  if (side === 'picture')
    return {
      picture: places.map((place) => all.map((tap) => from[place * stride + tap])),
      gradient: single(places),
      frame: none,
    };
  const zeros = taps - 1;
  return {
    picture: single(from),
    gradient: from.map((_, place) => all.map((tap) => place - tap + zeros)),
    /** Zeros before and after the gradient, where no result has that tap. */
    frame: [zeros, zeros] as [number, number],
  };
}
