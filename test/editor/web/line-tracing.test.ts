import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/editor/web/drawing/changes.ts';
import { Drawing } from '../../../src/editor/web/drawing/drawing.ts';
import { LineTracing } from '../../../src/editor/web/drawing/line-tracing.ts';
import { atOnce } from '../../../src/editor/web/drawing/steps.ts';

const side = 100;
type Place = readonly [x: number, y: number];

function drawingOf(lines: readonly (readonly Place[])[], radius = 1.5) {
  const commands: Command[] = [];
  const drawing = new Drawing(side, side, { repaint() {}, change: (command) => commands.push(command) });
  for (const line of lines) {
    const stroke = drawing.stroke('lines', 1);
    line.forEach(([x, y], k) => {
      const [fromX, fromY] = line[Math.max(0, k - 1)]!;
      stroke.segment({ x: fromX, y: fromY }, { x, y }, radius);
    });
    stroke.end();
  }
  return { drawing, commands, data: drawing.lines.levels[0]!.data };
}

const count = (values: ArrayLike<number>) => Array.from(values).filter(Boolean).length;

describe('lines that are traced', () => {
  it('go straight on where they cross, and end where they meet another', () => {
    const { drawing } = drawingOf([
      [
        [10, 20],
        [90, 80],
      ],
      [
        [10, 80],
        [90, 20],
      ],
      [
        [5, 90],
        [95, 90],
      ],
      [
        [50, 60],
        [50, 90],
      ],
    ]);
    const tracing = new LineTracing(drawing.lines);
    expect(tracing.lines).toHaveLength(4);
    const crossing = tracing.nearest({ x: 30, y: 35 }, 3)!;
    const xs = tracing.lines[crossing]!.map(({ x }) => x);
    expect([Math.min(...xs) < 15, Math.max(...xs) > 85]).toEqual([true, true]);
    expect(tracing.nearest({ x: 80, y: 72 }, 3)).toBe(crossing);
    expect(tracing.nearest({ x: 70, y: 35 }, 3)).not.toBe(crossing);
    const level = tracing.nearest({ x: 10, y: 90 }, 3);
    expect(tracing.nearest({ x: 90, y: 90 }, 3)).toBe(level);
    expect(tracing.nearest({ x: 50, y: 75 }, 3)).not.toBe(level);
    expect(tracing.nearest({ x: 50, y: 10 }, 3)).toBeUndefined();
  });

  it('close where they go around, and are dots where they are dots', () => {
    const ring = Array.from({ length: 41 }, (_, k): Place => {
      const angle = (k * Math.PI) / 20;
      return [50 + 30 * Math.cos(angle), 50 + 30 * Math.sin(angle)];
    });
    const tracing = new LineTracing(drawingOf([ring, [[50, 50]]]).drawing.lines);
    expect(tracing.lines).toHaveLength(2);
    const [round, dot] = [...tracing.lines].sort((a, b) => b.length - a.length);
    expect(round![0]).toEqual(round!.at(-1));
    expect(dot!.length).toBeLessThan(4);
  });

  it.each([0.5, 1, 1.5, 3, 6])(
    'have their thickness (radius %d): drawn again they are as they were',
    (radius) => {
      const { drawing, data } = drawingOf(
        [
          [
            [20, 20],
            [50, 80],
            [85, 30],
          ],
        ],
        radius,
      );
      const before = data.slice();
      const tracing = new LineTracing(drawing.lines);
      expect(tracing.lines).toHaveLength(1);
      const shape = tracing.shape(0);
      atOnce(drawing.clear(['lines']));
      const stroke = drawing.stroke('lines', 1);
      shape.forEach((to, k) => {
        stroke.segment(shape[Math.max(0, k - 1)]!, to, to.radius);
      });
      stroke.end();
      const differing = count(data.map((value, i) => value ^ before[i]!));
      // Along its rim, pixels may be rounded either way.
      expect(differing / count(before)).toBeLessThan(radius < 1 ? 0.35 : 0.2);
    },
  );

  it('have all their pixels but those of lines that cross them', () => {
    const { drawing, data } = drawingOf([
      [
        [10, 50],
        [90, 50],
      ],
      [
        [50, 10],
        [50, 90],
      ],
    ]);
    const before = data.slice();
    const tracing = new LineTracing(drawing.lines);
    const stroke = drawing.stroke('lines', 0);
    stroke.rows(tracing.pixelsOf(new Set([tracing.nearest({ x: 20, y: 50 }, 3)!])));
    stroke.end();
    const wrong: Place[] = [];
    for (let x = 0; x < side; x++) {
      for (let y = 0; y < side; y++) {
        const isOfOther = Math.abs(x + 0.5 - 50) <= 1.5;
        // Where they cross, some pixels beside both may stay.
        const isOfBoth = Math.abs(x + 0.5 - 50) < 4 && Math.abs(y + 0.5 - 50) < 4;
        const expected = isOfOther ? before[y * side + x] : 0;
        if ((isOfOther || !isOfBoth) && data[y * side + x] !== expected) wrong.push([x, y]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('of photos of 24 megapixels are traced on a copy', () => {
    const [width, height] = [6000, 4000];
    const drawing = new Drawing(width, height, { repaint() {}, change() {} });
    const stroke = drawing.stroke('lines', 1);
    stroke.segment({ x: 1000, y: 1000 }, { x: 5000, y: 3000 }, 12.5);
    stroke.end();
    const tracing = new LineTracing(drawing.lines);
    const shape = tracing.shape(tracing.nearest({ x: 3000, y: 2000 }, 20)!);
    const middle = shape[Math.floor(shape.length / 2)]!;
    expect(Math.abs(middle.radius - 12.5)).toBeLessThan(1);
    expect(Math.abs(middle.y - 1000 - (middle.x - 1000) / 2)).toBeLessThan(2);
  });
});

describe('several changes of a layer in one act', () => {
  it('become one, in which no pixel is changed twice', () => {
    const { drawing, commands, data } = drawingOf([
      [
        [20, 20],
        [60, 20],
      ],
    ]);
    const before = data.slice();
    const made = drawing.together(() => {
      atOnce(drawing.clear(['lines']));
      const stroke = drawing.stroke('lines', 1);
      stroke.segment({ x: 40, y: 20 }, { x: 80, y: 20 }, 1.5);
      stroke.end();
    });
    expect(commands).toHaveLength(2);
    expect(commands[1]).toEqual(made);
    expect(made).toHaveLength(1);
    const { runs } = made[0]!;
    expect([...runs]).toEqual([...new Set(runs)].sort((a, b) => a - b));
    atOnce(drawing.apply(made));
    expect(data).toEqual(before);
  });
});
