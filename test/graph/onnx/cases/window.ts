/** Operations over windows of pictures, and resizing. */
import { Graph } from '../../../../src/graph/graph.ts';
import { attribute, runOp } from '../../../../src/ops/raw.ts';
import { type Tensor1D, type Tensor4D, tf } from '../../../../src/ops/tf.ts';
import { type Computation, randomValues } from '../support.ts';
import { type Cases, constant, ofPicture, raw, T } from './cases.ts';

const { int, string } = attribute;

const resize = (
  op: 'resizeBilinear' | 'resizeNearestNeighbor',
  align: boolean,
  half: boolean,
  size: [number, number],
) => ofPicture((x) => tf.image[op](x, size, align, half));

const grouped = (x: Tensor4D) => {
  const attributes = [
    int('strides', [1, 1, 2, 1]),
    int('dilations', [1, 1, 1, 1]),
    int('explicit_paddings', [0, 0, 1, 2, 0, 1, 0, 0]),
  ];
  const padding = string('padding', 'EXPLICIT');
  return runOp('Conv2D', [T(), padding, ...attributes], [x, constant([3, 3, 2, 6])]);
};

/** A transposed convolution, whose trace would have the batch size in it. */
function transposed(
  filter: [number, number, number, number],
  size: [number, number],
  stride: number,
  pad: 'same' | 'valid',
): Computation {
  const { data } = randomValues(filter);
  const picture = [null, 6, 8, 4];
  const kernel = tf.keep(tf.tensor4d(data, filter));
  const result = [null, ...size, filter[2]];
  const attributes = { strides: [1, stride, stride, 1], padding: pad.toUpperCase() };
  return {
    ...ofPicture((x) => tf.conv2dTranspose(x, kernel, [x.shape[0], ...size, filter[2]], stride, pad)),
    graph: new Graph({
      values: new Map([
        [0, { type: 'float32', shape: picture }],
        [1, { type: 'int32', shape: [4] }],
        [2, { type: 'float32', shape: filter }],
        [3, { type: 'float32', shape: result }],
      ]),
      constants: new Map([
        [1, { shape: [4], data: Int32Array.from(result, (side) => side ?? -1) }],
        [2, { shape: filter, data }],
      ]),
      nodes: [{ op: 'Conv2DBackpropInput', attributes, inputs: [1, 2, 0], outputs: [3] }],
      inputs: new Map([['x', 0]]),
      outputs: new Map([['y', 3]]),
    }),
  };
}

export const window: Cases = {
  AvgPool: [ofPicture((x) => tf.avgPool(x, 3, 2, 'same')), ofPicture((x) => tf.avgPool(x, 2, 2, 'valid'))],
  Conv2D: [
    ofPicture((x) => tf.conv2d(x, constant([3, 3, 4, 5]) as Tensor4D, 1, 'same')),
    ofPicture((x) => tf.conv2d(x, constant([3, 3, 4, 5]) as Tensor4D, 2, 'same')),
    ofPicture((x) => tf.conv2d(x, constant([4, 4, 4, 5]) as Tensor4D, 2, 'same')),
    ofPicture((x) => tf.conv2d(x, constant([1, 4, 4, 5]) as Tensor4D, [1, 2], 'valid')),
    ofPicture((x) => tf.conv2d(x, constant([3, 3, 4, 5]) as Tensor4D, 1, 'same', 'NHWC', 2)),
    ofPicture((x) => grouped(x)),
    ofPicture((x) =>
      tf.fused.conv2d({
        x,
        filter: constant([3, 3, 4, 5]) as Tensor4D,
        strides: 1,
        pad: 'same',
        bias: constant([5]) as Tensor1D,
        activation: 'relu',
      }),
    ),
    // A filter that is computed, and one that comes from the picture.
    ofPicture((x) =>
      tf.conv2d(x, tf.concat(tf.split(constant([2, 3, 4, 6]), 2, 3), 0) as Tensor4D, 1, 'valid'),
    ),
    ofPicture((x) =>
      tf.conv2d(
        x,
        tf.transpose(tf.reshape(tf.mean(x, 0), [6, 2, 4, 4]), [1, 0, 2, 3]) as Tensor4D,
        1,
        'same',
      ),
    ),
  ],
  Conv2DBackpropInput: [
    transposed([3, 3, 5, 4], [6, 8], 1, 'same'),
    transposed([4, 4, 5, 4], [12, 16], 2, 'same'),
    transposed([3, 3, 5, 4], [14, 18], 2, 'valid'),
  ],
  DepthToSpace: [ofPicture((x) => tf.depthToSpace(x, 2))],
  DepthwiseConv2dNative: [
    ofPicture((x) => tf.depthwiseConv2d(x, constant([3, 3, 4, 1]) as Tensor4D, 1, 'same')),
    ofPicture((x) => tf.depthwiseConv2d(x, constant([3, 3, 4, 2]) as Tensor4D, 2, 'valid')),
  ],
  ExtractImagePatches: [
    raw(
      'ExtractImagePatches',
      int('ksizes', [1, 3, 2, 1]),
      int('strides', [1, 1, 1, 1]),
      int('rates', [1, 1, 1, 1]),
      string('padding', 'SAME'),
    ),
    raw(
      'ExtractImagePatches',
      int('ksizes', [1, 2, 2, 1]),
      int('strides', [1, 2, 2, 1]),
      int('rates', [1, 2, 2, 1]),
      string('padding', 'VALID'),
    ),
  ],
  MaxPool: [
    ofPicture((x) => tf.maxPool(x, 2, 2, 'same')),
    ofPicture((x) => tf.maxPool(x, 3, 2, 'same')),
    ofPicture((x) => tf.maxPool(x, 3, 1, 'valid')),
  ],
  MirrorPad: [
    ofPicture((x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [2, 1],
          [3, 0],
          [0, 0],
        ],
        'reflect',
      ),
    ),
    ofPicture((x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 1],
          [0, 1],
          [0, 0],
        ],
        'symmetric',
      ),
    ),
  ],
  PadV2: [
    ofPicture((x) =>
      tf.pad(
        x,
        [
          [0, 0],
          [1, 0],
          [0, 2],
          [0, 3],
        ],
        5,
      ),
    ),
    ofPicture((x) =>
      tf.pad(tf.mean(x, 3), [
        [0, 0],
        [1, 0],
        [0, 2],
      ]),
    ),
  ],
  ResizeBilinear: [
    resize('resizeBilinear', true, false, [3, 4]),
    resize('resizeBilinear', true, false, [11, 5]),
    resize('resizeBilinear', false, true, [3, 4]),
    resize('resizeBilinear', false, true, [12, 24]),
    resize('resizeBilinear', false, false, [12, 5]),
  ],
  ResizeNearestNeighbor: [
    resize('resizeNearestNeighbor', true, false, [11, 5]),
    resize('resizeNearestNeighbor', false, true, [9, 5]),
    resize('resizeNearestNeighbor', false, false, [12, 16]),
    resize('resizeNearestNeighbor', false, false, [4, 5]),
  ],
  SpaceToDepth: [raw('SpaceToDepth', int('block_size', 2), string('data_format', 'NHWC'))],
};
