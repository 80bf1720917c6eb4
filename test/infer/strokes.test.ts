import { describe, expect, it } from 'vitest';
import { reduceStrokes } from '../../src/infer/network-input.ts';
import { rgba } from './rasters.ts';

const clear = [255, 255, 255, 0];
const whole = (size: number) => ({ x: 0, y: 0, size });
const pixel = (values: Float32Array, size: number, x: number, y: number) => [
  ...values.subarray(4 * (y * size + x), 4 * (y * size + x) + 4),
];

describe('reduceStrokes', () => {
  it('gives colours in [-1, 1] where there are strokes, and nothing elsewhere', () => {
    const strokes = rgba(8, 8, (x) => (x === 2 ? [255, 0, 51, 255] : clear));
    const reduced = reduceStrokes(strokes, strokes, whole(8), 8);
    expect(pixel(reduced, 8, 2, 5).map((value) => Math.round(value * 1e5) / 1e5)).toEqual([1, -1, -0.6, 1]);
    expect(pixel(reduced, 8, 3, 5)).toEqual([0, 0, 0, 0]);
  });

  it('keeps thin strokes when it shrinks, in their own colour, not mixed with what is transparent', () => {
    const strokes = rgba(80, 80, (x) => (x === 43 ? [0, 255, 0, 255] : clear));
    const reduced = reduceStrokes(strokes, strokes, whole(80), 8);
    for (let y = 0; y < 8; y++) expect(pixel(reduced, 8, 4, y)).toEqual([-1, 1, -1, 1]);
    expect(reduced.filter((value, i) => i % 4 === 3 && value === 1)).toHaveLength(8);
  });

  it('has the mean of the strokes that share a pixel', () => {
    const strokes = rgba(8, 8, (x) => (x % 2 ? [255, 255, 255, 255] : [0, 0, 0, 255]));
    expect(pixel(reduceStrokes(strokes, strokes, whole(8), 4), 4, 1, 1)).toEqual([0, 0, 0, 1]);
  });

  it('takes what is half transparent or more for no stroke', () => {
    const strokes = rgba(4, 4, (x) => [255, 0, 0, x < 2 ? 127 : 128]);
    const reduced = reduceStrokes(strokes, strokes, whole(4), 4);
    expect([0, 1, 2, 3].map((x) => pixel(reduced, 4, x, 0)[3])).toEqual([0, 0, 1, 1]);
  });

  it('takes the region’s part of strokes of another size, mirrored beyond the photo', () => {
    const strokes = rgba(20, 10, (x) => (x === 10 ? [255, 255, 255, 255] : clear));
    const photo = { width: 40, height: 20 };
    const inside = reduceStrokes(strokes, photo, { x: 16, y: 4, size: 8 }, 4);
    expect([0, 1, 2, 3].map((x) => pixel(inside, 4, x, 0)[3])).toEqual([0, 0, 1, 0]);
    const beyond = reduceStrokes(strokes, photo, { x: 16, y: -4, size: 8 }, 4);
    expect([0, 1, 2, 3].map((y) => pixel(beyond, 4, 2, y)[3])).toEqual([1, 1, 1, 1]);
  });
});
