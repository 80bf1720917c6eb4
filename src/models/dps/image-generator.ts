/** The image generator F: pix2pix's U-Net as DeepPS has it (pix2pix.py:84-264). */
import { BatchNorm, InstanceNorm } from '../../nn/feature-norm.ts';
import { LeakyReLU } from '../../nn/leaky-relu.ts';
import { ReflectionConv2D } from '../../nn/reflection-conv.ts';
import { type LayersModel, type TensorFlow, tf } from '../../ops/tf.ts';
import { LEAK } from './generator.ts';

type Symbolic = TensorFlow.SymbolicTensor;

export interface ImageGeneratorOptions {
  name: string;
  /** Side of its images: 64, 128 or 256 px. */
  resolution: number;
  /** Channels of the input: 3 in synthesis, 7 in editing. */
  channels: number;
  width: number;
  norm: 'batch' | 'instance' | 'none';
}

/**
 * x [n,r,r,channels] → image [n,r,r,3] in [-1, 1]. Halving blocks down to 2×2 pixels and a bottleneck of one; as many
 * doubling blocks back, each joined with the encoder's features of its size. Blocks are numbered as in the original,
 * where the outermost is rcb0 at 256 px, rcb1 at 128 and rcb2 at 64.
 */
export function buildImageGenerator(options: ImageGeneratorOptions): LayersModel {
  const { name, resolution, channels, width, norm } = options;
  const outermost = 8 - Math.log2(resolution);
  if (![0, 1, 2].includes(outermost))
    throw new RangeError(`${name}: resolution must be 64, 128 or 256, not ${resolution}`);
  const filters = (block: number) => width * Math.min(8, 2 ** (block - outermost + 1));
  const normalized = (block: string, x: Symbolic) => {
    if (norm === 'none') return x;
    const layer = norm === 'batch' ? BatchNorm : InstanceNorm;
    return new layer({ name: `${block}.bn` }).apply(x) as Symbolic;
  };
  const rectified = (slope: number, x: Symbolic) => new LeakyReLU({ slope }).apply(x) as Symbolic;

  const x = tf.input({ shape: [resolution, resolution, channels], name: `${name}.x` });
  const conv1 = new ReflectionConv2D({ name: 'conv1', filters: width, kernelSize: 3, pad: 1 });
  let h = conv1.apply(x) as Symbolic;
  const skips = [h];
  for (let block = outermost; block <= 6; block++) {
    const conv = new ReflectionConv2D({
      name: `rcb${block}.conv`,
      filters: filters(block),
      kernelSize: 3,
      stride: 2,
      pad: 1,
    });
    h = normalized(`rcb${block}`, conv.apply(rectified(LEAK, h)) as Symbolic);
    skips.push(h);
  }
  const bottleneck = new ReflectionConv2D({
    name: 'conv7',
    filters: filters(7),
    kernelSize: 4,
    stride: 2,
    pad: 1,
  });
  h = bottleneck.apply(rectified(LEAK, h)) as Symbolic;
  for (let block = 7; block >= outermost; block--) {
    const conv = new ReflectionConv2D({
      name: `rdcb${block}.dconv.conv2d`,
      filters: block === outermost ? width : filters(block - 1),
      kernelSize: 3,
      pad: 1,
      upsample: true,
    });
    const decoded = normalized(`rdcb${block}`, conv.apply(rectified(0, h)) as Symbolic);
    h = tf.layers.concatenate({ axis: 3 }).apply([decoded, skips[block - outermost]]) as Symbolic;
  }
  const last = new ReflectionConv2D({ name: 'dconv1', filters: 3, kernelSize: 3, pad: 1 });
  const image = tf.layers
    .activation({ activation: 'tanh' })
    .apply(last.apply(rectified(0, h)) as Symbolic) as Symbolic;
  return tf.model({ name, inputs: x, outputs: image });
}
