import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capsule, leastRadius } from '../../../src/editor/web/drawing/brush.ts';
import { Drawing } from '../../../src/editor/web/drawing/drawing.ts';
import type { Command } from '../../../src/editor/web/drawing/history.ts';
import type { Layer } from '../../../src/editor/web/drawing/layer.ts';
import { flipRuns } from '../../../src/editor/web/drawing/runs.ts';
import { stream } from '../../../src/runtime/seed.ts';

const [width, height] = [301, 283];
const dataOf = (layer: Layer) => layer.levels[0]!.data;
/** Whether bytes are equal: comparing them one by one takes vitest long. */
const same = (a: readonly Uint8Array[], b: readonly Uint8Array[]) =>
  a.every((data, k) => Buffer.compare(data, b[k]!) === 0);
const copyOf = (drawing: Drawing) => [dataOf(drawing.hole).slice(), dataOf(drawing.lines).slice()];

/** Reduced copies computed from the layer itself. */
function expectFreshLevels(layer: Layer): void {
  for (const [k, { width: w, height: h, data }] of layer.levels.entries()) {
    if (k === 0) continue;
    const expected = new Uint8Array(w * h);
    for (let y = 0; y < layer.height; y++) {
      for (let x = 0; x < layer.width; x++) {
        if (dataOf(layer)[y * layer.width + x]) expected[(y >> k) * w + (x >> k)] = 1;
      }
    }
    expect(same([data], [expected])).toBe(true);
  }
}

describe('a brush', () => {
  it('covers exactly the pixels whose centres are near its path', () => {
    const coordinate = fc.double({ min: -5, max: 45, noNaN: true });
    const point = fc.record({ x: coordinate, y: coordinate });
    fc.assert(
      fc.property(point, point, fc.double({ min: 0, max: 12, noNaN: true }), (from, to, radius) => {
        const covered = new Set<string>();
        const rect = capsule(from, to, radius, (y, left, right) => {
          for (let x = left; x < right; x++) covered.add(`${x},${y}`);
        });
        const r = Math.max(radius, leastRadius);
        for (let y = -20; y < 60; y++) {
          for (let x = -20; x < 60; x++) {
            const [dx, dy] = [to.x - from.x, to.y - from.y];
            const square = dx * dx + dy * dy;
            const along = square > 0 ? ((x + 0.5 - from.x) * dx + (y + 0.5 - from.y) * dy) / square : 0;
            const t = Math.min(Math.max(along, 0), 1);
            const distance = Math.hypot(x + 0.5 - from.x - t * dx, y + 0.5 - from.y - t * dy);
            // Rounding may decide either way just at the rim.
            if (Math.abs(distance - r) < 1e-6) continue;
            const inRect = x >= rect.left && x < rect.right && y >= rect.top && y < rect.bottom;
            if (covered.has(`${x},${y}`) !== distance < r || (distance < r && !inRect))
              expect.fail(`${x},${y}`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a drawing', () => {
  it('undoes and does again whatever was done, as what it tells others of it does', () => {
    const random = stream(1, 'drawing test');
    const mirror = { hole: new Uint8Array(width * height), lines: new Uint8Array(width * height) };
    const drawing = new Drawing(width, height, {
      repaint() {},
      change(command: Command) {
        for (const { layer, runs } of command) flipRuns(mirror[layer], runs, 1);
      },
    });
    const states = [copyOf(drawing)];
    for (let i = 0; i < 40; i++) {
      if (random.uniform() < 0.15) drawing.clear(random.pick([['hole'], ['lines'], ['hole', 'lines']]));
      else {
        const layer = random.pick(['hole', 'lines'] as const);
        const stroke = drawing.stroke(layer, random.uniform() < 0.7);
        const place = () => ({ x: random.uniform(-20, width + 20), y: random.uniform(-20, height + 20) });
        for (let at = place(), k = 0; k < 4; k++) {
          const next = place();
          stroke.segment(at, next, random.uniform(0, 25));
          at = next;
        }
        if (random.uniform() < 0.2) stroke.cancel();
        else stroke.end();
      }
      expect(same(copyOf(drawing), [mirror.hole, mirror.lines])).toBe(true);
      const last = states.at(-1)!;
      const now = copyOf(drawing);
      if (!same(now, last)) states.push(now);
    }
    expectFreshLevels(drawing.hole);
    expectFreshLevels(drawing.lines);
    for (let i = states.length - 2; i >= 0; i--) {
      drawing.undo();
      expect(same(copyOf(drawing), states[i]!)).toBe(true);
    }
    expect([drawing.canUndo, drawing.isEmpty]).toEqual([false, true]);
    drawing.undo();
    for (const state of states.slice(1)) {
      drawing.redo();
      expect(same(copyOf(drawing), state)).toBe(true);
    }
    expect(drawing.canRedo).toBe(false);
    expect(same(copyOf(drawing), [mirror.hole, mirror.lines])).toBe(true);
    expectFreshLevels(drawing.hole);
  });

  it('forgets what was undone when something else is done', () => {
    const drawing = new Drawing(20, 20, { repaint() {}, change() {} });
    drawing.add({ hole: Uint32Array.of(0, 10) });
    drawing.add({ lines: Uint32Array.of(5, 7) });
    drawing.undo();
    drawing.add({ hole: Uint32Array.of(5, 15) });
    expect(drawing.canRedo).toBe(false);
    expect(dataOf(drawing.hole).slice(0, 20).join('')).toBe('1'.repeat(15) + '0'.repeat(5));
    drawing.undo();
    expect(dataOf(drawing.hole).slice(0, 20).join('')).toBe('1'.repeat(10) + '0'.repeat(10));
  });

  it('does not count what changes nothing', () => {
    const drawing = new Drawing(20, 20, { repaint() {}, change() {} });
    drawing.clear(['hole', 'lines']);
    drawing.stroke('hole', false).end();
    expect(drawing.canUndo).toBe(false);
  });
});
