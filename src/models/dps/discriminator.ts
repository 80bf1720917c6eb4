/** The discriminator D: a patch discriminator with spectral normalisation (DeepPS models.py:360-403). */
import { Rectifier } from '../../nn/rectifier.ts';
import { SpectralConv2D } from '../../nn/spectral-conv.ts';
import { type LayersModel, type TensorFlow, tf } from '../../ops/tf.ts';
import { LEAK } from './generator.ts';

type Symbolic = TensorFlow.SymbolicTensor;

export interface DiscriminatorOptions {
  name: string;
  channels: number;
  width: number;
  /** Layers of stride 2; two of stride 1 follow. */
  layers: number;
}

/** x [n,h,w,channels] → scores [n,h',w',width], any real numbers; higher is more real. Every score counts alike. */
export function buildDiscriminator(options: DiscriminatorOptions): LayersModel {
  const { name, channels, width, layers } = options;
  const filters = Array.from({ length: layers + 1 }, (_, i) => width * Math.min(8, 2 ** i));
  const x = tf.input({ shape: [null, null, channels], name: `${name}.x` });
  let h: Symbolic = x;
  [...filters, width].forEach((count, index) => {
    const conv = new SpectralConv2D({
      // The original's Sequential counts padding, convolution and activation.
      name: `model.${3 * index + 1}`,
      filters: count,
      kernelSize: 4,
      stride: index < layers ? 2 : 1,
      pad: 2,
    });
    h = conv.apply(h) as Symbolic;
    if (index <= layers) h = new Rectifier({ slope: LEAK }).apply(h) as Symbolic;
  });
  return tf.model({ name, inputs: x, outputs: h });
}
