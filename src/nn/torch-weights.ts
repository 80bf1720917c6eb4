/** Weights of networks as torch stores them, checked as they are taken. */

import { type Tensor1D, type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { readSafetensors, type StoredTensor } from '../weights/safetensors.ts';
import type { ConvolutionWeights } from './fixed-convolution.ts';

/** What Inception's batch normalisation adds to the variance; torch's default is 1e-5. */
const batchNormEpsilon = 1e-3;

export class TorchWeights {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #where: string;
  readonly #network: string;

  /** @param where the file's name and @param network what it should hold, both for messages. */
  constructor(tensors: ReadonlyMap<string, StoredTensor>, where: string, network: string) {
    this.#tensors = tensors;
    this.#where = where;
    this.#network = network;
  }

  static read(path: string, network: string): TorchWeights {
    return new TorchWeights(readSafetensors(path), path, network);
  }

  /** @throws UserError when the entry is missing or of another shape or type. */
  take(key: string, shape: readonly number[]): Float32Array {
    const stored = this.#tensors.get(key);
    if (stored?.data instanceof Float32Array && String(stored.shape) === String(shape)) return stored.data;
    throw new UserError(`This file does not hold ${this.#network}.`, {
      where: `${this.#where}: ${key}`,
      expected: `float values of shape [${shape}]`,
      got: stored ? `${stored.dtype} of shape [${stored.shape}]` : 'nothing',
      fix: 'see docs/metrics.md for where to get the file and how to convert it',
    });
  }

  /** `KEY.weight` [out,in,h,w] as HWIO and `KEY.bias` [out]; the caller disposes of them, no tidy() does. */
  convolution(
    key: string,
    [out, input, h, w]: readonly [number, number, number, number],
  ): ConvolutionWeights {
    const kernel = kernelOf(this.take(`${key}.weight`, [out, input, h, w]), [out, input, h, w]);
    return { kernel, bias: tf.keep(tf.tensor1d(this.take(`${key}.bias`, [out]))) };
  }

  /**
   * `KEY.conv.weight`, without a bias, and the batch normalisation `KEY.bn` after it as it is in inference, as one
   * convolution; the caller disposes of it, no tidy() does.
   */
  normalizedConvolution(
    key: string,
    [out, input, h, w]: readonly [number, number, number, number],
  ): ConvolutionWeights {
    const weight = this.take(`${key}.conv.weight`, [out, input, h, w]);
    const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
      this.take(`${key}.bn.${name}`, [out]),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const scale = Float64Array.from(gamma, (value, o) => value / Math.sqrt(variance[o] + batchNormEpsilon));
    const fanIn = input * h * w;
    const scaled = weight.map((value, i) => value * scale[Math.floor(i / fanIn)]);
    const bias = beta.map((value, o) => value - mean[o] * scale[o]);
    return { kernel: kernelOf(scaled, [out, input, h, w]), bias: tf.keep(tf.tensor1d(bias)) as Tensor1D };
  }
}

function kernelOf(data: Float32Array, shape: [number, number, number, number]): Tensor4D {
  return tf.keep(tf.tidy(() => tf.transpose(tf.tensor4d(data, shape), [2, 3, 1, 0])));
}
