/** Structural similarity at every pixel (Wang, Bovik, Sheikh and Simoncelli, IEEE TIP 2004). */
import { type Tensor4D, tf } from '../../ops/tf.ts';

/** The paper's window: a Gaussian of this deviation, cut off at 3.5 deviations: 11 x 11 pixels. */
const deviation = 1.5;
export const windowRadius = 5;

/** (K1 L)² and (K2 L)² with the paper's K1 = 0.01, K2 = 0.03 and values' range L = 1. */
const c1 = 0.01 ** 2;
const c2 = 0.03 ** 2;

/** Values are moved by this before squares are averaged: a variance as a difference of smaller numbers is truer. */
const centre = 0.5;

export interface SsimMaps {
  /** Luminance times contrast and structure. */
  readonly ssim: Tensor4D;
  /** Contrast and structure alone. */
  readonly contrastStructure: Tensor4D;
}

/**
 * Maps [n,h,w,c] of two images [n,h,w,c] in [0, 1], each channel by itself. Beyond the border images are mirrored, the
 * border pixel repeated; pixels nearer to it than {@link windowRadius} are touched by that.
 */
export function ssimMaps(a: Tensor4D, b: Tensor4D): SsimMaps {
  return tf.tidy(() => {
    const x = tf.sub(a, centre);
    const y = tf.sub(b, centre);
    const moments = smooth(tf.concat([x, y, tf.square(x), tf.square(y), tf.mul(x, y)]) as Tensor4D);
    const [mx, my, mxx, myy, mxy] = tf.split(moments, 5) as Tensor4D[];
    const variances = tf.add(tf.sub(mxx, tf.square(mx)), tf.sub(myy, tf.square(my)));
    const covariance = tf.sub(mxy, tf.mul(mx, my));
    const contrastStructure = tf.div(tf.add(tf.mul(covariance, 2), c2), tf.add(variances, c2)) as Tensor4D;
    const meanX = tf.add(mx, centre);
    const meanY = tf.add(my, centre);
    const luminance = tf.div(
      tf.add(tf.mul(tf.mul(meanX, meanY), 2), c1),
      tf.add(tf.add(tf.square(meanX), tf.square(meanY)), c1),
    );
    return { ssim: tf.mul(luminance, contrastStructure) as Tensor4D, contrastStructure };
  });
}

/** x [n,h,w,c] averaged in the window around every pixel. */
function smooth(x: Tensor4D): Tensor4D {
  const side = 2 * windowRadius + 1;
  const channels = x.shape[3];
  const weights = Array.from({ length: side }, (_, i) =>
    Math.exp(-((i - windowRadius) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const kernel = tf.tile(tf.reshape(tf.div(tf.tensor1d(weights), sum), [side, 1, 1, 1]), [1, 1, channels, 1]);
  const pad: [number, number] = [windowRadius, windowRadius];
  const padded = tf.mirrorPad(x, [[0, 0], pad, pad, [0, 0]], 'symmetric') as Tensor4D;
  const rows = tf.depthwiseConv2d(padded, tf.reshape(kernel, [side, 1, channels, 1]) as Tensor4D, 1, 'valid');
  return tf.depthwiseConv2d(rows, tf.reshape(kernel, [1, side, channels, 1]) as Tensor4D, 1, 'valid');
}
