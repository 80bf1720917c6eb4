import { describe, expect, it } from 'vitest';
import { chooseRegion, holeBounds, holeParts, regionOf, regionWith } from '../../src/infer/region.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { fc } from '../property.ts';
import { grey, rectangle } from './rasters.ts';

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

describe('holeParts', () => {
  const holes = (size: readonly [number, number], ...places: (readonly [number, number, number])[]) =>
    grey(...size, (x, y) =>
      places.some(([left, top, side]) => x >= left && x < left + side && y >= top && y < top + side)
        ? 255
        : 0,
    );

  it('small holes far apart are parts, which together are the hole', () => {
    const hole = holes([3000, 2250], [100, 100, 60], [2800, 2000, 60]);
    const parts = holeParts(hole, 64);
    expect(parts).toHaveLength(2);
    expect(parts.map((part) => holeBounds(part))).toEqual(
      expect.arrayContaining([
        { left: 100, top: 100, right: 160, bottom: 160 },
        { left: 2800, top: 2000, right: 2860, bottom: 2060 },
      ]),
    );
    for (const part of parts) expect(regionOf(part, 64).size).toBeLessThan(200);
  });

  it('what is near belongs together, and a hole that fills the photo is one', () => {
    for (const [hole, resolution] of [
      [holes([800, 600], [300, 200, 30], [380, 200, 30]), 256],
      [holes([800, 600], [10, 10, 300], [400, 300, 200]), 64],
      [holes([800, 600], [10, 10, 5], [780, 580, 5]), 512],
      [holes([80, 60], [3, 3, 5], [70, 50, 5]), 64],
    ] as const)
      expect(holeParts(hole, resolution)).toEqual([hole]);
  });

  it('no part is in what another one’s filling is shown', () => {
    const hole = holes(
      [2000, 1500],
      [100, 100, 40],
      [150, 120, 10],
      [1800, 1300, 60],
      [1000, 100, 30],
      [1750, 1250, 5],
    );
    const parts = holeParts(hole, 64);
    expect(parts).toHaveLength(3);
    for (const part of parts) {
      const { x, y, size } = regionOf(part, 64);
      for (const other of parts) {
        const bounds = holeBounds(other)!;
        if (other === part) continue;
        expect(
          bounds.left >= x + size || bounds.right <= x || bounds.top >= y + size || bounds.bottom <= y,
        ).toBe(true);
      }
    }
  });

  it('specks are not filled one by one', () => {
    const hole = grey(1000, 1000, (x, y) => (x % 100 === 50 && y % 100 === 50 ? 255 : 0));
    expect(holeParts(hole, 16)).toEqual([hole]);
  });
});
