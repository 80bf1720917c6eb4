import { describe, expect, it } from 'vitest';
import { type RowSource, type Square, scaleRows } from '../../src/infer/resample.ts';

/** A source of one channel. */
function source(width: number, height: number, value: (x: number, y: number) => number): RowSource {
  const read = (y: number, row: Float32Array) => {
    for (let x = 0; x < width; x++) row[x] = value(x, y);
  };
  return { width, height, channels: 1, read };
}

function scale(from: RowSource, square: Square, newSize: number): number[][] {
  const rows: number[][] = [];
  scaleRows(from, square, newSize, (row) => rows.push([...row]));
  return rows;
}

describe('scaleRows', () => {
  it('leaves pixels as they are at their own size', () => {
    const rows = scale(
      source(9, 7, (x, y) => x * 31 + y),
      { x: 2, y: 1, size: 5 },
      5,
    );
    expect(rows).toEqual(
      Array.from({ length: 5 }, (_, y) => Array.from({ length: 5 }, (_, x) => (x + 2) * 31 + y + 1)),
    );
  });

  it('continues a picture beyond its border by mirroring', () => {
    const rows = scale(
      source(4, 2, (x, y) => 10 * y + x),
      { x: 0, y: -1, size: 4 },
      4,
    );
    expect(rows).toEqual([0, 0, 1, 1].map((y) => [0, 1, 2, 3].map((x) => 10 * y + x)));
  });

  it('keeps a gradient straight when it enlarges and when it shrinks', () => {
    const ramp = source(64, 64, (x, y) => 3 * x - y);
    for (const [size, newSize] of [
      [16, 48],
      [32, 10],
    ] as const) {
      const factor = size / newSize;
      scale(ramp, { x: 16, y: 12, size }, newSize).forEach((row, y) => {
        row.forEach((value, x) => {
          const [oldX, oldY] = [16 + (x + 0.5) * factor - 0.5, 12 + (y + 0.5) * factor - 0.5];
          expect(value).toBeCloseTo(3 * oldX - oldY, 1);
        });
      });
    }
  });

  it('averages stripes away when it shrinks, where taking single pixels would alias', () => {
    const stripes = source(128, 128, (x) => (x % 2) * 2 - 1);
    for (const value of scale(stripes, { x: 0, y: 0, size: 128 }, 24).flat())
      expect(Math.abs(value)).toBeLessThan(0.15);
  });

  it('computes wanted rows only', () => {
    const seen: number[] = [];
    scaleRows(
      source(8, 8, () => 1),
      { x: 0, y: 0, size: 8 },
      16,
      (_, y) => seen.push(y),
      (y) => y % 5 === 0,
    );
    expect(seen).toEqual([0, 5, 10, 15]);
  });
});
