/**
 * Correspondence between the weights of our networks and the entries of a PyTorch state dict. Layers carry the names
 * of the original's modules, so that a weight's key follows from its layer's name and class.
 */

import { type LayersModel, type Tensor, type TensorFlow, tf, type Variable } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { AdaptiveInstanceNorm } from './adaptive-instance-norm.ts';
import { BatchNorm, InstanceNorm } from './feature-norm.ts';
import { PartialConv2D } from './partial-conv.ts';
import { ReflectionConv2D } from './reflection-conv.ts';
import { SpectralConv2D } from './spectral-conv.ts';
import { TransposedConv2D } from './transposed-conv.ts';
import { ZeroPadConv2D } from './zero-pad-conv.ts';

export interface TorchEntry {
  /** Key in the state dict, for example `rcb1.conv.weight`. */
  readonly key: string;
  readonly variable: Variable;
  /** Our value as a tensor in torch's layout: convolutions OIHW, linear layers (out, in). */
  toTorch(value: Tensor): Tensor;
  /** The reverse. */
  fromTorch(value: Tensor): Tensor;
}

const same = { toTorch: (t: Tensor) => t.clone(), fromTorch: (t: Tensor) => t.clone() };
const transposed = { toTorch: (t: Tensor) => tf.transpose(t), fromTorch: (t: Tensor) => tf.transpose(t) };
/** Plain kernels OIHW to HWIO, and transposed ones (in, out, h, w) to [h, w, out, in]. */
const convolution = {
  toTorch: (t: Tensor) => tf.transpose(t, [3, 2, 0, 1]),
  fromTorch: (t: Tensor) => tf.transpose(t, [2, 3, 1, 0]),
};
/** The right singular vector runs over (c, k, k) in torch and over (k, k, c) here. */
const patchVector = (size: number) => ({
  toTorch: (t: Tensor) => tf.reshape(tf.transpose(tf.reshape(t, [size, size, -1]), [2, 0, 1]), [-1]),
  fromTorch: (t: Tensor) => tf.reshape(tf.transpose(tf.reshape(t, [-1, size, size]), [1, 2, 0]), [-1]),
});

/** Every weight of a network with its key in a PyTorch state dict, in the network's order. */
export function torchEntries(network: LayersModel): TorchEntry[] {
  return network.layers.flatMap(entriesOf);
}

function entriesOf(layer: TensorFlow.layers.Layer): TorchEntry[] {
  const entry = (suffix: string, weight: TensorFlow.LayerVariable, conversion: typeof same): TorchEntry => ({
    key: `${layer.name}.${suffix}`,
    variable: weight.read() as Variable,
    ...conversion,
  });
  if (layer instanceof SpectralConv2D)
    return [
      entry('weight_orig', layer.kernel, convolution),
      entry('bias', layer.bias, same),
      entry('weight_u', layer.u, same),
      entry('weight_v', layer.v, patchVector(layer.config.kernelSize)),
    ];
  if (layer instanceof ReflectionConv2D)
    return [entry('weight', layer.kernel, convolution), entry('bias', layer.bias, same)];
  if (isConvolution(layer)) {
    const kernel = entry('weight', layer.kernel, convolution);
    return layer.bias ? [kernel, entry('bias', layer.bias, same)] : [kernel];
  }
  if (layer instanceof AdaptiveInstanceNorm)
    return [entry('style.weight', layer.kernel, transposed), entry('style.bias', layer.bias, same)];
  if (layer instanceof BatchNorm || layer instanceof InstanceNorm) {
    const affine = [entry('weight', layer.gamma, same), entry('bias', layer.beta, same)];
    if (layer instanceof InstanceNorm) return affine;
    return [
      ...affine,
      entry('running_mean', layer.runningMean, same),
      entry('running_var', layer.runningVariance, same),
    ];
  }
  if (layer.getClassName() === 'Dense') {
    const [kernel, bias] = layer.weights as [TensorFlow.LayerVariable, TensorFlow.LayerVariable];
    return [entry('weight', kernel, transposed), entry('bias', bias, same)];
  }
  return [];
}

const isConvolution = (layer: unknown) =>
  layer instanceof ZeroPadConv2D || layer instanceof TransposedConv2D || layer instanceof PartialConv2D;

/**
 * Gives a network the weights of a PyTorch state dict. Entries that the network does not use are left alone.
 *
 * @param weights a tensor by key and shape, in torch's layout; nothing for a key that is missing.
 * @throws UserError when an entry is missing or of another shape.
 */
export function loadTorchWeights(
  network: LayersModel,
  weights: (key: string, shape: readonly number[]) => Tensor | undefined,
): void {
  tf.tidy(() => {
    for (const { key, variable, toTorch, fromTorch } of torchEntries(network)) {
      const expected = toTorch(variable).shape;
      const value = weights(key, expected);
      if (!value || String(value.shape) !== String(expected))
        throw new UserError(`The weights do not fit the network ${network.name}.`, {
          where: key,
          expected: `shape [${expected}]`,
          got: value ? `shape [${value.shape}]` : 'nothing',
        });
      variable.assign(fromTorch(value) as Variable);
    }
  });
}
