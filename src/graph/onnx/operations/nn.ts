/**
 * Operations of neural networks on pictures: convolutions, pooling, padding, what moves between space and channels,
 * normalisations and resizing.
 */
import type { GraphNode } from '../../graph.ts';
import { type Attributes, Float } from '../builder.ts';
import { arrange, NCHW, OIHW, placeOf, straight } from '../layout.ts';
import { type Lowering, unsupported } from '../lowering.ts';
import { take } from './array.ts';
import { attribute, type Operation, type Operations } from './operation.ts';

type Pair = readonly [number, number];

/** Height's and width's of an attribute that has one number a dimension. */
function spatial(node: GraphNode, name: string): Pair {
  const all = (node.attributes[name] as readonly number[] | undefined) ?? [1, 1, 1, 1];
  return [all[1], all[2]];
}

function checkLayout(node: GraphNode): void {
  const format = node.attributes.data_format ?? 'NHWC';
  if (format !== 'NHWC') throw unsupported(node, `its layout is ${format}, not NHWC`);
}

/** ONNX's pads [top, left, bottom, right] for a window over a picture. */
function padsOf(node: GraphNode, sizes: Pair, window: Pair, strides: Pair, dilations: Pair): number[] {
  const padding = attribute<string>(node, 'padding', 'string');
  if (padding === 'VALID') return [0, 0, 0, 0];
  if (padding === 'EXPLICIT') {
    const pads = attribute<readonly number[]>(node, 'explicit_paddings', 'object');
    return [pads[2], pads[4], pads[3], pads[5]];
  }
  const total = sizes.map((size, i) => {
    const reach = (window[i] - 1) * dilations[i] + 1;
    return Math.max(0, (Math.ceil(size / strides[i]) - 1) * strides[i] + reach - size);
  });
  return [...total.map((pad) => pad >> 1), ...total.map((pad) => pad - (pad >> 1))];
}

const sizesOf = (to: Lowering, node: GraphNode, id: number): Pair => [
  to.size(node, id, 1),
  to.size(node, id, 2),
];

/** Conv2D, with a bias as third input where `fuseBias` found one. */
const convolution: Operation = (to, node) => {
  checkLayout(node);
  const [x, filter, bias] = node.inputs;
  const [kh, kw, channels] = to.shape(filter) as [number, number, number, number];
  const strides = spatial(node, 'strides');
  const dilations = spatial(node, 'dilations');
  const inputs = [to.at(x, NCHW), to.at(filter, OIHW)];
  if (bias !== undefined) inputs.push(to.at(bias));
  const result = to.emit('Conv', inputs, {
    kernel_shape: [kh, kw],
    strides,
    dilations,
    pads: padsOf(node, sizesOf(to, node, x), [kh, kw], strides, dilations),
    group: to.size(node, x, 3) / channels,
  });
  to.place(node.outputs[0], result, NCHW);
};

/** One filter or several for each channel; the filter is [h, w, channels, multiplier]. */
const depthwiseConvolution: Operation = (to, node) => {
  checkLayout(node);
  const [x, filter] = node.inputs;
  const [kh, kw, channels, multiplier] = to.shape(filter) as [number, number, number, number];
  const strides = spatial(node, 'strides');
  const dilations = spatial(node, 'dilations');
  const separate = to.at(filter, [2, 3, 0, 1]);
  const kernel = to.reshape(separate, [channels, multiplier, kh, kw], [channels * multiplier, 1, kh, kw]);
  const result = to.emit('Conv', [to.at(x, NCHW), kernel], {
    kernel_shape: [kh, kw],
    strides,
    dilations,
    pads: padsOf(node, sizesOf(to, node, x), [kh, kw], strides, dilations),
    group: channels,
  });
  to.place(node.outputs[0], result, NCHW);
};

/** A transposed convolution: the gradient of one with the filter [h, w, channels of the result, of the input]. */
const transposedConvolution: Operation = (to, node) => {
  checkLayout(node);
  const [, filter, x] = node.inputs;
  const output = node.outputs[0];
  const [kh, kw] = to.shape(filter) as [number, number];
  const strides = spatial(node, 'strides');
  const dilations = spatial(node, 'dilations');
  const sizes = sizesOf(to, node, output);
  const pads = padsOf(node, sizes, [kh, kw], strides, dilations);
  const made = (side: 0 | 1, window: number) =>
    (to.size(node, x, side + 1) - 1) * strides[side] + (window - 1) * dilations[side] + 1;
  const result = to.emit('ConvTranspose', [to.at(x, NCHW), to.at(filter, OIHW)], {
    kernel_shape: [kh, kw],
    strides,
    dilations,
    pads,
    // Rows and columns that the forward convolution's stride left out.
    output_padding: [sizes[0] + pads[0] + pads[2] - made(0, kh), sizes[1] + pads[1] + pads[3] - made(1, kw)],
  });
  to.place(output, result, NCHW);
};

const pooling =
  (op: string, more: Attributes = {}): Operation =>
  (to, node) => {
    checkLayout(node);
    const x = node.inputs[0];
    const window = spatial(node, 'ksize');
    const strides = spatial(node, 'strides');
    const pads = padsOf(node, sizesOf(to, node, x), window, strides, [1, 1]);
    const result = to.emit(op, [to.at(x, NCHW)], { kernel_shape: window, strides, pads, ...more });
    to.place(node.outputs[0], result, NCHW);
  };

/** Pads by the constant table [rank, 2] of input 1. */
const padding =
  (mode: (node: GraphNode, widest: number) => string): Operation =>
  (to, node) => {
    const table = to.numbers(node, 1);
    const x = to.any(node.inputs[0]);
    const before = straight(to.rank(node.inputs[0])).map((axis) => table[2 * axis]);
    const after = before.map((_, axis) => table[2 * axis + 1]);
    const pads = to.int64([...arrange(x.layout, before), ...arrange(x.layout, after)]);
    const inputs = [x.name, pads];
    if (node.inputs.length > 2) inputs.push(to.broadcast(node.inputs[2], []));
    const result = to.emit('Pad', inputs, { mode: mode(node, Math.max(...table)) });
    to.place(node.outputs[0], result, x.layout);
  };

function mirrorMode(node: GraphNode, widest: number): string {
  if (node.attributes.mode === 'REFLECT') return 'reflect';
  // ONNX cannot repeat the border pixel and go on from there, but one pixel is the border pixel alone.
  if (widest > 1) throw unsupported(node, 'it mirrors more than one pixel with the border repeated');
  return 'edge';
}

const blocks =
  (op: string, more: Attributes): Operation =>
  (to, node) => {
    checkLayout(node);
    const blocksize = attribute<number>(node, 'block_size', 'number');
    to.place(node.outputs[0], to.emit(op, [to.at(node.inputs[0], NCHW)], { blocksize, ...more }), NCHW);
  };

/** Windows of a picture side by side as channels, in the order row, column, channel. */
const patches: Operation = (to, node) => {
  const x = node.inputs[0];
  const output = node.outputs[0];
  const [rows, columns] = spatial(node, 'ksizes');
  const strides = spatial(node, 'strides');
  const rates = spatial(node, 'rates');
  const pads = padsOf(node, sizesOf(to, node, x), [rows, columns], strides, rates);
  const all = to.int64([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const padded = pads.every((pad) => pad === 0)
    ? to.at(x, NCHW)
    : to.emit('Pad', [to.at(x, NCHW), all], { mode: 'constant' });
  const [h, w] = sizesOf(to, node, output);
  const parts = Array.from({ length: rows * columns }, (_, i) => {
    const begin = [Math.floor(i / columns) * rates[0], (i % columns) * rates[1]] as const;
    return take(to, padded, NCHW, [
      { axis: 1, begin: begin[0], end: begin[0] + (h - 1) * strides[0] + 1, step: strides[0] },
      { axis: 2, begin: begin[1], end: begin[1] + (w - 1) * strides[1] + 1, step: strides[1] },
    ]);
  });
  to.place(output, to.emit('Concat', parts, { axis: 1 }), NCHW);
};

/** Softmax over TensorFlow's last dimension. */
const softmax =
  (op: string): Operation =>
  (to, node) => {
    const x = to.any(node.inputs[0]);
    to.place(node.outputs[0], to.emit(op, [x.name], { axis: placeOf(x.layout, -1) }), x.layout);
  };

const batchNormalization: Operation = (to, node) => {
  if (node.attributes.is_training !== false)
    throw unsupported(node, 'batch normalisation is in training mode');
  const [x, ...parameters] = node.inputs.slice(0, 5);
  const epsilon = new Float(attribute<number>(node, 'epsilon', 'number'));
  const inputs = [to.at(x, NCHW), ...parameters.map((id) => to.at(id))];
  to.place(node.outputs[0], to.emit('BatchNormalization', inputs, { epsilon }), NCHW);
};

/** How a pixel's place in the result becomes one in the input. */
function coordinates(node: GraphNode): string {
  if (node.attributes.align_corners === true) return 'align_corners';
  return node.attributes.half_pixel_centers === true ? 'half_pixel' : 'asymmetric';
}

const resize =
  (mode: (node: GraphNode) => Attributes): Operation =>
  (to, node) => {
    const output = node.outputs[0];
    const sizes = to.int64([to.size(node, output, 1), to.size(node, output, 2)]);
    const result = to.emit('Resize', [to.at(node.inputs[0], NCHW), '', '', sizes], {
      axes: [2, 3],
      coordinate_transformation_mode: coordinates(node),
      ...mode(node),
    });
    to.place(output, result, NCHW);
  };

export const nnOperations: Operations = {
  AvgPool: pooling('AveragePool', { count_include_pad: 0 }),
  Conv2D: convolution,
  Conv2DBackpropInput: transposedConvolution,
  DepthToSpace: blocks('DepthToSpace', { mode: 'DCR' }),
  DepthwiseConv2dNative: depthwiseConvolution,
  ExtractImagePatches: patches,
  MaxPool: pooling('MaxPool'),
  MirrorPad: padding(mirrorMode),
  PadV2: padding(() => 'constant'),
  SpaceToDepth: blocks('SpaceToDepth', {}),

  ResizeBilinear: resize(() => ({ mode: 'linear' })),
  ResizeNearestNeighbor: resize((node) => ({
    mode: 'nearest',
    // TensorFlow takes the pixel in which a half-pixel centre falls, the nearest corner, or else the one before.
    nearest_mode: coordinates(node) === 'asymmetric' ? 'floor' : 'round_prefer_ceil',
  })),

  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  FusedBatchNorm: batchNormalization,

  LRN: (to, node) => {
    const number = (name: string) => attribute<number>(node, name, 'number');
    const size = 2 * number('depth_radius') + 1;
    const result = to.emit('LRN', [to.at(node.inputs[0], NCHW)], {
      size,
      // ONNX divides it by the size, TensorFlow does not.
      alpha: new Float(number('alpha') * size),
      beta: new Float(number('beta')),
      bias: new Float(number('bias')),
    });
    to.place(node.outputs[0], result, NCHW);
  },

  /** Made by `fuseInterleaves`: four [n,h,w,c], the pixels of even and odd rows and columns, to [n,2h,2w,c]. */
  Interleave: (to, node) => {
    const [n, h, w, c] = to.shape(node.inputs[0]) as [number | null, number, number, number];
    const [first, second, third, fourth] = node.inputs.map((id) =>
      to.reshape(to.at(id, NCHW), [n, c, h, w], [n, c, h, w, 1]),
    );
    const row = (left: string, right: string) =>
      to.reshape(to.emit('Concat', [left, right], { axis: 4 }), [n, c, h, w, 2], [n, c, h, 2 * w]);
    // An even row and the odd one after it, end to end.
    const rows = to.emit('Concat', [row(first, second), row(third, fourth)], { axis: 3 });
    to.place(node.outputs[0], to.reshape(rows, [n, c, h, 4 * w], [n, c, 2 * h, 2 * w]), NCHW);
  },

  /** Made by `fuseInstanceNorm`: (x - mean) / deviation * gamma + beta, gamma and beta [n or 1, 1, 1, c]. */
  InstanceNorm: (to, node) => {
    const [x, gamma, beta] = node.inputs;
    const [n, h, w, c] = to.shape(x) as [number | null, number, number, number];
    const epsilon = new Float(attribute<number>(node, 'epsilon', 'number'));
    const perSample = to.shape(gamma)[0] !== 1;
    const parameters = [gamma, beta].map((id) =>
      to.reshape(to.at(id, NCHW), [to.shape(id)[0], c, 1, 1], [perSample ? null : c]),
    );
    // The features of a batch are the channels of one picture where each sample has its own scale.
    const features = to.at(x, NCHW);
    const planes = perSample ? to.reshape(features, [n, c, h, w], [1, null, h, w]) : features;
    const result = to.emit('InstanceNormalization', [planes, ...parameters], { epsilon });
    to.place(node.outputs[0], perSample ? to.reshape(result, [1, null, h, w], [n, c, h, w]) : result, NCHW);
  },
};
