/**
 * Reflection padding with its right gradient, and the convolution that pads so. Plainly these are TensorFlow's
 * MirrorPad and Conv2D; on a CPU the border is gathered with the other pixels, four times as fast.
 */
import { withGradient } from '../gradients.ts';
import { type Padded, padPixels } from '../pixels.ts';
import { attribute, runOp } from '../raw.ts';
import { type Tensor4D, tf } from '../tf.ts';
import { tuned } from '../tuning.ts';
import { convolvePadded, filterGradientOf } from './on-cpu.ts';
import { windowAttributes } from './window.ts';

/** REFLECT does not repeat the border pixel (torch ReflectionPad2d), SYMMETRIC does (by 1: ReplicationPad2d). */
export type ReflectionMode = 'REFLECT' | 'SYMMETRIC';

/**
 * Pads height and width of x [n,h,w,c] by `pad` reflected pixels. Throws a RangeError where x is too small for that.
 */
export function reflectionPad(x: Tensor4D, pad: number, mode: ReflectionMode): Tensor4D {
  if (pad === 0) return x;
  const padded = reflected(x, pad, mode);
  return withGradient(
    [x],
    () => (tuned() ? padPixels(padded) : runOp('MirrorPad', mirrorAttributes(mode), [x, paddings(pad)])),
    // TF.js's own gradient only slices, which forgets what the reflected pixels contribute.
    (dy) => [() => reflectionPadGradient(dy as Tensor4D, pad, mode)],
  ) as Tensor4D;
}

/**
 * x [n,h,w,c] padded by `pad` reflected pixels on every side and convolved with a kernel [k,k,c,f]: [n,h',w',f],
 * h' = floor((h + 2 pad - k) / stride) + 1. Equal to `tf.conv2d` of the padded image, but what is kept for the gradient
 * is x, which others keep as well, and not its padded copy; that is made again when the kernel's gradient is asked for.
 */
export function convolveReflected(
  x: Tensor4D,
  kernel: Tensor4D,
  { stride, pad, mode }: { stride: number; pad: number; mode: ReflectionMode },
): Tensor4D {
  const [n, h, w, c] = x.shape;
  const attributes = windowAttributes({ stride, padding: 0 });
  return withGradient(
    [x, kernel],
    (save) => {
      save([x, kernel]);
      if (tuned()) return convolvePadded(reflected(x, pad, mode), kernel, stride);
      return runOp('Conv2D', attributes, [reflectionPad(x, pad, mode), kernel]);
    },
    (dy, [input, weights]) => [
      () => {
        const shape = tf.tensor1d([n, h + 2 * pad, w + 2 * pad, c], 'int32');
        const padded = runOp('Conv2DBackpropInput', attributes, [shape, weights, dy]);
        return reflectionPadGradient(padded as Tensor4D, pad, mode);
      },
      () => {
        const image = input as Tensor4D;
        if (tuned())
          return filterGradientOf(reflected(image, pad, mode), dy as Tensor4D, kernel.shape, stride);
        const shape = tf.tensor1d(kernel.shape, 'int32');
        return runOp('Conv2DBackpropFilter', attributes, [reflectionPad(image, pad, mode), shape, dy]);
      },
    ],
  ) as Tensor4D;
}

/** x padded by `pad` reflected pixels on every side. Throws a RangeError where x is too small for that. */
function reflected(x: Tensor4D, pad: number, mode: ReflectionMode): Padded {
  const [, h, w] = x.shape;
  const repeated = mode === 'REFLECT' ? 0 : 1;
  if (pad > Math.min(h, w) - 1 + repeated)
    throw new RangeError(`Cannot pad ${h}x${w} by ${pad} in mode ${mode}`);
  return { x, rows: mirrored(h, pad, mode), columns: mirrored(w, pad, mode) };
}

/** For each place of a padded side of `size` the place that it repeats. */
function mirrored(size: number, pad: number, mode: ReflectionMode): number[] {
  const repeated = mode === 'REFLECT' ? 0 : 1;
  return Array.from({ length: size + 2 * pad }, (_, place) => {
    const i = place - pad;
    if (i < 0) return -i - repeated;
    return i < size ? i : 2 * (size - 1) + repeated - i;
  });
}

/**
 * From the gradient of {@link reflectionPad}'s result to that of its input; not differentiable itself. On a CPU only what
 * lies in the border is added, pixel by pixel, to a copy of the rest: MirrorPadGrad takes several times as long.
 */
function reflectionPadGradient(dy: Tensor4D, pad: number, mode: ReflectionMode): Tensor4D {
  if (pad === 0) return dy;
  if (!tuned()) return runOp('MirrorPadGrad', mirrorAttributes(mode), [dy, paddings(pad)]) as Tensor4D;
  const [n, height, width, c] = dy.shape;
  const [h, w] = [height - 2 * pad, width - 2 * pad];
  const [rows, columns] = [mirrored(h, pad, mode), mirrored(w, pad, mode)];
  const from: number[] = [];
  const to: number[] = [];
  for (let image = 0; image < n; image++)
    for (const [y, row] of rows.entries())
      for (const [x, column] of columns.entries()) {
        if (y >= pad && y < pad + h && x >= pad && x < pad + w) continue;
        from.push((image * height + y) * width + x);
        to.push((image * h + row) * w + column);
      }
  return tf.tidy(() => {
    const inner = tf.reshape(tf.slice(dy, [0, pad, pad, 0], [n, h, w, c]), [n * h * w, c]);
    const border = tf.gather(tf.reshape(dy, [n * height * width, c]), tf.tensor1d(from, 'int32'));
    const attributes = [attribute.type('T', 'float32'), attribute.type('Tindices', 'int32')];
    const places = tf.tensor2d(to, [to.length, 1], 'int32');
    const sum = runOp('TensorScatterAdd', attributes, [inner, places, border]);
    return tf.reshape(sum, [n, h, w, c]) as Tensor4D;
  });
}

const mirrorAttributes = (mode: ReflectionMode) => [
  attribute.type('T', 'float32'),
  attribute.type('Tpaddings', 'int32'),
  attribute.string('mode', mode),
];

const paddings = (pad: number) =>
  tf.tensor2d(
    [
      [0, 0],
      [pad, pad],
      [pad, pad],
      [0, 0],
    ],
    [4, 2],
    'int32',
  );
