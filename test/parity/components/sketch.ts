/** Sketch degradation: smoothing, dilation, deformation, discarding, and the inputs of every level. */

import {
  type Box,
  boxMask,
  deformationGrid,
  deformationKernel,
  deformSketch,
  dilateSketch,
  discard,
  displacementBound,
  SMOOTHING,
  smoothingKernel,
  smoothSketch,
} from '../../../src/data/sketch.ts';
import { maskSketch, type Task } from '../../../src/models/dps/inputs.ts';
import { degradationTensors, trainingPyramid } from '../../../src/models/dps/sketch.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { type Check, compare } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { NCHW, NETWORK } from '../layout.ts';

export const TASKS: Record<string, Task> = { EDT: 'edit', SYN: 'synthesis' };

export function checkSmoothing(fixture: FixtureCase): Check[] {
  const { kernel_size, sigma } = fixture.options.args as { kernel_size?: number; sigma?: number };
  const { wide } = SMOOTHING;
  const kernel = { size: kernel_size ?? wide.size, sigma: sigma ?? wide.sigma };
  return [
    compare(fixture, 'out/kernel', smoothingKernel(kernel), NETWORK),
    compare(fixture, 'out/y', NCHW(smoothSketch(fixture.image('in/S'), kernel)), NETWORK),
  ];
}

export function checkDilation(fixture: FixtureCase): Check[] {
  const { max_dilate, labels } = fixture.options as { max_dilate: number; labels: Record<string, number> };
  const sketch = fixture.image('in/S');
  return Object.entries(labels).map(([name, diameter]) =>
    compare(fixture, `out/${name}`, NCHW(dilateSketch(sketch, diameter, max_dilate)), NETWORK),
  );
}

export function checkDeformation(fixture: FixtureCase): Check[] {
  const sketch = fixture.image('in/S');
  const offsets = offsetsOf(fixture);
  const moves = Object.entries(fixture.options.max_move as Record<string, number>);
  return [
    compare(fixture, 'out/kernel', deformationKernel(), NETWORK),
    ...moves.flatMap(([name, maxMove]) => {
      const size = sketch.shape[1];
      const bound = tf.scalar(displacementBound(maxMove, size));
      const { x, y } = deformationGrid(offsets, size, bound);
      return [
        compare(fixture, `out/${name}/grid`, tf.concat([x, y], 3), NETWORK),
        compare(fixture, `out/${name}/y`, NCHW(deformSketch(sketch, offsets, bound)), NETWORK),
      ];
    }),
  ];
}

export function checkDiscarding(fixture: FixtureCase): Check[] {
  const sketch = fixture.image('in/S');
  const mask = boxMask(boxesOf(fixture, sketch.shape[0]), sketch.shape[1]);
  return [compare(fixture, 'out/y', NCHW(discard(sketch, mask)), NETWORK)];
}

export function checkPyramid(fixture: FixtureCase): Check[] {
  const { max_dilate, max_level, l } = fixture.options;
  const task = TASKS[fixture.options.task as string];
  const sketch = fixture.image('in/S');
  const [count, height, width] = sketch.shape;
  const hole = fixture.has('in/M') ? holeOf(fixture.image('in/M')) : tf.ones([count, height, width, 1]);
  const batch = { sketch, image: fixture.image('in/I'), hole: hole as Tensor4D };
  const drawn = { offsets: offsetsOf(fixture), boxes: boxesOf(fixture, count) };
  const degradation = degradationTensors(drawn, { l, maxDilation: max_dilate, size: height });
  const options = { maxDilation: max_dilate, level: max_level, levels: max_level };
  return trainingPyramid(batch, degradation, options).flatMap((level, index) => {
    const found: Record<string, Tensor4D> = {
      S_in: maskSketch(task, level.roughSketch, level.hole),
      S_gt: maskSketch(task, level.sketch, level.hole),
      I_gt: level.image,
      I_in: tf.mul(level.image, tf.sub(1, level.hole)),
      M: tf.sub(tf.mul(level.hole, 2), 1),
    };
    return Object.entries(found)
      .map(([name, tensor]) => [`out/level${index + 1}/${name}`, tensor] as const)
      .filter(([name]) => fixture.has(name))
      .map(([name, tensor]) => compare(fixture, name, NCHW(tensor), NETWORK));
  });
}

/** The original's mask, +1 = hole and -1 = known, as a hole mask. */
export function holeOf(mask: Tensor4D): Tensor4D {
  return tf.div(tf.add(mask, 1), 2);
}

function offsetsOf(fixture: FixtureCase) {
  return { x: fixture.image('in/offset_x'), y: fixture.image('in/offset_y') };
}

/** The integers that the original drew, in its order: for each image a count, then width, height, x and y of each box. */
function boxesOf(fixture: FixtureCase, count: number): Box[][] {
  const draws = [...(fixture.stored('in/draws').data as Int32Array)];
  const next = () => draws.shift()!;
  return Array.from({ length: count }, () =>
    Array.from({ length: next() }, () => ({ width: next(), height: next(), x: next(), y: next() })),
  );
}
