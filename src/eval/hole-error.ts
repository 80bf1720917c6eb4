/** Errors of filled images inside their holes. */
import type { Tensor4D } from '../runtime/tf.ts';

/** Means over the pixels and channels of one image's hole, images being in [0, 1]. */
export interface HoleError {
  /** Mean absolute difference. */
  readonly l1: number;
  /** Peak signal-to-noise ratio, dB. */
  readonly psnr: number;
}

/**
 * Errors of each image against its truth, both [n,h,w,3] in [-1, 1], where hole [n,h,w,1] is 1. Values are clipped as
 * in an image file. An image without a hole is left out. PSNR is at most 100 dB, so that a perfect image keeps a mean finite.
 */
export async function holeErrors(result: Tensor4D, truth: Tensor4D, hole: Tensor4D): Promise<HoleError[]> {
  const [a, b, mask] = await Promise.all([result.data(), truth.data(), hole.data()]);
  const [n, h, w] = truth.shape;
  const errors: HoleError[] = [];
  for (let i = 0; i < n; i++) {
    let pixels = 0;
    let absolute = 0;
    let square = 0;
    for (let p = i * h * w; p < (i + 1) * h * w; p++) {
      if (mask[p]! < 0.5) continue;
      pixels += 1;
      for (let c = 0; c < 3; c++) {
        const difference = (Math.min(1, Math.max(-1, a[p * 3 + c]!)) - b[p * 3 + c]!) / 2;
        absolute += Math.abs(difference);
        square += difference * difference;
      }
    }
    if (pixels === 0) continue;
    const mean = square / (pixels * 3);
    errors.push({ l1: absolute / (pixels * 3), psnr: Math.min(100, -10 * Math.log10(mean)) });
  }
  return errors;
}
