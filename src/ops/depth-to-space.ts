/** Channels to pixels and back, with gradients, which TF.js lacks. */
import { withGradient } from './gradients.ts';
import { attribute, runOp } from './raw.ts';
import { type Tensor4D, tf } from './tf.ts';

const blocks = (size: number) => [
  attribute.type('T', 'float32'),
  attribute.int('block_size', size),
  attribute.string('data_format', 'NHWC'),
];

/** [n,h,w,b²c] → [n,bh,bw,c], b = `size`: channel block (b r + s)c.. of a pixel becomes its row r, column s. */
export function depthToSpace(x: Tensor4D, size: number): Tensor4D {
  if (size === 1) return x;
  return withGradient(
    [x],
    () => runOp('DepthToSpace', blocks(size), [x]),
    (dy) => [() => runOp('SpaceToDepth', blocks(size), [dy])],
  ) as Tensor4D;
}

/**
 * The inverse of {@link depthToSpace}: [n,bh,bw,c] → [n,h,w,b²c]. Not by SpaceToDepth: exported models contain what
 * runs here, and TF.js cannot run that operation in them.
 */
export function spaceToDepth(x: Tensor4D, size: number): Tensor4D {
  if (size === 1) return x;
  const [n, height, width, channels] = x.shape;
  const [h, w] = [height / size, width / size];
  return tf.tidy(() => {
    const rows = tf.reshape(x, [n, h, size, w, size * channels]);
    return tf.reshape(tf.transpose(rows, [0, 1, 3, 2, 4]), [n, h, w, size ** 2 * channels]);
  });
}
