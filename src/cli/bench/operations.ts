/** Floating-point operations: how many a computation needs, and how many a second this machine does at best. */
import { type TensorFlow, tf } from '../../runtime/tf.ts';
import { measured } from './work/measured.ts';

/** Input and output channels of HED's convolutions (VGG16's), block by block. */
const HED_BLOCKS = [
  [
    [3, 64],
    [64, 64],
  ],
  [
    [64, 128],
    [128, 128],
  ],
  [
    [128, 256],
    [256, 256],
    [256, 256],
  ],
  [
    [256, 512],
    [512, 512],
    [512, 512],
  ],
  [
    [512, 512],
    [512, 512],
    [512, 512],
  ],
] as const;

/** Multiplications and additions of HED on one square image; its 1x1 outputs count for nothing beside its trunk. */
export function hedOperations(side: number): number {
  return HED_BLOCKS.reduce((sum, block, index) => {
    const pixels = Math.ceil(side / 2 ** index) ** 2;
    return sum + block.reduce((total, [input, output]) => total + 2 * 9 * input * output * pixels, 0);
  }, 0);
}

const SIDE = 2048;

/** GFLOP/s of products of two square matrices, each of so many runs. */
export async function matrixPeak(runs: number): Promise<number[]> {
  const matrix = tf.randomUniform<TensorFlow.Rank.R2>([SIDE, SIDE]);
  const multiply = () => {
    const product = tf.matMul(matrix, matrix);
    // One number to read: the device has ended by then.
    tf.slice(product, [0, 0], [1, 1]).dataSync();
  };
  const rates: number[] = [];
  for (let i = 0; i <= runs; i++) {
    const { seconds } = await measured({ iterate: () => tf.tidy(multiply) });
    if (i > 0) rates.push((2 * SIDE ** 3) / seconds / 1e9);
  }
  matrix.dispose();
  return rates;
}
