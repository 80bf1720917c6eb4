/**
 * pix2pix's discriminator of patches, PatchGAN (Isola et al. 2017, section 6.1.2; phillipi/pix2pix
 * models.lua:180-220; mmagic's PatchDiscriminator).
 */
import { BatchNorm } from '../../nn/feature-norm.ts';
import { LeakyReLU } from '../../nn/leaky-relu.ts';
import { ZeroPadConv2D } from '../../nn/zero-pad-conv.ts';
import { type LayersModel, type TensorFlow, tf } from '../../ops/tf.ts';
import type { Variant } from './generator.ts';

type Symbolic = TensorFlow.SymbolicTensor;
const LEAK = 0.2;

export interface DiscriminatorOptions {
  name: string;
  variant: Variant;
  /** Channels of the input: those of condition and image. */
  channels: number;
  /** Channels of the first layer; eight times as many at most. */
  width: number;
  /** Layers of stride 2, the first one included: 3 for patches of 70×70 px; 0 for single pixels, by 1×1 convolutions. */
  layers: number;
}

/** x [n,h,w,channels] → scores [n,h',w',1], the log-odds of each patch being real. */
export function buildDiscriminator(options: DiscriminatorOptions): LayersModel {
  const { name, variant, channels, width, layers } = options;
  const filters = Array.from(
    { length: layers === 0 ? 2 : layers + 1 },
    (_, i) => width * Math.min(8, 2 ** i),
  );
  const names = variant === 'lua' ? luaNames : pytorchNames(filters.length);
  const window = layers === 0 ? { kernelSize: 1, padding: 0 } : { kernelSize: 4, padding: 1 };
  const x = tf.input({ shape: [null, null, channels], name: `${name}.x` });
  let h: Symbolic = x;
  [...filters, 1].forEach((count, index) => {
    const last = index === filters.length;
    const normalised = index > 0 && !last;
    const conv = new ZeroPadConv2D({
      name: names.conv(index),
      filters: count,
      ...window,
      stride: index < layers ? 2 : 1,
      bias: variant === 'lua' || !normalised,
    });
    h = conv.apply(h) as Symbolic;
    if (normalised) h = new BatchNorm({ name: names.norm(index) }).apply(h) as Symbolic;
    if (!last) h = new LeakyReLU({ slope: LEAK }).apply(h) as Symbolic;
  });
  return tf.model({ name, inputs: x, outputs: h });
}

/** Places in Lua's Sequential: convolution and rectifier, then convolution, normalisation and rectifier. */
const luaNames = {
  conv: (index: number) => `${index === 0 ? 0 : 3 * index - 1}`,
  norm: (index: number) => `${3 * index}`,
};

const pytorchNames = (last: number) => ({
  conv: (index: number) => (index === last ? `model.${index}` : `model.${index}.conv`),
  norm: (index: number) => `model.${index}.bn`,
});
