/** Operations that put values in proportion to others. */
import { Float } from '../builder.ts';
import { NCHW, placeOf } from '../layout.ts';
import { unsupported } from '../lowering.ts';
import { attribute, type Operation, type Operations } from './operation.ts';

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
  const [x, ...parameters] = node.inputs.slice(0, 5) as [number, ...number[]];
  const epsilon = new Float(attribute<number>(node, 'epsilon', 'number'));
  const inputs = [to.at(x, NCHW), ...parameters.map((id) => to.at(id))];
  to.place(node.outputs[0], to.emit('BatchNormalization', inputs, { epsilon }), NCHW);
};

export const normalisations: Operations = {
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

  /** Made by `fuseInstanceNorm`: (x - mean) / deviation * gamma + beta, gamma and beta [n or 1, 1, 1, c]. */
  InstanceNorm: (to, node) => {
    const [x, gamma, beta] = node.inputs as [number, number, number];
    const [n, h, w, c] = to.shape(x) as [number | null, number, number, number];
    const epsilon = new Float(attribute<number>(node, 'epsilon', 'number'));
    const perSample = to.shape(gamma)[0] !== 1;
    const parameters = [gamma, beta].map((id) =>
      to.reshape(to.at(id, NCHW), [to.shape(id)[0]!, c, 1, 1], [perSample ? null : c]),
    );
    // The features of a batch are the channels of one picture where each sample has its own scale.
    const features = to.at(x, NCHW);
    const planes = perSample ? to.reshape(features, [n, c, h, w], [1, null, h, w]) : features;
    const result = to.emit('InstanceNormalization', [planes, ...parameters], { epsilon });
    to.place(node.outputs[0], perSample ? to.reshape(result, [1, null, h, w], [n, c, h, w]) : result, NCHW);
  },
};
