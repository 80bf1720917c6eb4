/**
 * Two steps of a convolution in forms that are faster on a CPU. They give what the plain forms give, up to rounding,
 * and are not differentiable: the convolutions that use them define their own gradients.
 *
 * - The forward pass is plainly Conv2D. TensorFlow computes a batch of one image on a single core, by a kernel that is
 *   a third as fast. A single image is therefore cut into two strips, which are a batch of two.
 * - The gradient of the kernel is plainly Conv2DBackpropFilter. On CPUs without AVX-512 that reaches half of the speed
 *   of a product of matrices. The gradient is therefore computed as such a product, unless copying the pixels into
 *   matrices takes longer than the product saves.
 */
import { arrangePixels, type Padded, padPixels, range, single } from '../pixels.ts';
import { runOp } from '../raw.ts';
import { type Tensor2D, type Tensor4D, tf } from '../tf.ts';
import { precisionOfProducts } from '../tuning.ts';
import { windowAttributes, windowedSize } from './window.ts';

/** From so many pixels of the result on two strips are faster than one image. */
const ENOUGH_PIXELS = 1024;

/**
 * A padded image convolved with a kernel [k,l,c,f], without further padding: [n,h',w',f]. A single image is cut into an
 * upper and a lower strip, which overlap by the rows that the kernel needs of both.
 */
export function convolvePadded(padded: Padded, kernel: Tensor4D, stride: number): Tensor4D {
  const { x, rows, columns } = padded;
  const [taps, tapsAcross, , filters] = kernel.shape;
  const window = { stride, padding: 0 };
  const height = windowedSize(rows.length, taps, window);
  const width = windowedSize(columns.length, tapsAcross, window);
  const convolve = (image: Tensor4D) =>
    runOp('Conv2D', windowAttributes(window), [image, kernel]) as Tensor4D;
  if (x.shape[0] > 1 || height * width < ENOUGH_PIXELS) return convolve(padPixels(padded));
  const half = Math.ceil(height / 2);
  const count = (half - 1) * stride + taps;
  const strips = [0, half * stride].flatMap((start) =>
    // Both strips must be equally high. An odd result has a row too many in the lower one, of any pixels; it is cut off.
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
 * The gradient of one tap is a sum over places: of the pixel that the tap sees there times the gradient dy of the
 * result there. For all taps to be one product of matrices, either the image is copied once for every tap, shifted by
 * the tap, or dy is. Which of the two is decided for each axis by itself.
 */
type Copied = 'image' | 'gradient';

/** What is copied for the rows and for the columns of the kernel's taps. */
interface Layout {
  readonly rows: Copied;
  readonly columns: Copied;
}

const LAYOUTS: readonly Layout[] = [
  { rows: 'image', columns: 'image' },
  { rows: 'gradient', columns: 'image' },
  { rows: 'gradient', columns: 'gradient' },
];

/** So many multiplications take as long as writing one number of a matrix. Measured, as the three that follow. */
const MULTIPLICATIONS_A_COPY = 16;
/** Products of a narrow matrix and one whose width is a multiple of 1024 take twice as long as others. */
const NARROW = 256;
/** How much slower TensorFlow's kernel is than a product of large matrices. */
const NATIVE_SLOWDOWN = 1.8;
/** Below so many multiplications nothing is gained. */
const ENOUGH = 1e8;
/** Numbers that the parts of a product may hold together: 256 MB. */
const MOST_IN_PARTS = 2 ** 26;

/**
 * Gradient of sum(dy * convolution) with respect to the kernel [k,l,c,f], where the convolution pads no further than
 * `padded` is.
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
  // In bfloat16 TensorFlow's kernel is the faster one.
  const inFloat32 = precisionOfProducts() === 'float32';
  if (inFloat32 && multiplications > ENOUGH && cheapest < NATIVE_SLOWDOWN * multiplications)
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

/**
 * Sizes of the two matrices, [places, left] of pixels and [places, right] of dy; the gradient is [left, right]. Its sum
 * over the places is taken in `parts`.
 */
function extents({ padded, dy, shape }: Problem, { rows, columns }: Layout) {
  const [n, height, width] = dy.shape;
  const [taps, tapsAcross, channels, filters] = shape;
  const onImage = (rows === 'image' ? taps : 1) * (columns === 'image' ? tapsAcross : 1);
  const places =
    n *
    (rows === 'image' ? height : padded.rows.length) *
    (columns === 'image' ? width : padded.columns.length);
  const left = onImage * channels;
  const right = ((taps * tapsAcross) / onImage) * filters;
  return { places, left, right, parts: partsOf(places, left * right) };
}

/**
 * Into how many parts a sum over places is split, each of which gives `size` numbers. One long sum in float32 loses
 * digits: TensorFlow's kernel adds up sums over few images each, so one product over all places of many small images
 * has up to four times its error. Parts of 256 places at most, and of fewer where there are few, have no more than
 * twice. A product of bfloat16 is rounded far more at its end, and then one sum is best.
 */
function partsOf(places: number, size: number): number {
  if (precisionOfProducts() === 'bfloat16') return 1;
  let parts = Math.ceil(places / Math.min(256, 6 * Math.sqrt(places)));
  while (places % parts !== 0) parts += 1;
  return parts * size <= MOST_IN_PARTS ? parts : 1;
}

/** How long a layout takes, in multiplications of a large matrix product. */
function cost(problem: Problem, layout: Layout): number {
  const { places, left, right, parts } = extents(problem, layout);
  const slowdown = Math.min(left, right) <= NARROW && Math.max(left, right) % 1024 === 0 ? 2 : 1;
  // Parts are written and read once more.
  const copied = places * (left + right) + (parts === 1 ? 0 : 2 * parts * left * right);
  return slowdown * places * left * right + MULTIPLICATIONS_A_COPY * copied;
}

function byProduct(problem: Problem, layout: Layout): Tensor4D {
  const { padded, dy, shape, stride } = problem;
  const { left, right } = extents(problem, layout);
  const [taps, tapsAcross, channels, filters] = shape;
  const rows = arrangement(layout.rows, padded.rows, dy.shape[1], taps, stride);
  const columns = arrangement(layout.columns, padded.columns, dy.shape[2], tapsAcross, stride);
  return tf.tidy(() => {
    const pixels = arrangePixels(padded.x, rows.image, columns.image);
    const framed = tf.pad(dy, [[0, 0], rows.frame, columns.frame, [0, 0]]);
    const spread = right === filters ? dy : arrangePixels(framed, rows.gradient, columns.gradient);
    const product = sumOfProducts(
      tf.reshape(pixels, [-1, left]) as Tensor2D,
      tf.reshape(spread, [-1, right]) as Tensor2D,
    );
    if (layout.rows === 'image') return tf.reshape(product, shape);
    if (layout.columns === 'gradient') {
      const split = tf.reshape(product, [channels, taps, tapsAcross, filters]);
      return tf.transpose(split, [1, 2, 0, 3]);
    }
    return tf.transpose(tf.reshape(product, [tapsAcross, channels, taps, filters]), [2, 0, 1, 3]);
  }) as Tensor4D;
}

/** Of pixels [places,c] and their gradients [places,f]: the sum over the places of the products of the two, [c,f]. */
export function sumOfProducts(pixels: Tensor2D, gradients: Tensor2D): Tensor2D {
  const [[places, left], [, right]] = [pixels.shape, gradients.shape];
  const parts = partsOf(places, left * right);
  const inParts = (t: Tensor2D, width: number) => tf.reshape(t, [parts, -1, width]);
  const products = tf.matMul(inParts(pixels, left), inParts(gradients, right), true);
  return parts === 1 ? tf.reshape(products, [left, right]) : tf.sum(products, 0);
}

/**
 * How the rows or the columns of the image and of dy are arranged, for {@link arrangePixels}.
 *
 * @param from for each place of the padded image the place in the image itself.
 * @param count places of the result.
 */
function arrangement(side: Copied, from: readonly number[], count: number, taps: number, stride: number) {
  const all = range(taps);
  const places = range(count);
  const none: [number, number] = [0, 0];
  if (side === 'image')
    return {
      image: places.map((place) => all.map((tap) => from[place * stride + tap])),
      gradient: single(places),
      frame: none,
    };
  const zeros = taps - 1;
  return {
    image: single(from),
    gradient: from.map((_, place) => all.map((tap) => place - tap + zeros)),
    /** Zeros around dy: pixels at the border are not seen by every tap. */
    frame: [zeros, zeros] as [number, number],
  };
}
