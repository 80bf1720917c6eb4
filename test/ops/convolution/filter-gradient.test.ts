import { describe, expect, it } from 'vitest';
import { convolveReflected, reflectionPad } from '../../../src/ops/convolution/reflection-padding.ts';
import { convolveUpsampled } from '../../../src/ops/convolution/upsampling.ts';
import { windowAttributes } from '../../../src/ops/convolution/window.ts';
import { convolve } from '../../../src/ops/convolution/zero-padding.ts';
import { withFloat64 } from '../../../src/ops/float64.ts';
import { runOp } from '../../../src/ops/raw.ts';
import { type Tensor, type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { normalTensor } from '../../finite-differences.ts';

/** A convolution whose kernel's gradient is asked for: images [n,size,size,channels], a kernel [k,k,channels,filters]. */
interface Problem {
  readonly kind: 'reflected' | 'zeros' | 'upsampled';
  readonly n: number;
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly k: number;
  readonly stride: number;
}

const problem = (
  kind: Problem['kind'],
  [n, size, channels, filters]: readonly [number, number, number, number],
  { k = 3, stride = 1 } = {},
): Problem => ({ kind, n, size, channels, filters, k, stride });

const PROBLEMS = [
  // Small sums and narrow images at full size, as in networks of width 2.
  problem('reflected', [2, 256, 2, 4]),
  problem('upsampled', [2, 128, 8, 2]),
  problem('upsampled', [3, 2, 32, 16]),
  problem('reflected', [1, 256, 16, 16]),
  problem('reflected', [1, 128, 64, 64]),
  problem('reflected', [2, 128, 16, 64], { stride: 2 }),
  problem('reflected', [2, 64, 64, 128], { k: 4, stride: 2 }),
  problem('zeros', [2, 64, 64, 64]),
  problem('zeros', [4, 64, 64, 64], { k: 5, stride: 2 }),
  problem('upsampled', [2, 64, 16, 32]),
  problem('upsampled', [2, 32, 64, 64]),
  problem('upsampled', [8, 4, 256, 256]),
  // Few places and many channels, where TensorFlow sums over few images at a time.
  problem('reflected', [8, 4, 512, 512]),
  problem('reflected', [8, 8, 512, 512]),
  problem('reflected', [7, 8, 256, 512]),
  problem('reflected', [1, 32, 256, 256]),
  problem('reflected', [16, 16, 64, 64]),
];

/** The border that each kind pads by, so that the result of stride 1 is about as large as the image. */
const paddingOf = ({ k }: Problem) => k >> 1;

const DATA = [
  { mean: 0, meanOfGradient: 0 },
  // Rectified features, and a gradient with a part that all places share: partial sums grow far beyond zero.
  { mean: 1, meanOfGradient: 0.2 },
];

/** The padded image of a convolution without the fast forms. */
function paddedImage(x: Tensor4D, of: Problem): Tensor4D {
  const pad = paddingOf(of);
  if (of.kind === 'zeros')
    return tf.pad(x, [
      [0, 0],
      [pad, pad],
      [pad, pad],
      [0, 0],
    ] as [number, number][]);
  const large = of.kind === 'upsampled' ? tf.image.resizeNearestNeighbor(x, [2 * of.size, 2 * of.size]) : x;
  return reflectionPad(large as Tensor4D, pad, 'REFLECT');
}

function ours(x: Tensor4D, kernel: Tensor4D, of: Problem): Tensor4D {
  const { kind, stride } = of;
  if (kind === 'upsampled') return convolveUpsampled(x, kernel);
  if (kind === 'zeros') return convolve(x, kernel, { stride, padding: paddingOf(of) });
  return convolveReflected(x, kernel, { stride, pad: paddingOf(of), mode: 'REFLECT' });
}

/** The gradient in float64: for every tap the product of the pixels that it sees and dy. */
function inDoubles(padded: Tensor4D, dy: Tensor4D, { k, stride }: Problem): Float64Array {
  const [n, height, width, channels] = padded.shape;
  const [, h, w, filters] = dy.shape;
  const places = n * h * w;
  const pixels = padded.dataSync();
  const gradient = new Float64Array(k * k * channels * filters);
  withFloat64((float64) => {
    const ofResult = float64.matrix(Float64Array.from(dy.dataSync()), [places, filters]);
    for (let tap = 0; tap < k * k; tap++) {
      const seen = new Float64Array(places * channels);
      for (let place = 0; place < places; place++) {
        const image = Math.floor(place / (h * w));
        const row = (Math.floor(place / w) % h) * stride + Math.floor(tap / k);
        const column = (place % w) * stride + (tap % k);
        const start = ((image * height + row) * width + column) * channels;
        seen.set(pixels.subarray(start, start + channels), place * channels);
      }
      const matrix = float64.matrix(seen, [places, channels]);
      const product = float64.product(matrix, ofResult, { transposeA: true });
      gradient.set(float64.read(product), tap * channels * filters);
      float64.free(matrix, product);
    }
  });
  return gradient;
}

/** The largest and the root mean square error. */
function errorsOf(found: Tensor, truth: Float64Array): { largest: number; typical: number } {
  const values = found.dataSync();
  const errors = truth.map((value, i) => values[i] - value);
  return {
    largest: errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0),
    typical: Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length),
  };
}

describe.each(DATA)('with %o', ({ mean, meanOfGradient }) => {
  it.each(PROBLEMS)(
    "a kernel's gradient has at most twice the error of TensorFlow's own kernel: %o",
    (of) => {
      tf.tidy(() => {
        const { n, size, channels, filters, k, stride } = of;
        const x = tf.add<Tensor4D>(normalTensor([n, size, size, channels]), mean);
        const kernel = normalTensor([k, k, channels, filters]) as Tensor4D;
        const shape = ours(x, kernel, of).shape;
        const dy = tf.add<Tensor4D>(normalTensor(shape), meanOfGradient);
        const padded = paddedImage(x, of);
        const truth = inDoubles(padded, dy, of);
        const inputs = [padded, tf.tensor1d(kernel.shape, 'int32'), dy];
        const native = errorsOf(
          runOp('Conv2DBackpropFilter', windowAttributes({ stride, padding: 0 }), inputs),
          truth,
        );
        const found = errorsOf(tf.grad((weights) => ours(x, weights as Tensor4D, of))(kernel, dy), truth);
        expect(found.typical).toBeLessThanOrEqual(2 * native.typical);
        expect(found.largest).toBeLessThanOrEqual(2 * native.largest);
      });
    },
  );
});
