import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../../ops/tf.ts';

/** The dilation diameter in px for l in [0, 1]: 1 (none) to `maxDilation`. */
export function dilationDiameter(l: number, maxDilation: number): number {
  return (maxDilation - 1) * l + 1;
}

/**
 * Dilates the lines of a sketch [n,h,w,1] in [-1, 1] by a square of the given diameter, px, which may be any real
 * number: between two odd diameters their box sums, before clamping, are mixed linearly. The diameter counts as at
 * least 1, which changes nothing, and at most the first odd number not below `maxDilation`
 * (ConditionalDilate, roughSketchSyn.py:68-107).
 *
 * @param diameter one for all, or [n or 1, 1].
 */
export function dilateSketch(sketch: Tensor4D, diameter: number | Tensor2D, maxDilation: number): Tensor4D {
  const [, h, w] = sketch.shape;
  return tf.tidy(() => {
    const most = Math.floor(maxDilation / 2) * 2 + 1;
    const given = typeof diameter === 'number' ? tf.fill([1, 1], diameter) : diameter;
    const exact = tf.expandDims(tf.clipByValue(given, 1, most), 2);
    // Box sums of side 2r + 1 are the product of one matrix over rows and one over columns.
    const radius = tf.floor(tf.div(tf.sub(exact, 1), 2));
    const ink = tf.squeeze(tf.div(tf.sub(1, sketch), 2), [3]);
    const sums = (r: Tensor) => {
      const rows = boxMatrix(h, r);
      return tf.matMul(rows, tf.matMul(ink, h === w ? rows : boxMatrix(w, r), false, true));
    };
    const mixed = (inner: Tensor) => {
      const share = tf.sub(tf.div(tf.sub(exact, 1), 2), radius);
      return tf.add(inner, tf.mul(tf.sub(sums(tf.add(radius, 1)), inner), share));
    };
    const isOdd = typeof diameter === 'number' && diameter % 2 === 1;
    const sum = isOdd ? sums(radius) : mixed(sums(radius));
    return tf.expandDims(tf.sub(1, tf.mul(tf.clipByValue(sum, 0, 1), 2)), 3) as Tensor4D;
  });
}

/**
 * The matrix [n,size,size] whose product with a column sums 2r + 1 neighbours, the border being replicated; r [n,1,1]
 * is whole.
 */
function boxMatrix(size: number, radius: Tensor): Tensor {
  const place = tf.range(0, size);
  const row = tf.reshape(place, [1, size, 1]);
  const column = tf.reshape(place, [1, 1, size]);
  const near = tf.cast(tf.lessEqual(tf.abs(tf.sub(row, column)), radius), 'float32');
  // A border pixel also stands for those beyond it that the box reaches.
  const beyond = (distance: Tensor, border: Tensor) => tf.mul(tf.relu(tf.sub(radius, distance)), border);
  const first = tf.cast(tf.equal(column, 0), 'float32');
  const last = tf.cast(tf.equal(column, size - 1), 'float32');
  return tf.add(near, tf.add(beyond(row, first), beyond(tf.sub(size - 1, row), last)));
}
