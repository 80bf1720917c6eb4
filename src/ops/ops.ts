/** Differentiable operations that TF.js lacks, gets wrong or composes from many slow pieces. */
import { withGradient } from './gradients.ts';
import { type MirrorMode, mirrored, padPixels } from './pixels.ts';
import { type Attribute, attribute, runOp } from './raw.ts';
import { type Tensor, type Tensor4D, tf } from './tf.ts';
import { tuned } from './tuning.ts';

const float = () => attribute.type('T', 'float32');

/** Pads height and width of x [n,h,w,c] by `pad` mirrored pixels. Throws a RangeError where x is too small for that. */
export function mirrorPad(x: Tensor4D, pad: number, mode: MirrorMode): Tensor4D {
  if (pad === 0) return x;
  const padded = mirrored(x, pad, mode);
  return withGradient(
    [x],
    () => (tuned() ? padPixels(padded) : runOp('MirrorPad', mirrorAttributes(mode), [x, paddings(pad)])),
    // TF.js's own gradient only slices, which forgets what the mirrored pixels contribute.
    (dy) => [() => mirrorPadGradient(dy as Tensor4D, pad, mode)],
  ) as Tensor4D;
}

/** From the gradient of {@link mirrorPad}'s result to that of its input; not differentiable itself. */
export function mirrorPadGradient(dy: Tensor4D, pad: number, mode: MirrorMode): Tensor4D {
  if (pad === 0) return dy;
  return runOp('MirrorPadGrad', mirrorAttributes(mode), [dy, paddings(pad)]) as Tensor4D;
}

const mirrorAttributes = (mode: MirrorMode) => [
  float(),
  attribute.type('Tpaddings', 'int32'),
  attribute.string('mode', mode),
];

const paddings = (pad: number) =>
  tf.tensor2d(
    [
      [0, 0],
      [pad, pad],
      [pad, pad],
      [0, 0],
    ],
    [4, 2],
    'int32',
  );

const blocks = (size: number) => [
  float(),
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

/** The inverse of {@link depthToSpace}: [n,bh,bw,c] → [n,h,w,b²c]; without SpaceToDepth, which TF.js does not know in an export. */
export function spaceToDepth(x: Tensor4D, size: number): Tensor4D {
  if (size === 1) return x;
  const [n, height, width, channels] = x.shape;
  const [h, w] = [height / size, width / size];
  return tf.tidy(() => {
    const rows = tf.reshape(x, [n, h, size, w, size * channels]);
    return tf.reshape(tf.transpose(rows, [0, 1, 3, 2, 4]), [n, h, w, size ** 2 * channels]);
  });
}

/** max(x, slope * x), slope in [0, 1): ReLU for 0. */
export function rectify(x: Tensor, slope: number): Tensor {
  if (slope === 0)
    return withGradient(
      [x],
      (save) => {
        const y = runOp('Relu', [float()], [x]);
        save([y]);
        return y;
      },
      (dy, [y]) => [() => runOp('ReluGrad', [float()], [dy, y])],
    );
  const attributes = [float(), attribute.float('alpha', slope)];
  return withGradient(
    [x],
    // The result has the sign of x, which is all that the gradient needs, and what follows keeps it as well.
    (save) => {
      const y = runOp('LeakyRelu', attributes, [x]);
      save([y]);
      return y;
    },
    (dy, [y]) => [() => rectifyGradient(dy, y, attributes)],
  );
}

/** LeakyReluGrad, differentiable once more with respect to dy; of y it sees only the sign. */
function rectifyGradient(dy: Tensor, y: Tensor, attributes: Attribute[]): Tensor {
  return withGradient(
    [dy],
    (save) => {
      save([y]);
      return runOp('LeakyReluGrad', attributes, [dy, y]);
    },
    (ddx, [saved]) => [() => rectifyGradient(ddx, saved, attributes)],
  );
}

/** x [n,h,w,c] + bias [c]. */
export function addBias(x: Tensor4D, bias: Tensor): Tensor4D {
  const attributes = [float(), attribute.string('data_format', 'NHWC')];
  return withGradient(
    [x, bias],
    () => runOp('BiasAdd', attributes, [x, bias]),
    (dy) => [() => dy.clone(), () => runOp('BiasAddGrad', attributes, [dy])],
  ) as Tensor4D;
}

/** N(0, stddev) values of the given shape: the same for the same seed pair, on every device. */
export function seededNormal(
  shape: readonly number[],
  stddev: number,
  seed: readonly [number, number],
): Tensor {
  return tf.tidy(() => tf.mul(seeded('StatelessRandomNormal', shape, seed), stddev));
}

/** Uniform values in [-bound, bound) of the given shape: the same for the same seed pair, on every device. */
export function seededUniform(
  shape: readonly number[],
  bound: number,
  seed: readonly [number, number],
): Tensor {
  return tf.tidy(() => tf.mul(tf.sub(seeded('StatelessRandomUniform', shape, seed), 0.5), 2 * bound));
}

function seeded(op: string, shape: readonly number[], seed: readonly [number, number]): Tensor {
  const attributes = [
    attribute.type('dtype', 'float32'),
    attribute.type('T', 'int32'),
    attribute.type('Tseed', 'int32'),
  ];
  return runOp(op, attributes, [tf.tensor1d([...shape], 'int32'), tf.tensor1d([...seed], 'int32')]);
}
