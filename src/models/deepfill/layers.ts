/** What DeepFillv2's generator needs between its convolutions. */
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';

type Shape = TensorFlow.Shape;

/** [a, b, mask] → a where the mask [n,h,w,1] is 1 and b where it is 0. */
export class Blend extends tf.layers.Layer {
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
export class Ones extends tf.layers.Layer {
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
export class MaskAtFeatures extends tf.layers.Layer {
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
