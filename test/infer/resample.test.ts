import { describe, expect, it } from 'vitest';
import { type RowSource, type Square, scaleRows } from '../../src/infer/resample.ts';

/** A grey source. */
function source(width: number, height: number, value: (x: number, y: number) => number): RowSource {
  const read = (y: number, row: Float32Array) => {
    for (let x = 0; x < width; x++) row.fill(value(x, y), 3 * x, 3 * x + 3);
  };
  return { width, height, read };
}

/** The grey of a row that has it in all three channels. */
function greyOf(row: Float32Array): number[] {
  const grey = row.filter((_, i) => i % 3 === 0);
  expect(row).toEqual(Float32Array.from(row, (_, i) => grey[Math.floor(i / 3)]));
  return [...grey];
}

function scale(from: RowSource, square: Square, newSize: number): number[][] {
  const rows: number[][] = [];
  scaleRows(from, square, newSize, (row) => rows.push(greyOf(row)));
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

  it('gives a part as the whole has it, and reads only what that is made of', () => {
    const read = new Set<number>();
    const values = (x: number, y: number) => (x * 37 + y * 11) % 23;
    const picture = source(40, 40, values);
    const part = { left: 3, top: 5, right: 9, bottom: 7 };
    const rows: number[][] = [];
    const watched: RowSource = {
      ...picture,
      read(y, row, left, right) {
        for (let x = left; x < right; x++) {
          row.fill(values(x, y), 3 * x, 3 * x + 3);
          read.add(y * 40 + x);
        }
      },
    };
    scaleRows(watched, { x: -3, y: 2, size: 36 }, 16, (row) => rows.push(greyOf(row)), part);
    const whole = scale(picture, { x: -3, y: 2, size: 36 }, 16);
    expect(rows).toEqual(whole.slice(part.top, part.bottom).map((row) => row.slice(part.left, part.right)));
    // Each new pixel is made of at most 10 x 10 old ones.
    expect(read.size).toBeLessThan((9 + 6 * 2.25) * (9 + 2 * 2.25));
  });
});
