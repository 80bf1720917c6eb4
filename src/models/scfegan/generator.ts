/** SC-FEGAN's generator (Jo & Park, ICCV 2019, section 3.2; run-youngjoo/SC-FEGAN model.py:29-86). */
import { GatedConv2D, type GatedConv2DConfig } from '../../nn/gated-conv.ts';
import { LeakyReLU } from '../../nn/leaky-relu.ts';
import type { Tf1Naming } from '../../nn/original-names.ts';
import { TransposedConv2D } from '../../nn/transposed-conv.ts';
import { type LayersModel, type TensorFlow, tf } from '../../ops/tf.ts';

type Symbolic = TensorFlow.SymbolicTensor;
const LEAK = 0.2;

export interface GeneratorOptions {
  name: string;
  /** Channels of the input; see inputs.ts. */
  channels: number;
  /** The original's `cnum`, 64: channels of the first layer; eight times as many at most. */
  width: number;
}

/** Where image and colour strokes begin in both networks' inputs. The generator's last layer sees its input once more. */
const COLOURS = [0, 4];

/** The generator's variables in the original's checkpoints. */
export const GENERATOR_NAMING: Tf1Naming = {
  prefix: 'generator/',
  gates: 'NAME_g',
  colours: { gconv1_ds: { inputs: COLOURS }, gconv14: { inputs: COLOURS, output: true } },
};
/** The discriminator's, of which the original published none: as DeepFillv2's. */
export const DISCRIMINATOR_NAMING: Tf1Naming = {
  prefix: 'discriminator/',
  gates: 'own kernel',
  colours: { conv1: { inputs: COLOURS } },
};

/**
 * x [n,h,w,channels] → image [n,h,w,3] in [-1, 1]: a U-Net of gated convolutions with local response normalisation,
 * dilated ones at its bottom. Height and width are multiples of 64.
 */
export function buildGenerator({ name, channels, width }: GeneratorOptions): LayersModel {
  const filters = (level: number) => width * Math.min(8, 2 ** (level - 1));
  const x = tf.input({ shape: [null, null, channels], name: `${name}.x` });
  const encoded = [x];
  for (let level = 1; level <= LEVELS; level++) {
    const conv = gated(`gconv${level}_ds`, filters(level), {
      kernelSize: [7, 5, 5][level - 1] ?? 3,
      stride: 2,
      responseNorm: level > 1,
    });
    encoded.push(conv(encoded[level - 1]));
  }
  let h = encoded[LEVELS];
  [2, 4, 8, 16].forEach((dilation, index) => {
    h = gated(`co_conv${index + 1}_dlt`, filters(LEVELS), { dilation })(h);
  });
  for (let level = LEVELS - 1; level >= 0; level--) {
    const skip = encoded[level];
    const count = level === 0 ? 3 : filters(level);
    const decoded = selfGated(`deconv${LEVELS - level}`, count, h, skip);
    h = tf.layers.concatenate({ axis: 3 }).apply([skip, decoded]) as Symbolic;
    const last = level === 0;
    h = gated(`gconv${2 * LEVELS - level}`, count, {
      responseNorm: !last,
      activation: last ? 'linear' : 'leaky',
    })(h);
  }
  const image = tf.layers.activation({ activation: 'tanh' }).apply(h) as Symbolic;
  return tf.model({ name, inputs: x, outputs: image });
}

const LEVELS = 7;

/** A gated convolution, by default 3×3 and with local response normalisation. */
function gated(name: string, filters: number, options: Partial<GatedConv2DConfig>) {
  const layer = new GatedConv2D({
    name,
    filters,
    kernelSize: 3,
    activation: 'leaky',
    responseNorm: true,
    ...options,
  });
  return (x: Symbolic) => layer.apply(x) as Symbolic;
}

/**
 * A transposed convolution to the size of `like` whose gates are its own features: the original computes gates of their
 * own and then overwrites them (ops.py:31-54).
 */
function selfGated(name: string, filters: number, x: Symbolic, like: Symbolic): Symbolic {
  const deconv = new TransposedConv2D({ name, filters, kernelSize: 5 });
  const features = new LeakyReLU({ slope: LEAK }).apply(deconv.apply([x, like]) as Symbolic) as Symbolic;
  return tf.layers.activation({ activation: 'swish' }).apply(features) as Symbolic;
}
