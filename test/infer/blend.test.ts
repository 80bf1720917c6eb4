import { describe, expect, it } from 'vitest';
import { blend } from '../../src/infer/blend.ts';
import { networkInput } from '../../src/infer/network-input.ts';
import { regionOf } from '../../src/infer/region.ts';
import { fc } from '../property.ts';
import { busyPhoto, grey, rectangle, rgba } from './rasters.ts';

const filled = (side: number, value: number): Float32Array => new Float32Array(side * side * 3).fill(value);

describe('networkInput', () => {
  it('is the photo itself at the network’s own size', () => {
    const photo = busyPhoto(32, 32);
    const hole = rectangle([32, 32], [3, 4, 20, 9]);
    const sketch = grey(32, 32, (x) => (x === 7 ? 0 : 255));
    const input = networkInput({ photo, hole, sketch }, regionOf(hole, 32), 32);
    const expected = [...photo.data]
      .filter((_, i) => i % 4 < 3)
      .map((value) => Math.fround((value / 255 - 0.5) / 0.5));
    expect([...input.image]).toEqual(expected);
    expect([...input.hole]).toEqual([...hole.data].map((value) => value / 255));
    expect([...input.sketch]).toEqual([...sketch.data].map((value) => (value === 0 ? -1 : 1)));
  });

  it('shows what is transparent over white, whatever colour it has', () => {
    const photo = rgba(8, 8, (x) => [0, 40, 80, x < 4 ? 0 : 255]);
    const hole = rectangle([8, 8], [0, 0, 2, 2]);
    const { image } = networkInput(
      { photo, hole, sketch: grey(8, 8, () => 255) },
      { x: 0, y: 0, size: 8 },
      8,
    );
    expect([...image.slice(0, 3)]).toEqual([1, 1, 1]);
    expect(image[7 * 3]).toBe(-1);
  });

  it('stays in range where a hard edge is enlarged', () => {
    const photo = rgba(16, 16, (x) =>
      Array(4)
        .fill(x < 8 ? 0 : 255)
        .with(3, 255),
    );
    const edit = { photo, hole: rectangle([16, 16], [0, 0, 9, 9]), sketch: grey(16, 16, () => 255) };
    const { image } = networkInput(edit, { x: 0, y: 0, size: 16 }, 64);
    expect(Math.min(...image)).toBe(-1);
    expect(Math.max(...image)).toBe(1);
  });
});

describe('blend', () => {
  it('fills the hole with the result and touches nothing else, at any size and place', () => {
    const length = fc.integer({ min: 4, max: 90 });
    fc.assert(
      fc.property(
        length,
        length,
        fc.nat(),
        fc.nat(),
        length,
        length,
        fc.boolean(),
        (width, height, a, b, c, d, white) => {
          const photo = busyPhoto(width, height);
          const [left, top] = [a % width, b % height];
          const hole = rectangle(
            [width, height],
            [left, top, Math.min(width, left + c), Math.min(height, top + d)],
          );
          const before = photo.data.slice();
          const out = blend(photo, hole, filled(16, white ? 1 : -1), regionOf(hole, 16), false);
          expect(photo.data).toEqual(before);
          const wrong = [...out.keys()].filter((i) => {
            if (!hole.data[i >> 2] || i % 4 === 3) return out[i] !== before[i];
            return white ? out[i] < before[i] : out[i] > before[i];
          });
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes over across a network pixel from the rim, but not from the photo’s border', () => {
    const photo = rgba(256, 256, () => [0, 0, 0, 255]);
    const hole = rectangle([256, 256], [0, 100, 256, 200]);
    const out = blend(photo, hole, filled(64, 1), { x: 0, y: 0, size: 256 }, false);
    const column = [99, 100, 101, 102, 103, 104, 150].map((y) => out[(y * 256 + 3) * 4]);
    expect(column).toEqual([0, 51, 102, 153, 204, 255, 255]);
    expect(out[(150 * 256 + 0) * 4]).toBe(255);
  });

  it('puts the result where the region is', () => {
    const photo = rgba(200, 120, () => [0, 0, 0, 255]);
    const region = { x: 60, y: 20, size: 64 };
    const hole = rectangle([200, 120], [60, 20, 124, 84]);
    const result = new Float32Array(64 * 64 * 3).fill(-1);
    result[(30 * 64 + 10) * 3] = 1;
    const out = blend(photo, hole, result, region, false);
    const lit = [...out.keys()].filter((i) => i % 4 === 0 && out[i] > 0);
    expect(lit).toEqual([((20 + 30) * 200 + 60 + 10) * 4]);
  });

  it('keeps alpha, and takes a hole that the photo’s border cuts', () => {
    const photo = rgba(60, 30, (x, y) => [10, 20, 30, (x + y) % 256]);
    const hole = rectangle([60, 30], [5, 5, 55, 30]);
    const region = regionOf(hole, 16);
    expect(region.size).toBeGreaterThan(30);
    const out = blend(photo, hole, filled(16, 1), region, false);
    for (let i = 3; i < out.length; i += 4) expect(out[i]).toBe(photo.data[i]);
    expect(out[(29 * 60 + 30) * 4]).toBe(255);
  });
});
