import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseRegion, holeBounds, regionOf, regionWith } from '../../src/infer/region.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { rectangle } from './rasters.ts';

describe('regionOf', () => {
  it('shows three times the hole around its middle', () => {
    const hole = rectangle([1000, 800], [400, 300, 550, 400]);
    expect(regionOf(hole, 64)).toEqual({ x: 250, y: 125, size: 450 });
  });

  it('shows at least as many pixels as the network sees, and moves into the photo', () => {
    expect(regionOf(rectangle([1000, 800], [0, 790, 10, 800]), 256)).toEqual({ x: 0, y: 544, size: 256 });
  });

  it('is the whole of a square photo of the network’s size', () => {
    expect(regionOf(rectangle([256, 256], [200, 10, 230, 20]), 256)).toEqual({ x: 0, y: 0, size: 256 });
  });

  it('reaches over the border only for a hole longer than the photo is wide', () => {
    expect(regionOf(rectangle([300, 200], [20, 50, 270, 90]), 64)).toEqual({ x: 0, y: -50, size: 300 });
    expect(regionOf(rectangle([300, 200], [20, 50, 170, 90]), 64)).toEqual({ x: 0, y: 0, size: 200 });
  });

  it('contains every hole, and lies inside photos that have room for it', () => {
    const length = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(length, length, length, length, length, length, length, (width, height, a, b, c, d, r) => {
        const [left, top] = [(a - 1) % width, (b - 1) % height];
        const [right, bottom] = [Math.min(width, left + c), Math.min(height, top + d)];
        const { x, y, size } = regionOf(rectangle([width, height], [left, top, right, bottom]), r);
        expect(x).toBeLessThanOrEqual(left);
        expect(y).toBeLessThanOrEqual(top);
        expect(x + size).toBeGreaterThanOrEqual(right);
        expect(y + size).toBeGreaterThanOrEqual(bottom);
        if (size <= Math.min(width, height)) {
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
          expect(x + size).toBeLessThanOrEqual(width);
          expect(y + size).toBeLessThanOrEqual(height);
        }
        expect(size).toBeLessThanOrEqual(Math.max(width, height));
      }),
    );
  });

  it('needs a hole', () => {
    const nothing = rectangle([9, 7], [0, 0, 0, 0]);
    expect(holeBounds(nothing)).toBeUndefined();
    expect(() => regionOf(nothing, 64)).toThrow(UserError);
  });
});

it('regionWith grows a region to hold what it must', () => {
  const face = { x: 20, y: -10, size: 50 };
  expect(regionWith(face, { left: 30, top: 0, right: 60, bottom: 40 })).toEqual(face);
  expect(regionWith(face, { left: 10, top: 20, right: 90, bottom: 30 })).toEqual({ x: 10, y: -25, size: 80 });
});

it('chooseRegion takes the hole’s surroundings for a face that is not there, and adds the hole to one that is', () => {
  const hole = rectangle([1000, 800], [400, 300, 550, 400]);
  expect(chooseRegion('face', hole, 64)).toEqual(regionOf(hole, 64));
  expect(chooseRegion('hole', hole, 64, { x: 0, y: 0, size: 90 })).toEqual(regionOf(hole, 64));
  expect(chooseRegion('face', hole, 64, { x: 400, y: 200, size: 200 })).toEqual({
    x: 400,
    y: 200,
    size: 200,
  });
  expect(chooseRegion('whole', hole, 64)).toEqual({ x: 75, y: 0, size: 800 });
});
