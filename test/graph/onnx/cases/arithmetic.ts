/** Reductions, products of matrices and normalisations. */
import { attribute, runOp } from '../../../../src/ops/raw.ts';
import { type Tensor1D, tf } from '../../../../src/ops/tf.ts';
import { type Cases, constant, float32, ofPicture, ofTwo, raw, T, vector } from './cases.ts';

const { bool, float, int } = attribute;

export const arithmetic: Cases = {
  ArgMax: [ofPicture((x) => float32(tf.argMax(x, 3))), ofPicture((x) => float32(tf.argMax(x, 1)))],
  ArgMin: [ofPicture((x) => float32(tf.argMin(x, 2)))],
  BatchMatMulV2: [
    ofTwo((x, y) => tf.matMul(x, y, false, true)),
    ofTwo((x, y) => tf.matMul(x, y), [6, 4, 5]),
    ofPicture((x) => tf.matMul(constant([1, 1, 48]), tf.reshape(x, [x.shape[0], 48, 4]))),
  ],
  FusedBatchNorm: [
    ofPicture((x) => tf.batchNorm(x, vector(), constant([4], 1, 2) as Tensor1D, vector(), vector(), 1e-3)),
  ],
  LRN: [raw('LRN', int('depth_radius', 1), float('bias', 2), float('alpha', 0.3), float('beta', 0.75))],
  LogSoftmax: [raw('LogSoftmax')],
  MatMul: [
    ofPicture((x) =>
      runOp(
        'MatMul',
        [T(), bool('transpose_a', false), bool('transpose_b', true)],
        [tf.mean(x, [1, 2]), constant([3, 4])],
      ),
    ),
    ofPicture((x) =>
      runOp(
        'MatMul',
        [T(), bool('transpose_a', true), bool('transpose_b', false)],
        [tf.mean(x, [0, 3]), tf.mean(x, [0, 3])],
      ),
    ),
  ],
  Max: [ofPicture((x) => tf.max(x, [1, 2]))],
  Mean: [
    ofPicture((x) => tf.mean(x, [1, 2], true)),
    ofPicture((x) => tf.mean(x, 3)),
    ofPicture((x) => tf.mean(x, -1, true)),
    ofPicture((x) => tf.mean(x, [0, 3])),
  ],
  Min: [ofPicture((x) => tf.min(x, 3, true))],
  Prod: [ofPicture((x) => tf.prod(x, 3))],
  Softmax: [ofPicture((x) => tf.softmax(x)), ofPicture((x) => tf.softmax(tf.mean(x, 3)))],
  Sum: [ofPicture((x) => tf.sum(x, [1, 2])), ofPicture((x) => tf.sum(x))],
};
