/** DeepFillv2's generator (Yu et al. 2019, figure 3; JiahuiYu/generative_inpainting inpaint_model.py:28-109). */
import { ContextualAttention } from '../../nn/contextual-attention.ts';
import { GatedConv2D, type GatedConv2DConfig } from '../../nn/gated-conv.ts';
import type { Tf1Naming } from '../../nn/original-names.ts';
import { ZeroPadConv2D } from '../../nn/zero-pad-conv.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';

type Shape = TensorFlow.Shape;
type Symbolic = TensorFlow.SymbolicTensor;

export interface GeneratorOptions {
  name: string;
  /** The original's `cnum`, 48: features and gates of the first layer together. A multiple of 4. */
  width: number;
  /** Whether a sketch guides it. */
  guided: boolean;
}

const takesColours = { inputs: [0] };
const makesColours = { output: true };

/** The generator's variables in the original's checkpoints. */
export const GENERATOR_NAMING: Tf1Naming = {
  prefix: 'inpaint_net/',
  gates: 'own kernel',
  colours: {
    conv1: takesColours,
    conv17: makesColours,
    xconv1: takesColours,
    pmconv1: takesColours,
    allconv17: makesColours,
  },
};
/** The discriminator's, a {@link buildSnPatchGan} of 5×5 kernels. */
export const DISCRIMINATOR_NAMING: Tf1Naming = {
  prefix: 'discriminator/sn_patch_gan/',
  gates: 'own kernel',
  colours: { conv1: takesColours },
};

/**
 * Inputs: incomplete image [n,h,w,3] in [-1, 1], 0 in the hole; hole [n,h,w,1], 1 = hole; and where it is guided the
 * edges inside the hole [n,h,w,1], 1 = line. Outputs: the coarse image and the refined one [n,h,w,3] in [-1, 1].
 * Height and width are multiples of 8. Call argument: `training`.
 */
export function buildGenerator({ name, width, guided }: GeneratorOptions): LayersModel {
  if (width % 4 !== 0) throw new RangeError(`${name}: width must be a multiple of 4, not ${width}`);
  const image = tf.input({ shape: [null, null, 3], name: `${name}.image` });
  const hole = tf.input({ shape: [null, null, 1], name: `${name}.hole` });
  const edges = tf.input({ shape: [null, null, 1], name: `${name}.edges` });
  const ones = new Ones({ name: 'ones' }).apply(hole) as Symbolic;
  const given = joined(guided ? [image, edges, ones, hole] : [image, ones, hole]);

  let h = gated('conv1', width, { kernelSize: 5 })(given);
  h = gated('conv2_downsample', 2 * width, { stride: 2 })(h);
  h = gated('conv3', 2 * width)(h);
  h = gated('conv4_downsample', 4 * width, { stride: 2 })(h);
  for (const layer of ['conv5', 'conv6']) h = gated(layer, 4 * width)(h);
  const smallHole = new MaskAtFeatures({ name: 'mask_s' }).apply([hole, h]) as Symbolic;
  h = atrous('conv', 4 * width)(h);
  for (const layer of ['conv11', 'conv12']) h = gated(layer, 4 * width)(h);
  const coarse = decoder('conv', width)(h);

  const composite = new Blend({ name: 'composite' }).apply([coarse, image, hole]) as Symbolic;
  const convolved = atrous('xconv', 4 * width)(refinementEncoder('xconv', width, 2)(composite));
  const attended = attentionBranch(refinementEncoder('pmconv', width, 4)(composite), smallHole, width);
  h = joined([convolved, attended]);
  for (const layer of ['allconv11', 'allconv12']) h = gated(layer, 4 * width)(h);
  const refined = decoder('allconv', width)(h);
  const inputs = guided ? [image, hole, edges] : [image, hole];
  return tf.model({ name, inputs, outputs: [coarse, refined] });
}

type Step = (x: Symbolic) => Symbolic;

const joined = (parts: Symbolic[]) => tf.layers.concatenate({ axis: 3 }).apply(parts) as Symbolic;

/** A gated convolution of `channels` features and gates together. */
function gated(name: string, channels: number, options: Partial<GatedConv2DConfig> = {}): Step {
  const layer = new GatedConv2D({
    name,
    filters: channels / 2,
    kernelSize: 3,
    activation: 'elu',
    ...options,
  });
  return (x) => layer.apply(x) as Symbolic;
}

/** Layers 7 to 10, dilated more and more. */
function atrous(prefix: string, channels: number): Step {
  const layers = [2, 4, 8, 16].map((dilation, index) =>
    gated(`${prefix}${index + 7}_atrous`, channels, { dilation }),
  );
  return (x) => layers.reduce((h, layer) => layer(h), x);
}

/** Layers 13 to 17: back to the full size, and to an image. */
function decoder(prefix: string, width: number): Step {
  const up = (index: number, channels: number) => {
    const name = `${prefix}${index}_upsample`;
    return gated(`${name}/${name}_conv`, channels, { upsample: true });
  };
  const layers = [
    up(13, 2 * width),
    gated(`${prefix}14`, 2 * width),
    up(15, width),
    gated(`${prefix}16`, width / 2),
  ];
  const last = new ZeroPadConv2D({ name: `${prefix}17`, filters: 3, kernelSize: 3, padding: 'same' });
  const tanh = tf.layers.activation({ activation: 'tanh', name: `${prefix}_tanh` });
  return (x) => tanh.apply(last.apply(layers.reduce((h, layer) => layer(h), x)) as Symbolic) as Symbolic;
}

/** Layers 1 to 6 of a branch of the refinement; the branches differ in the width and the last activation. */
function refinementEncoder(prefix: 'xconv' | 'pmconv', width: number, growth: 2 | 4): Step {
  const layers = [
    gated(`${prefix}1`, width, { kernelSize: 5 }),
    gated(`${prefix}2_downsample`, width, { stride: 2 }),
    gated(`${prefix}3`, 2 * width),
    gated(`${prefix}4_downsample`, growth * width, { stride: 2 }),
    gated(`${prefix}5`, 4 * width),
    gated(`${prefix}6`, 4 * width, { activation: prefix === 'pmconv' ? 'relu' : 'elu' }),
  ];
  return (x) => layers.reduce((h, layer) => layer(h), x);
}

function attentionBranch(features: Symbolic, hole: Symbolic, width: number): Symbolic {
  const attention = new ContextualAttention({ name: 'attention' });
  let h = attention.apply([features, features, hole]) as Symbolic;
  for (const layer of ['pmconv9', 'pmconv10']) h = gated(layer, 4 * width)(h);
  return h;
}

/** [a, b, mask] → a where the mask [n,h,w,1] is 1 and b where it is 0. */
class Blend extends tf.layers.Layer {
  static className = 'Blend';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return (inputShape as Shape[])[0];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const [a, b, mask] = inputs as [Tensor, Tensor, Tensor];
    return tf.tidy(() => tf.add(tf.mul(a, mask), tf.mul(b, tf.sub(1, mask))));
  }
}
tf.serialization.registerClass(Blend);

/** x → ones of its shape: what zero padding makes of them tells a convolution where the border is. */
class Ones extends tf.layers.Layer {
  static className = 'Ones';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.tidy(() => tf.add(tf.mul(x, 0), 1));
  }
}
tf.serialization.registerClass(Ones);

/** [mask, features] → the mask at the features' size, by nearest neighbour with aligned corners. */
class MaskAtFeatures extends tf.layers.Layer {
  static className = 'MaskAtFeatures';

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [mask, features] = inputShape as [Shape, Shape];
    return [mask[0] ?? null, features[1] ?? null, features[2] ?? null, 1];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const [mask, features] = inputs as [Tensor4D, Tensor4D];
    const [, h, w] = features.shape;
    return tf.image.resizeNearestNeighbor(mask, [h, w], true);
  }
}
tf.serialization.registerClass(MaskAtFeatures);
