/**
 * The U-Net of partial convolutions (Liu et al. 2018, section 3.2 and the supplementary table; mmagic
 * pconv_encoder.py and pconv_decoder.py; naoto0804/pytorch-inpainting-with-partial-conv net.py).
 */
import type { Batch } from '../../data/types.ts';
import { BatchNorm } from '../../nn/feature-norm.ts';
import { LeakyReLU } from '../../nn/leaky-relu.ts';
import { PartialConv2D } from '../../nn/partial-conv.ts';
import { type LayersModel, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';

type Symbolic = TensorFlow.SymbolicTensor;
const LEAK = 0.2;

/** Whose layer it is: `nvidia`, the paper's authors', or `naoto`, which does not scale by the size of the window. */
export type Variant = 'nvidia' | 'naoto';

export interface NetworkOptions {
  name: string;
  variant: Variant;
  /** Halvings: height and width are multiples of 2 to this power. 7 for 256 px, 8 for 512 px. */
  depth: number;
  /** Channels of the first layer, 64 in the paper; eight times as many at most. */
  width: number;
  /** Whether there is a sketch beside the photo. It is valid everywhere, so that no window stays without a valid pixel. */
  sketch: boolean;
}

/**
 * Inputs: photo [n,h,w,3], its valid mask [n,h,w,1 or 3] (1 = valid, the opposite of a hole) and, with `sketch`, sketch
 * [n,h,w,1] and its valid mask. Outputs: the image [n,h,w,3], not bounded, and what is valid of it [n,h,w,1].
 */
export function buildNetwork(options: NetworkOptions): LayersModel {
  const { name, variant, depth, width } = options;
  const names = NAMES[variant];
  const scale = variant === 'nvidia' ? 'window' : 'valid';
  const filters = (level: number) => width * Math.min(8, 2 ** (level - 1));
  const input = (what: string, channels: number | null) =>
    tf.input({ shape: [null, null, channels], name: `${name}.${what}` });
  const inputs = [input('photo', 3), input('valid', null)];
  if (options.sketch) inputs.push(input('sketch', 1), input('validSketch', 1));

  const skips: Symbolic[][] = [inputs];
  for (let level = 1; level <= depth; level++) {
    const kernelSize = [7, 5, 5][level - 1] ?? 3;
    const conv = new PartialConv2D({
      name: names.encoder(level),
      filters: filters(level),
      kernelSize,
      stride: 2,
      padding: (kernelSize - 1) / 2,
      // naoto's has a bias in the last layer only.
      bias: level === 1 && variant === 'nvidia',
      scale,
    });
    const [convolved, mask] = conv.apply(skips[level - 1]) as [Symbolic, Symbolic];
    const h = level === 1 ? convolved : normalized(names.encoderNorm(level), convolved);
    skips.push([rectified(0, h), mask]);
  }
  let decoded = skips[depth];
  for (let level = depth; level >= 1; level--) {
    const conv = new PartialConv2D({
      name: names.decoder(level),
      filters: level === 1 ? 3 : filters(level - 1),
      kernelSize: 3,
      padding: 1,
      bias: level === 1,
      scale,
      upsampleFirst: true,
    });
    const [convolved, mask] = conv.apply([...decoded, ...skips[level - 1]]) as [Symbolic, Symbolic];
    if (level === 1) decoded = [convolved, mask];
    else decoded = [rectified(LEAK, normalized(names.decoderNorm(level), convolved)), mask];
  }
  return tf.model({ name, inputs, outputs: decoded });
}

/**
 * The network's inputs of a batch: the photo with what is valid of it (the hole's opposite) and, with `sketch`, the
 * sketch inside the hole, 0 elsewhere, which is valid everywhere.
 */
export function networkInputs({ image, sketch, hole }: Batch, withSketch: boolean): Tensor4D[] {
  const valid = tf.sub(1, hole) as Tensor4D;
  if (!withSketch) return [image, valid];
  // Not `onesLike`, which no format of exports has.
  const everywhere: Tensor4D = tf.add(tf.mul(hole, 0), 1);
  return [image, valid, tf.mul(sketch, hole), everywhere];
}

/**
 * Makes the encoder's batch normalisations use their running statistics and keep their weights, as the second phase of
 * the training does, or learn again.
 */
export function freezeEncoderNorms(network: LayersModel, frozen: boolean): void {
  for (const layer of network.layers)
    if (layer instanceof BatchNorm && /^(encoder\.)?enc/.test(layer.name)) layer.trainable = !frozen;
}

const rectified = (slope: number, x: Symbolic) => new LeakyReLU({ slope }).apply(x) as Symbolic;
const normalized = (name: string, x: Symbolic) => new BatchNorm({ name }).apply(x) as Symbolic;

const NAMES = {
  nvidia: {
    encoder: (level: number) => `encoder.enc${level}.conv`,
    encoderNorm: (level: number) => `encoder.enc${level}.bn`,
    decoder: (level: number) => `decoder.dec${level}.conv`,
    decoderNorm: (level: number) => `decoder.dec${level}.bn`,
  },
  naoto: {
    encoder: (level: number) => `enc_${level}.conv.input_conv`,
    encoderNorm: (level: number) => `enc_${level}.bn`,
    decoder: (level: number) => `dec_${level}.conv.input_conv`,
    decoderNorm: (level: number) => `dec_${level}.bn`,
  },
};
