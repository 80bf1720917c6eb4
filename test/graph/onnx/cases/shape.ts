/** Changes of shape. */
import { attribute, runOp } from '../../../../src/ops/raw.ts';
import { type Tensor, tf } from '../../../../src/ops/tf.ts';
import { type Cases, constant, ofPicture, ofTwo, sizes, T } from './cases.ts';

const { int, type } = attribute;

export const shape: Cases = {
  BroadcastTo: [
    ofPicture((x) =>
      tf.add(x, runOp('BroadcastTo', [T(), type('Tidx', 'int32')], [constant([1, 1, 4]), sizes(6, 8, 4)])),
    ),
  ],
  ExpandDims: [
    ofPicture((x) => tf.expandDims(x, 1)),
    ofPicture((x) => tf.mul(x, tf.expandDims(tf.mean(x, 3), 3))),
    ofPicture((x) => tf.mul(x, tf.expandDims(tf.mean(x, 1), 1))),
    ofPicture((x) =>
      runOp('ExpandDims', [T(), type('Tdim', 'int32')], [tf.mean(x, 1), tf.scalar(1, 'int32')]),
    ),
  ],
  Fill: [
    ofPicture((x) =>
      tf.add(
        x,
        runOp('Fill', [T(), type('index_type', 'int32')], [tf.tensor1d([8, 4], 'int32'), tf.scalar(3)]),
      ),
    ),
  ],
  Pack: [ofTwo((x, y) => tf.stack([tf.mean(x, 3), tf.mean(y, 3)], 3)), ofTwo((x, y) => tf.stack([x, y], 1))],
  Reshape: [
    ofPicture((x) => tf.reshape(x, [x.shape[0], 48, 4])),
    ofPicture((x) => tf.reshape(x, [x.shape[0], 192])),
    ofPicture((x) => tf.reshape(x, [x.shape[0], 4, 8, 6])),
    ofPicture((x) => tf.reshape(tf.reshape(x, [x.shape[0], 48, 4]), [x.shape[0], 8, 6, 4])),
    ofPicture((x) => tf.mul(x, tf.reshape(tf.mean(x, [1, 2]), [x.shape[0], 1, 1, 4]))),
    ofPicture((x) => tf.reshape(tf.mean(x, [1, 2], true), [x.shape[0], 4])),
    ofPicture((x) => tf.reshape(tf.mean(x, 1), [x.shape[0], 8, 1, 4])),
  ],
  Squeeze: [
    ofPicture((x) => runOp('Squeeze', [T(), int('squeeze_dims', [1, 2])], [tf.mean(x, [1, 2], true)])),
    ofPicture((x) => runOp('Squeeze', [T(), int('squeeze_dims', [3])], [tf.mean(x, 3, true)])),
  ],
  Tile: [
    ofPicture((x) => tf.tile(x, [1, 2, 1, 3])),
    ofPicture((x) => tf.tile(tf.mean(x, 3, true), [1, 1, 1, 3])),
    ofPicture((x) => tf.tile(tf.mean(x, [1, 2]), [1, 2])),
  ],
  Transpose: [
    ofPicture((x) => tf.transpose(x, [0, 2, 1, 3])),
    ofPicture((x) => tf.transpose(x, [3, 1, 2, 0])),
    ofPicture((x) => tf.add(tf.transpose(tf.relu(tf.transpose(x, [0, 3, 1, 2])), [0, 2, 3, 1]), x)),
    ofPicture((x) => tf.transpose(tf.mean(x, 3))),
  ],
  Unpack: [
    ofPicture((x) => tf.sub(...(tf.unstack(x, 1).slice(1, 3) as [Tensor, Tensor]))),
    ofPicture((x) => tf.unstack(x, 3)[2]),
  ],
};
