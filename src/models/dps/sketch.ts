/** Rough sketches by l, and all else that the levels of the progressive generator are given, from a batch at the top resolution. */

import {
  type Box,
  boxMask,
  type DeformationOffsets,
  deformSketch,
  dilateSketch,
  discard,
  displacementBound,
  downsample,
  downsampleHole,
  drawDiscardBoxes,
  drawOffsets,
  SMOOTHING,
  smoothSketch,
} from '../../data/sketch.ts';
import type { Batch } from '../../data/types.ts';
import { type Tensor2D, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';

/** One level's tensors, NHWC at its resolution; nothing is masked yet. */
export interface LevelBatch {
  /** What G is given: smoothed, and degraded by l. [n,s,s,1] in [-1, 1]. */
  readonly roughSketch: Tensor4D;
  /** What G should draw: smoothed. */
  readonly sketch: Tensor4D;
  readonly image: Tensor4D;
  readonly hole: Tensor4D;
}

/** The dilation diameter in px for l in [0, 1]: 1 (none) to `maxDilation`. */
export function dilationDiameter(l: number, maxDilation: number): number;
export function dilationDiameter(l: Tensor2D, maxDilation: number): Tensor2D;
export function dilationDiameter(l: number | Tensor2D, maxDilation: number): number | Tensor2D {
  const growth = maxDilation - 1;
  return typeof l === 'number' ? growth * l + 1 : tf.add<Tensor2D>(tf.mul(l, growth), 1);
}

/** The random choices of a batch's degradation, beside l. */
export interface Degradation {
  readonly offsets: DeformationOffsets;
  readonly boxes: readonly (readonly Box[])[];
}

/** l and the degradation that follows from it and the random choices, as the inputs of a training step. */
export type DegradationTensors = {
  /** [1,1]. */
  readonly l: Tensor2D;
  /** Diameter of the dilation, px [1,1]. */
  readonly diameter: Tensor2D;
  /** See {@link displacementBound}. */
  readonly displacement: TensorFlow.Scalar;
  /** See {@link DeformationOffsets}. */
  readonly offsetsX: Tensor4D;
  readonly offsetsY: Tensor4D;
  /** What is wiped [n,s,s,1], 1 = wiped. */
  readonly wiped: Tensor4D;
};

/** Draws the degradation of a batch of n sketches of side `size`. */
export function drawDegradation(count: number, size: number, random: RandomStream): Degradation {
  const offsets = drawOffsets(count, random);
  return { offsets, boxes: Array.from({ length: count }, () => drawDiscardBoxes(size, random)) };
}

/**
 * The inputs of a step on sketches of side `size`. The offsets are those of the degradation, not copies.
 *
 * @param l in [0, 1].
 */
export function degradationTensors(
  { offsets, boxes }: Degradation,
  { l, maxDilation, size }: { l: number; maxDilation: number; size: number },
): DegradationTensors {
  const diameter = dilationDiameter(l, maxDilation);
  return {
    l: tf.tensor2d([[l]]),
    diameter: tf.tensor2d([[diameter]]),
    displacement: tf.scalar(displacementBound(diameter - 1, size)),
    offsetsX: offsets.x,
    offsetsY: offsets.y,
    wiped: boxMask(boxes, size),
  };
}

/**
 * The true sketch at a level, smoothed: the lowest of three levels like the top one, else with the narrow kernel.
 *
 * @param wide the sketch smoothed with the wide kernel, where that is known.
 */
function smoothedSketch(sketch: Tensor4D, level: number, levels: number, wide?: Tensor4D): Tensor4D {
  const isTop = level === levels;
  const kernel = isTop || (levels === 3 && level === 1) ? SMOOTHING.wide : SMOOTHING.narrow;
  const smooth = kernel === SMOOTHING.wide && wide ? wide : smoothSketch(sketch, kernel);
  return isTop ? smooth : smoothSketch(downsample(smooth, 2 ** (levels - level)), kernel);
}

/** A batch at the top resolution as a level knows it: everything resized, the sketch smoothed, nothing degraded. */
export function trueLevel(batch: Batch, level: number, levels: number): Batch {
  return tf.tidy(() => {
    const { image, hole } = atLevel(batch, batch.sketch, level, levels);
    return { image: image.clone(), hole: hole.clone(), sketch: smoothedSketch(batch.sketch, level, levels) };
  });
}

/**
 * Training inputs of the levels 1 to `level` (the first is the lowest) of `levels`
 * (PSGAN.prepare_training_images, models.py:547-605): the sketch is deformed, partly discarded and dilated by l at
 * the top resolution, and everything is resized from there.
 *
 * @param batch images and sketches at the top resolution.
 */
export function trainingPyramid(
  batch: Batch,
  degradation: DegradationTensors,
  options: { maxDilation: number; level: number; levels: number },
): LevelBatch[] {
  const { maxDilation, levels } = options;
  return tf.tidy(() => {
    const smooth = smoothSketch(batch.sketch, SMOOTHING.wide);
    const rough = degrade(smooth, degradation, maxDilation);
    return Array.from({ length: options.level }, (_, index) => {
      const level = index + 1;
      const sketch = smoothedSketch(batch.sketch, level, levels, smooth);
      return { ...atLevel(batch, rough, level, levels), sketch };
    });
  });
}

/** Smoothed sketches [n,s,s,1] deformed, partly discarded and dilated. */
function degrade(
  smooth: Tensor4D,
  { diameter, displacement, offsetsX, offsetsY, wiped }: DegradationTensors,
  maxDilation: number,
): Tensor4D {
  const deformed = deformSketch(smooth, { x: offsetsX, y: offsetsY }, displacement);
  return dilateSketch(discard(deformed, wiped), diameter, maxDilation);
}

/** Sketches [n,s,s,1] as the top level is given them in training at l in [0, 1], of a degradation that is drawn now. */
export function roughen(sketch: Tensor4D, l: number, maxDilation: number, random: RandomStream): Tensor4D {
  const [count, size] = sketch.shape;
  return tf.tidy(() => {
    const drawn = degradationTensors(drawDegradation(count, size, random), { l, maxDilation, size });
    return degrade(smoothSketch(sketch, SMOOTHING.wide), drawn, maxDilation);
  });
}

/**
 * Test-time inputs of the levels 1 to `level`: the user's sketch, smoothed and dilated by l (models.py:459-515).
 *
 * @param l in [0, 1], [n or 1, 1].
 */
export function testPyramid(
  batch: Batch,
  options: { l: Tensor2D; maxDilation: number; level: number; levels: number },
): Omit<LevelBatch, 'sketch'>[] {
  const { l, maxDilation, levels } = options;
  return tf.tidy(() => {
    const smooth = smoothSketch(batch.sketch, SMOOTHING.wide);
    const rough = dilateSketch(smooth, dilationDiameter(l, maxDilation), maxDilation);
    return Array.from({ length: options.level }, (_, index) => atLevel(batch, rough, index + 1, levels));
  });
}

function atLevel(batch: Batch, rough: Tensor4D, level: number, levels: number): Omit<LevelBatch, 'sketch'> {
  const factor = 2 ** (levels - level);
  return {
    roughSketch: downsample(rough, factor),
    image: downsample(batch.image, factor),
    hole: factor === 1 ? batch.hole : downsampleHole(batch.hole, factor),
  };
}
