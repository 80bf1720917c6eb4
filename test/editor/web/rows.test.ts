import { describe, expect, it } from 'vitest';
import { polygon } from '../../../src/editor/web/drawing/geometry.ts';
import { enlarge, flood, grow, type Rows, rowsOf } from '../../../src/editor/web/drawing/rows.ts';
import { fc } from '../../property.ts';

const grid = { width: 23, height: 17 };
const raster = (marks: readonly boolean[], { width, height } = grid) => ({
  width,
  height,
  data: Uint8Array.from(marks, Number),
});
const pixels = (rows: Rows) =>
  rows.flatMap((row) => {
    const out = new Array<boolean>(grid.width).fill(false);
    for (let k = 0; k < row.length; k += 2) out.fill(true, row[k], row[k + 1]);
    return out;
  });
const randomMarks = fc.array(fc.boolean(), {
  minLength: grid.width * grid.height,
  maxLength: grid.width * grid.height,
});

describe('rows of pixels', () => {
  it('are those of the marks, sorted and apart', () => {
    fc.assert(
      fc.property(randomMarks, (marks) => {
        const rows = rowsOf(raster(marks), 1);
        expect(pixels(rows)).toEqual(marks);
        expect(pixels(rowsOf(raster(marks), 0))).toEqual(marks.map((mark) => !mark));
        expect(rows.every((row) => row.every((x, k) => k === 0 || x > row[k - 1]!))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('grow by all pixels within a radius', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(grid.width * grid.height - 1), { maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        (places, radius) => {
          const all = Array.from({ length: grid.width * grid.height }, (_, i) => i);
          const marks = all.map((i) => places.includes(i));
          const grown = grow(rowsOf(raster(marks), 1), grid.width, radius);
          const expected = all.map((i) =>
            places.some((place) => {
              const dx = (i % grid.width) - (place % grid.width);
              const dy = Math.floor(i / grid.width) - Math.floor(place / grid.width);
              return dx * dx + dy * dy <= radius * radius;
            }),
          );
          expect(pixels(grown)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are enlarged to a grid that need not be a multiple', () => {
    const small = { width: 8, height: 6 };
    const marks = Array.from({ length: 48 }, (_, i) => i === 15 || i === 44);
    const rows = enlarge(rowsOf(raster(marks, small), 1), 3, grid);
    expect([rows.length, rows[3], rows[5], rows[6], rows[15]]).toEqual([
      17,
      [21, 23],
      [21, 23],
      [],
      [12, 15],
    ]);
  });

  it('are flooded as far as pixels are joined side by side', () => {
    const small = { width: 3, height: 3 };
    const wallsIn = (...lines: string[]) =>
      Uint8Array.from(lines.join(''), (letter) => Number(letter === '#'));
    const diagonal = wallsIn('.##', '#..', '##.');
    expect(flood(small, 4, diagonal)).toEqual({ rows: [[], [1, 3], [2, 3]], meetsBorder: true });
    expect(flood(small, 0, diagonal).rows).toEqual([[0, 1], [], []]);
    expect(flood(small, 4, wallsIn('###', '#.#', '###')).meetsBorder).toBe(false);
  });

  it('are flooded into every corner, as a search from pixel to pixel goes', () => {
    fc.assert(
      fc.property(randomMarks, fc.nat(grid.width * grid.height - 1), (walls, first) => {
        const expected = new Array<boolean>(walls.length).fill(false);
        const queue = walls[first] ? [] : [first];
        for (const index of queue) {
          if (expected[index]) continue;
          expected[index] = true;
          const [x, y] = [index % grid.width, Math.floor(index / grid.width)];
          const beside = [
            x > 0 && index - 1,
            x < grid.width - 1 && index + 1,
            y > 0 && index - grid.width,
            y < grid.height - 1 && index + grid.width,
          ];
          for (const next of beside) if (next !== false && !walls[next]) queue.push(next);
        }
        expect(pixels(flood(grid, first, Uint8Array.from(walls, Number)).rows)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the inside of a closed line', () => {
  it('is all that it goes around, also where it crosses itself', () => {
    const place = fc.record({
      x: fc.double({ min: -5, max: 28, noNaN: true }),
      y: fc.double({ min: -5, max: 22, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(place, { minLength: 3, maxLength: 9 }), (points) => {
        const covered = new Set<string>();
        const rect = polygon(points, (y, left, right) => {
          for (let x = left; x < right; x++) covered.add(`${x},${y}`);
        });
        for (let y = -6; y < 24; y++) {
          for (let x = -6; x < 30; x++) {
            const [px, py] = [x + 0.5, y + 0.5];
            // The angle that the line turns around the pixel's centre, as seen from there.
            let turned = 0;
            let isOnTheLine = false;
            points.forEach((from, k) => {
              const to = points[(k + 1) % points.length]!;
              const [ax, ay, bx, by] = [from.x - px, from.y - py, to.x - px, to.y - py];
              const [cross, dot] = [ax * by - ay * bx, ax * bx + ay * by];
              turned += Math.atan2(cross, dot);
              const length = Math.hypot(bx - ax, by - ay);
              isOnTheLine ||= Math.min(Math.hypot(ax, ay), Math.hypot(bx, by)) < 1e-6;
              isOnTheLine ||= dot < 0 && Math.abs(cross) < 1e-6 * length;
            });
            // Rounding decides on which side of the line such a centre is.
            if (isOnTheLine) continue;
            const isInside = Math.abs(Math.round(turned / (2 * Math.PI))) > 0;
            if (covered.has(`${x},${y}`) !== isInside) expect.fail(`${x},${y} of ${JSON.stringify(points)}`);
            if (isInside)
              expect(x >= rect.left && x < rect.right && y >= rect.top && y < rect.bottom).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
