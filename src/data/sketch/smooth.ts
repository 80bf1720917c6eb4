import { type Tensor2D, type Tensor4D, tf } from '../../ops/tf.ts';
import { filter, gaussianKernel } from './filters.ts';

/** Kernel size and sigma, px. The original uses `wide` at 256 and 64 px and `narrow` at 128 px. */
export const SMOOTHING = { wide: { size: 7, sigma: 0.8 }, narrow: { size: 5, sigma: 0.55 } } as const;

/** The smoothing kernel [size,size]: a Gaussian of sum 2, so that one-pixel lines come out about three pixels wide. */
export function smoothingKernel({ size, sigma }: { size: number; sigma: number }): Tensor2D {
  return gaussianKernel(size, sigma, 2);
}

/**
 * Makes one-pixel lines about three pixels wide and smooth: 1 - 2 clamp(gaussian * (1 - sketch), 0, 1). Sketch
 * [n,h,w,1] in [-1, 1], -1 = line, in and out (MyDilateBlur, roughSketchSyn.py:37-65).
 */
export function smoothSketch(sketch: Tensor4D, kernel: { size: number; sigma: number }): Tensor4D {
  return tf.tidy(() => {
    const ink = filter(tf.sub(1, sketch), smoothingKernel(kernel));
    return tf.sub(1, tf.mul(tf.clipByValue(ink, 0, 1), 2));
  });
}
