import { describe, expect, it } from 'vitest';
import { reduceHole, thinLines } from '../../src/infer/network-input.ts';
import type { Raster } from '../../src/infer/raster.ts';
import { grey, rectangle } from './rasters.ts';

const whole = (size: number) => ({ x: 0, y: 0, size });
const count = (lines: Uint8Array): number => lines.reduce((sum, line) => sum + line, 0);

/** A black line through a point, rising by `slope`, `thickness` px high. */
const line = (size: number, slope: number, thickness: number, value = 0): Raster =>
  grey(size, size, (x, y) => (Math.abs(y - size / 2 - slope * (x - size / 2)) < thickness / 2 ? value : 255));

/** The most line pixels in one column; the outer columns do not count, where thick lines end in a fork. */
function thickness(lines: Uint8Array, size: number): number {
  const columns = Array.from({ length: size }, (_, x) => count(lines.filter((_, i) => i % size === x)));
  return Math.max(...columns.slice(4, -4));
}

describe('thinLines', () => {
  it('makes one-pixel lines of lines of any thickness', () => {
    for (const [size, thick] of [
      [512, 1],
      [512, 3],
      [512, 24],
      [1000, 9],
      [40, 1],
    ] as const) {
      const lines = thinLines(line(size, 0.3, thick), { width: size, height: size }, whole(size), 64);
      expect(thickness(lines, 64), `${size} px, ${thick} px thick`).toBe(1);
      expect(count(lines), `${size} px, ${thick} px thick`).toBeGreaterThan(54);
    }
  });

  it('keeps a thin grey line that shrinks to a twentieth', () => {
    const lines = thinLines(line(1280, 0.1, 1.5, 150), { width: 1280, height: 1280 }, whole(1280), 64);
    expect(count(lines)).toBeGreaterThanOrEqual(64);
  });

  it('keeps apart what is two network pixels apart', () => {
    const two = grey(512, 512, (_, y) => ((y >= 200 && y < 212) || (y >= 216 && y < 228) ? 0 : 255));
    const lines = thinLines(two, two, whole(512), 64);
    expect(thickness(lines, 64)).toBe(2);
    const rows = [...lines.keys()].filter((i) => lines[i]).map((i) => Math.floor(i / 64));
    expect(new Set(rows)).toEqual(new Set([25, 27]));
  });

  it('leaves a drawing at the network’s scale as it is, unless it has thick lines', () => {
    const steps = grey(64, 64, (x, y) => (y === x || (y === x + 1 && x % 3 > 0) ? 0 : 255));
    const expected = Uint8Array.from(steps.data, (value) => (value === 0 ? 1 : 0));
    expect(thinLines(steps, { width: 200, height: 200 }, whole(200), 64)).toEqual(expected);
    const thick = rectangle([64, 64], [10, 20, 50, 23], [0, 255]);
    expect(thickness(thinLines(thick, thick, whole(64), 64), 64)).toBe(1);
  });

  it('takes the region’s part of a sketch that is smaller than its photo', () => {
    const sketch = grey(100, 50, (x) => (x === 60 ? 0 : 255));
    const lines = thinLines(sketch, { width: 400, height: 200 }, { x: 200, y: 40, size: 128 }, 64);
    const columns = new Set([...lines.keys()].filter((i) => lines[i]).map((i) => i % 64));
    // Sketch column 60 is photo columns 240 to 244, which are 20 to 22 of the network's.
    expect([...columns].every((x) => x >= 20 && x < 22)).toBe(true);
    expect(thickness(lines, 64)).toBeGreaterThan(54);
  });

  it('takes JPEG noise for paper', () => {
    const noise = grey(64, 64, (x, y) => 255 - ((x * 7 + y * 13) % 60));
    expect(count(thinLines(noise, noise, whole(64), 64))).toBe(0);
  });
});

describe('reduceHole', () => {
  it('makes every touched pixel a hole', () => {
    const hole = rectangle([512, 512], [15, 16, 25, 17]);
    const reduced = reduceHole(hole, whole(512), 64);
    expect([...reduced.keys()].filter((i) => reduced[i])).toEqual([2 * 64 + 1, 2 * 64 + 2, 2 * 64 + 3]);
  });

  it('enlarges a small photo’s hole', () => {
    expect(count(reduceHole(rectangle([16, 16], [4, 4, 8, 8]), whole(16), 64))).toBe(16 * 16);
  });

  it('mirrors beyond the photo', () => {
    const reduced = reduceHole(rectangle([8, 4], [2, 0, 6, 4]), { x: 0, y: -2, size: 8 }, 8);
    expect(count(reduced)).toBe(4 * 8);
  });
});
