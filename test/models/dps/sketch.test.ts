import { describe, expect, it } from 'vitest';
import { dilateSketch, downsampleHole, drawDiscardBoxes } from '../../../src/data/sketch.ts';
import {
  type Degradation,
  degradationTensors,
  dilationDiameter,
  drawDegradation,
  testPyramid,
  trainingPyramid,
  trueLevel,
} from '../../../src/models/dps/sketch.ts';
import { type Tensor, type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { stream } from '../../../src/runtime/seed.ts';
import { maxDifference } from '../../finite-differences.ts';
import { tinyBatch } from './tiny.ts';

const SIZE = 64;
const batch = tinyBatch(2, SIZE);
const options = { maxDilation: 21, level: 3, levels: 3 };
const degraded = (degradation: Degradation, l: number) =>
  degradationTensors(degradation, { l, maxDilation: 21, size: SIZE });
const ink = (sketch: Tensor) => tf.mean(tf.sub(1, sketch)).dataSync()[0];

describe('training pyramid', () => {
  it('has every level at its size, all in [-1, 1], holes 0 or 1', () => {
    const degradation = drawDegradation(2, SIZE, stream(1));
    const pyramid = trainingPyramid(batch, degraded(degradation, 0.5), options);
    expect(pyramid.map(({ image }) => image.shape)).toEqual([16, 32, 64].map((s) => [2, s, s, 3]));
    for (const level of pyramid) {
      for (const x of [level.roughSketch, level.sketch, level.image])
        expect(tf.max(tf.abs(x)).dataSync()[0]).toBeLessThanOrEqual(1.000001);
      expect(new Set(level.hole.dataSync())).toEqual(new Set([0, 1]));
    }
  });
  it('degrades the same way from the same stream', () => {
    const rough = (seed: number) => {
      const degradation = drawDegradation(2, SIZE, stream(seed));
      return trainingPyramid(batch, degraded(degradation, 0.5), options).at(-1)!.roughSketch;
    };
    expect(maxDifference(rough(1), rough(1))).toBe(0);
    expect(maxDifference(rough(1), rough(2))).toBeGreaterThan(0.5);
  });
  it('does nothing but smooth at l = 0 where no box is discarded', () => {
    const { offsets } = drawDegradation(2, SIZE, stream(1));
    const calm = { offsets, boxes: [[], []] };
    const [level] = trainingPyramid(batch, degraded(calm, 0), { maxDilation: 21, level: 1, levels: 1 });
    expect(maxDifference(level.roughSketch, level.sketch)).toBeLessThan(1e-4);
  });
  it('gives the true picture that a level is trained towards', () => {
    const degradation = drawDegradation(2, SIZE, stream(1));
    const pyramid = trainingPyramid(batch, degraded(degradation, 0.5), options);
    pyramid.forEach((level, index) => {
      const { sketch, image, hole } = trueLevel(batch, index + 1, 3);
      expect(maxDifference(sketch, level.sketch) + maxDifference(image, level.image)).toBe(0);
      expect(maxDifference(hole, level.hole)).toBe(0);
    });
  });
});

it('lines grow with l at test time', () => {
  const at = (l: number) =>
    ink(testPyramid(batch, { ...options, l: tf.fill([1, 1], l) }).at(-1)!.roughSketch);
  const inks = [0, 0.05, 0.3, 0.33, 0.7, 1].map(at);
  expect(inks).toEqual([...inks].sort((a, b) => a - b));
  expect(inks.at(-1)! / inks[0]).toBeGreaterThan(3);
});

it('a dilation of diameter d makes a point a square of d pixels', () => {
  const point = tf.buffer([1, 31, 31, 1], 'float32', new Float32Array(31 * 31).fill(1));
  point.set(-1, 0, 15, 15, 0);
  for (const diameter of [1, 3, 7, 21])
    expect(ink(dilateSketch(point.toTensor() as Tensor4D, diameter, 21)) * 31 * 31).toBeCloseTo(
      2 * diameter ** 2,
      1,
    );
  expect(dilationDiameter(0, 21)).toBe(1);
  expect(dilationDiameter(1, 21)).toBe(21);
});

it('a smaller mask is a hole wherever it touches one', () => {
  const hole = tf.buffer([1, 8, 8, 1]);
  hole.set(1, 0, 3, 3, 0);
  expect(tf.sum(downsampleHole(hole.toTensor() as Tensor4D, 2)).dataSync()[0]).toBeGreaterThanOrEqual(1);
  expect(tf.sum(downsampleHole(tf.zeros([1, 256, 256, 1]) as Tensor4D, 4)).dataSync()[0]).toBe(0);
});

it('discards no, one or two boxes inside the picture, each as often', () => {
  const random = stream(1);
  const counts = [0, 0, 0];
  for (let i = 0; i < 3000; i++) {
    const boxes = drawDiscardBoxes(64, random);
    counts[boxes.length] += 1;
    for (const { x, y, width, height } of boxes) {
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(8);
      expect(Math.max(width, height)).toBeLessThan(16);
      expect(Math.max(x + width, y + height)).toBeLessThan(64);
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
    }
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
