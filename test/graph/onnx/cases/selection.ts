/** Parts of values, and values put together. */
import { attribute, runOps } from '../../../../src/ops/raw.ts';
import { type Tensor, tf } from '../../../../src/ops/tf.ts';
import { type Cases, ofPicture, ofTwo, T } from './cases.ts';

const { int } = attribute;

export const selection: Cases = {
  ConcatV2: [
    ofTwo((x, y) => tf.concat([x, y], 3), [6, 8, 2]),
    ofTwo((x, y) => tf.concat([x, y], 1)),
    ofPicture((x) => tf.concat([tf.mean(x, [1, 2]), tf.mean(x, [1, 3])], 1)),
  ],
  GatherNd: [
    ofPicture((x) =>
      tf.gatherND(
        tf.mean(x, 0),
        tf.tensor2d(
          [
            [1, 2],
            [5, 7],
          ],
          [2, 2],
          'int32',
        ),
      ),
    ),
  ],
  GatherV2: [
    ofPicture((x) => tf.gather(x, tf.tensor1d([3, 1, 1, 7], 'int32'), 2)),
    ofPicture((x) => tf.gather(x, tf.tensor1d([0, 0, 0, 1, 2, 3, 4, 5, 5], 'int32'), 1)),
    ofPicture((x) => tf.gather(x, tf.tensor1d([2, 3, 4], 'int32'), 2)),
    ofPicture((x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [3, 1],
            [0, 5],
          ],
          [2, 2],
          'int32',
        ),
        1,
      ),
    ),
  ],
  ReverseV2: [ofPicture((x) => tf.reverse(x, [1, 3]))],
  Slice: [
    ofPicture((x) => tf.slice(x, [0, 1, 2, 0], [-1, 3, 4, -1])),
    ofPicture((x) => tf.slice(x, [0, 0, 0, 1], [x.shape[0], 6, 8, 2])),
    ofPicture((x) => tf.slice(x, [0, 0, 0, 0], [-1, -1, -1, -1])),
    ofPicture((x) => tf.slice(tf.mean(x, 3), [0, 2, 1], [-1, -1, 3])),
  ],
  Split: [ofPicture((x) => runOps('Split', [T(), int('num_split', 2)], [tf.scalar(3, 'int32'), x], 2)[1])],
  SplitV: [
    ofPicture((x) => tf.sub(...(tf.split(x, 2, 3) as [Tensor, Tensor]))),
    ofPicture((x) => tf.split(x, [1, 3], 3)[1]),
    ofPicture((x) => tf.split(x, [2, 4], -3)[1]),
  ],
  StridedSlice: [
    ofPicture((x) => tf.stridedSlice(x, [0, 5, 1, 0], [0, 0, 8, 4], [1, -2, 3, 1], 1, 1 | 2)),
    ofPicture((x) => tf.stridedSlice(x, [0, 0, -1, 0], [0, 0, 0, 2], [1, 2, 1, 1], 1, 1 | 2, 0, 0, 4)),
  ],
};
