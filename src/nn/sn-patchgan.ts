/** SN-PatchGAN, the discriminator of free-form inpainting (Yu et al. 2019, section 3.3; inpaint_model.py:112-122). */
import { type LayersModel, type TensorFlow, tf } from '../ops/tf.ts';
import { LeakyReLU } from './leaky-relu.ts';
import { PowerIterationConv2D } from './spectral-norm.ts';

const LAYERS = 6;
const LEAK = 0.2;

export interface SnPatchGanOptions {
  name: string;
  /** Channels of the input: an image, and what it is conditioned on. */
  channels: number;
  /** Channels of the first layer, 64 in the paper; four times as many at most. */
  width: number;
  /** 5 in DeepFillv2, 3 in SC-FEGAN. */
  kernelSize: number;
}

/** x [n,h,w,channels] → scores [n,h/64,w/64,4 width], each of a place and a channel of features; higher is more real. */
export function buildSnPatchGan({ name, channels, width, kernelSize }: SnPatchGanOptions): LayersModel {
  const x = tf.input({ shape: [null, null, channels], name: `${name}.x` });
  let h: TensorFlow.SymbolicTensor = x;
  for (let layer = 1; layer <= LAYERS; layer++) {
    const conv = new PowerIterationConv2D({
      name: `conv${layer}`,
      filters: width * Math.min(4, 2 ** (layer - 1)),
      kernelSize,
      stride: 2,
      padding: 'same',
    });
    h = conv.apply(h) as TensorFlow.SymbolicTensor;
    h = new LeakyReLU({ slope: LEAK }).apply(h) as TensorFlow.SymbolicTensor;
  }
  return tf.model({ name, inputs: x, outputs: h });
}
