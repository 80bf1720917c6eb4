import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { operations } from '../../../src/formats/onnx/operations/table.ts';
import { attribute, runOp, runOps } from '../../../src/runtime/raw.ts';
import { type Tensor, type Tensor1D, type Tensor4D, tf } from '../../../src/runtime/tf.ts';
import {
  type Computation,
  checkModels,
  graphOf,
  largestDifference,
  noPython,
  python,
  randomValues,
  write,
} from './support.ts';

const { bool, float, int, string, type } = attribute;
const constant = (shape: readonly number[], low?: number, high?: number) => {
  const { data } = randomValues(shape, low, high);
  return tf.keep(tf.tensor(data, [...shape]));
};
const vector = () => constant([4]) as Tensor1D;
const sizes = (...numbers: number[]) => tf.tensor1d(numbers, 'int32');
const T = () => type('T', 'float32');

/** Of pictures [n,6,8,4]. */
const ofPicture = (run: (x: Tensor4D) => Tensor): Computation => ({
  inputs: { x: [6, 8, 4] },
  run: ({ x }) => run(x as Tensor4D),
});
const ofTwo = (run: (x: Tensor, z: Tensor) => Tensor, z: readonly number[] = [6, 8, 4]): Computation => ({
  inputs: { x: [6, 8, 4], z },
  run: (given) => run(given.x!, given.z!),
});
const raw = (op: string, ...attributes: Parameters<typeof runOp>[1]) =>
  ofPicture((x) => runOp(op, [T(), ...attributes], [x]));
const float32 = (x: Tensor) => tf.cast(x, 'float32');
const whole = (x: Tensor) => tf.cast(tf.mul(x, 3), 'int32');
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
    graph: {
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
    },
  };
}

/** By TensorFlow's operation that the case is about. */
const cases: Record<string, Computation[]> = {
  Abs: [ofPicture((x) => tf.abs(x))],
  AddV2: [ofTwo((x, y) => runOp('AddV2', [T()], [x, y]))],
  AddN: [ofTwo((x, y) => runOp('AddN', [T(), int('N', 3)], [x, y, x]))],
  Add: [
    ofTwo((x, y) => tf.add(x, y)),
    ofTwo((x, y) => tf.add(x, y), [1, 1, 4]),
    ofTwo((x, y) => tf.add(y, x), [6, 8, 1]),
    ofPicture((x) => tf.add(x, constant([4]))),
    ofPicture((x) => tf.add(constant([8, 4]), x)),
    ofPicture((x) => tf.add(constant([1, 6, 8, 4]), x)),
    ofPicture((x) => tf.add(tf.mean(x, [1, 2, 3]).reshape([-1, 1, 1, 1]), x)),
    ofPicture((x) => tf.add(x, tf.mean(x, [0]))),
    ofPicture((x) => tf.add(tf.mean(x, [0, 1, 2]), x)),
    ofPicture((x) => tf.add(tf.mean(x, [3]), 2)),
  ],
  ArgMax: [ofPicture((x) => float32(tf.argMax(x, 3))), ofPicture((x) => float32(tf.argMax(x, 1)))],
  ArgMin: [ofPicture((x) => float32(tf.argMin(x, 2)))],
  AvgPool: [ofPicture((x) => tf.avgPool(x, 3, 2, 'same')), ofPicture((x) => tf.avgPool(x, 2, 2, 'valid'))],
  BatchMatMulV2: [
    ofTwo((x, y) => tf.matMul(x, y, false, true)),
    ofTwo((x, y) => tf.matMul(x, y), [6, 4, 5]),
    ofPicture((x) => tf.matMul(constant([1, 1, 48]), tf.reshape(x, [x.shape[0], 48, 4]))),
  ],
  BiasAdd: [ofPicture((x) => runOp('BiasAdd', [T(), string('data_format', 'NHWC')], [x, constant([4])]))],
  BroadcastTo: [
    ofPicture((x) =>
      tf.add(x, runOp('BroadcastTo', [T(), type('Tidx', 'int32')], [constant([1, 1, 4]), sizes(6, 8, 4)])),
    ),
  ],
  Cast: [ofPicture((x) => float32(tf.cast(x, 'int32'))), ofPicture((x) => float32(tf.cast(x, 'bool')))],
  Ceil: [ofPicture((x) => tf.ceil(x))],
  ClipByValue: [ofPicture((x) => runOp('ClipByValue', [T()], [x, tf.scalar(-0.5), tf.scalar(1)]))],
  ConcatV2: [
    ofTwo((x, y) => tf.concat([x, y], 3), [6, 8, 2]),
    ofTwo((x, y) => tf.concat([x, y], 1)),
    ofPicture((x) => tf.concat([tf.mean(x, [1, 2]), tf.mean(x, [1, 3])], 1)),
  ],
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
  Cos: [ofPicture((x) => tf.cos(x))],
  DepthToSpace: [ofPicture((x) => tf.depthToSpace(x, 2))],
  DepthwiseConv2dNative: [
    ofPicture((x) => tf.depthwiseConv2d(x, constant([3, 3, 4, 1]) as Tensor4D, 1, 'same')),
    ofPicture((x) => tf.depthwiseConv2d(x, constant([3, 3, 4, 2]) as Tensor4D, 2, 'valid')),
  ],
  Div: [ofTwo((x, y) => runOp('Div', [T()], [x, tf.add(tf.abs(y), 1)]))],
  Elu: [ofPicture((x) => tf.elu(x))],
  Equal: [ofTwo((x, y) => float32(tf.equal(whole(x), whole(y))))],
  Erf: [ofPicture((x) => tf.erf(x))],
  Exp: [ofPicture((x) => tf.exp(x))],
  ExpandDims: [
    ofPicture((x) => tf.expandDims(x, 1)),
    ofPicture((x) => tf.mul(x, tf.expandDims(tf.mean(x, 3), 3))),
    ofPicture((x) => tf.mul(x, tf.expandDims(tf.mean(x, 1), 1))),
    ofPicture((x) =>
      runOp('ExpandDims', [T(), type('Tdim', 'int32')], [tf.mean(x, 1), tf.scalar(1, 'int32')]),
    ),
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
  Fill: [
    ofPicture((x) =>
      tf.add(
        x,
        runOp('Fill', [T(), type('index_type', 'int32')], [tf.tensor1d([8, 4], 'int32'), tf.scalar(3)]),
      ),
    ),
  ],
  Floor: [ofPicture((x) => tf.floor(x))],
  FloorDiv: [
    ofTwo((x, y) =>
      float32(runOp('FloorDiv', [T()], [whole(x), tf.add(whole(tf.abs(y)), tf.scalar(1, 'int32'))])),
    ),
    ofTwo((x, y) => runOp('FloorDiv', [T()], [tf.mul(x, 9), tf.add(y, 4)])),
  ],
  FloorMod: [
    ofTwo((x, y) => float32(tf.mod(whole(x), tf.add(whole(tf.abs(y)), tf.scalar(1, 'int32'))))),
    ofTwo((x, y) => tf.mod(x, tf.add(y, 4))),
  ],
  FusedBatchNorm: [
    ofPicture((x) => tf.batchNorm(x, vector(), constant([4], 1, 2) as Tensor1D, vector(), vector(), 1e-3)),
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
  Greater: [ofTwo((x, y) => float32(tf.greater(x, y))), ofPicture((x) => float32(tf.greater(x, 0.3)))],
  GreaterEqual: [ofTwo((x, y) => float32(tf.greaterEqual(whole(x), whole(y))))],
  Identity: [ofPicture((x) => runOp('Identity', [T()], [x]))],
  LRN: [raw('LRN', int('depth_radius', 1), float('bias', 2), float('alpha', 0.3), float('beta', 0.75))],
  LeakyRelu: [raw('LeakyRelu', float('alpha', 0.2))],
  Less: [ofTwo((x, y) => float32(tf.less(x, y)))],
  LessEqual: [ofTwo((x, y) => float32(tf.lessEqual(whole(x), whole(y))))],
  Log: [ofPicture((x) => tf.log(tf.add(x, 3)))],
  LogSoftmax: [raw('LogSoftmax')],
  LogicalAnd: [ofTwo((x, y) => float32(tf.logicalAnd(tf.greater(x, 0), tf.greater(y, 0))))],
  LogicalNot: [ofPicture((x) => float32(tf.logicalNot(tf.greater(x, 0))))],
  LogicalOr: [ofTwo((x, y) => float32(tf.logicalOr(tf.greater(x, 0), tf.greater(y, 0))))],
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
  MaxPool: [
    ofPicture((x) => tf.maxPool(x, 2, 2, 'same')),
    ofPicture((x) => tf.maxPool(x, 3, 2, 'same')),
    ofPicture((x) => tf.maxPool(x, 3, 1, 'valid')),
  ],
  Maximum: [ofTwo((x, y) => tf.maximum(x, y))],
  Mean: [
    ofPicture((x) => tf.mean(x, [1, 2], true)),
    ofPicture((x) => tf.mean(x, 3)),
    ofPicture((x) => tf.mean(x, -1, true)),
    ofPicture((x) => tf.mean(x, [0, 3])),
  ],
  Min: [ofPicture((x) => tf.min(x, 3, true))],
  Minimum: [ofTwo((x, y) => tf.minimum(x, y))],
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
  Mul: [ofTwo((x, y) => tf.mul(x, y)), ofPicture((x) => float32(tf.mul(whole(x), whole(x))))],
  Neg: [ofPicture((x) => tf.neg(x))],
  NotEqual: [ofTwo((x, y) => float32(tf.notEqual(whole(x), whole(y))))],
  Pack: [ofTwo((x, y) => tf.stack([tf.mean(x, 3), tf.mean(y, 3)], 3)), ofTwo((x, y) => tf.stack([x, y], 1))],
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
  Pow: [ofPicture((x) => tf.pow(tf.abs(x), 1.5))],
  Prod: [ofPicture((x) => tf.prod(x, 3))],
  RealDiv: [ofTwo((x, y) => tf.div(x, tf.add(tf.abs(y), 1)))],
  Reciprocal: [ofPicture((x) => tf.reciprocal(tf.add(x, 3)))],
  Relu: [ofPicture((x) => tf.relu(x))],
  Relu6: [ofPicture((x) => tf.relu6(tf.mul(x, 5)))],
  Reshape: [
    ofPicture((x) => tf.reshape(x, [x.shape[0], 48, 4])),
    ofPicture((x) => tf.reshape(x, [x.shape[0], 192])),
    ofPicture((x) => tf.reshape(x, [x.shape[0], 4, 8, 6])),
    ofPicture((x) => tf.reshape(tf.reshape(x, [x.shape[0], 48, 4]), [x.shape[0], 8, 6, 4])),
    ofPicture((x) => tf.mul(x, tf.reshape(tf.mean(x, [1, 2]), [x.shape[0], 1, 1, 4]))),
    ofPicture((x) => tf.reshape(tf.mean(x, [1, 2], true), [x.shape[0], 4])),
    ofPicture((x) => tf.reshape(tf.mean(x, 1), [x.shape[0], 8, 1, 4])),
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
  ReverseV2: [ofPicture((x) => tf.reverse(x, [1, 3]))],
  Round: [ofPicture((x) => tf.round(tf.mul(tf.round(tf.mul(x, 4)), 0.5)))],
  Rsqrt: [ofPicture((x) => tf.rsqrt(tf.add(x, 3)))],
  Select: [ofTwo((x, y) => runOp('Select', [T()], [tf.greater(x, y), x, y]))],
  SelectV2: [ofTwo((x, z) => runOp('SelectV2', [T()], [tf.greater(x, 0), z, tf.scalar(2)]), [1, 1, 4])],
  Sigmoid: [ofPicture((x) => tf.sigmoid(x))],
  Sign: [ofPicture((x) => tf.sign(x))],
  Sin: [ofPicture((x) => tf.sin(x))],
  Slice: [
    ofPicture((x) => tf.slice(x, [0, 1, 2, 0], [-1, 3, 4, -1])),
    ofPicture((x) => tf.slice(x, [0, 0, 0, 1], [x.shape[0], 6, 8, 2])),
    ofPicture((x) => tf.slice(x, [0, 0, 0, 0], [-1, -1, -1, -1])),
    ofPicture((x) => tf.slice(tf.mean(x, 3), [0, 2, 1], [-1, -1, 3])),
  ],
  Softmax: [ofPicture((x) => tf.softmax(x)), ofPicture((x) => tf.softmax(tf.mean(x, 3)))],
  Softplus: [ofPicture((x) => tf.softplus(x))],
  SpaceToDepth: [raw('SpaceToDepth', int('block_size', 2), string('data_format', 'NHWC'))],
  Split: [ofPicture((x) => runOps('Split', [T(), int('num_split', 2)], [tf.scalar(3, 'int32'), x], 2)[1]!)],
  SplitV: [
    ofPicture((x) => tf.sub(...(tf.split(x, 2, 3) as [Tensor, Tensor]))),
    ofPicture((x) => tf.split(x, [1, 3], 3)[1]!),
    ofPicture((x) => tf.split(x, [2, 4], -3)[1]!),
  ],
  Sqrt: [ofPicture((x) => tf.sqrt(tf.abs(x)))],
  Square: [ofPicture((x) => tf.square(x))],
  SquaredDifference: [ofTwo((x, y) => tf.squaredDifference(x, y), [1, 1, 4])],
  Squeeze: [
    ofPicture((x) => runOp('Squeeze', [T(), int('squeeze_dims', [1, 2])], [tf.mean(x, [1, 2], true)])),
    ofPicture((x) => runOp('Squeeze', [T(), int('squeeze_dims', [3])], [tf.mean(x, 3, true)])),
  ],
  StridedSlice: [
    ofPicture((x) => tf.stridedSlice(x, [0, 5, 1, 0], [0, 0, 8, 4], [1, -2, 3, 1], 1, 1 | 2)),
    ofPicture((x) => tf.stridedSlice(x, [0, 0, -1, 0], [0, 0, 0, 2], [1, 2, 1, 1], 1, 1 | 2, 0, 0, 4)),
  ],
  Sub: [ofTwo((x, y) => tf.sub(x, y)), ofPicture((x) => tf.sub(1, x))],
  Sum: [ofPicture((x) => tf.sum(x, [1, 2])), ofPicture((x) => tf.sum(x))],
  Tanh: [ofPicture((x) => tf.tanh(x))],
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
    ofPicture((x) => tf.unstack(x, 3)[2]!),
  ],
  ZerosLike: [ofPicture((x) => runOp('ZerosLike', [T()], [x]))],
};

const folder = mkdtempSync(join(tmpdir(), 'dps-onnx-'));
const written: string[] = [];
afterAll(() => rmSync(folder, { recursive: true }));

describe('every operation gives in ONNX what it gives in TensorFlow', () => {
  for (const [op, computations] of Object.entries(cases))
    computations.forEach((computation, i) => {
      it(`${op} ${i + 1}`, async () => {
        const graph = graphOf(computation);
        expect(graph.nodes.map((node) => node.op)).toContain(op);
        const path = join(folder, `${op}-${i + 1}.onnx`);
        writeFileSync(path, write(graph));
        for (const batch of [1, 3])
          expect(await largestDifference(computation, path, batch)).toBeLessThan(2e-5);
        written.push(path);
      });
    });

  it('is tried for each that can be written', () => {
    // Made by the writer itself, so tried with whole networks.
    const own = ['InstanceNorm'];
    expect(Object.keys(cases).sort()).toEqual(
      Object.keys(operations)
        .filter((op) => !own.includes(op))
        .sort(),
    );
  });
});

it.skipIf(!python)(
  `passes ONNX's checker with strict shape inference${python ? '' : ` (${noPython})`}`,
  async () => {
    await checkModels(written);
  },
);
