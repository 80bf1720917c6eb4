/** Work that engines are best at: what of it runs fastest says what the machine can do. */
import { type Tensor, tf } from '../../src/ops/tf.ts';
import type { Work } from './work.ts';

const product = (side: number, transposed: boolean) => (): (() => Tensor) => {
  const matrix = tf.randomUniform([side, side]);
  return () => tf.matMul(matrix, matrix, false, transposed);
};

const convolution = (count: number, side: number, channels: number) => (): (() => Tensor) => {
  const x = tf.randomUniform([count, side, side, channels]) as Parameters<typeof tf.conv2d>[0];
  const kernel = tf.randomUniform([3, 3, channels, channels]) as Parameters<typeof tf.conv2d>[1];
  return () => tf.conv2d(x, kernel, 1, 'same');
};

/** By what they are called in results. */
export const PEAK_WAYS = {
  'product of two matrices of 1024²': product(1024, false),
  'product of a matrix of 1024² and a transposed one': product(1024, true),
  'product of two matrices of 2048²': product(2048, false),
  'product of a matrix of 2048² and a transposed one': product(2048, true),
  'product of two matrices of 8192²': product(8192, false),
  'convolution of 8 x 64 x 64 x 64': convolution(8, 64, 64),
  'convolution of 8 x 32 x 32 x 256': convolution(8, 32, 256),
} as const satisfies Record<string, () => () => Tensor>;

export type PeakWay = keyof typeof PEAK_WAYS;

/** A large product or convolution. */
export function peakWork(way: PeakWay): Work {
  const compute = PEAK_WAYS[way]();
  const iterate = () =>
    tf.tidy(() => {
      // One number to read: the device has ended by then.
      tf.slice(tf.reshape(compute(), [-1]), [0], [1]).dataSync();
    });
  return { images: 1, iterate };
}
