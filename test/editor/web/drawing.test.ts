import { describe, expect, it } from 'vitest';
import {
  type Command,
  collectValues,
  colourWord,
  flipRuns,
  layerNames,
  type Values,
} from '../../../src/editor/web/drawing/changes.ts';
import { Drawing } from '../../../src/editor/web/drawing/drawing.ts';
import { capsule, leastRadius } from '../../../src/editor/web/drawing/geometry.ts';
import { History } from '../../../src/editor/web/drawing/history.ts';
import type { Layer } from '../../../src/editor/web/drawing/layer.ts';
import { atOnce, inTasks } from '../../../src/editor/web/drawing/steps.ts';
import { stream } from '../../../src/runtime/seed.ts';
import { fc } from '../../property.ts';

const [width, height] = [301, 283];
const dataOf = (layer: Layer) => layer.levels[0]!.data;
const bytes = (values: Values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
/** Whether values are equal: comparing them one by one takes vitest long. */
const same = (a: readonly Values[], b: readonly Values[]) =>
  a.every((data, k) => Buffer.compare(bytes(data), bytes(b[k]!)) === 0);
const copyOf = (drawing: Drawing) => layerNames.map((name) => dataOf(drawing[name]).slice());

/** A drawing with its history, as the page has them. @param onChange is told of all that changes. */
function withHistory(width: number, height: number, onChange: (command: Command) => void = () => {}) {
  const history = new History({ drawing: [], l: 0, region: 'hole' });
  const drawing = new Drawing(width, height, {
    repaint() {},
    change(command) {
      history.push({ kind: 'draw', command });
      onChange(command);
    },
  });
  const walk = (direction: 'undo' | 'redo') => () => {
    const step = history[direction]();
    if (step?.kind !== 'draw') return;
    atOnce(drawing.apply(step.command));
    onChange(step.command);
  };
  return { drawing, history, undo: walk('undo'), redo: walk('redo') };
}

/** Reduced copies computed from the layer itself. */
function expectFreshLevels(layer: Layer): void {
  for (const [k, { width: w, height: h, data }] of layer.levels.entries()) {
    if (k === 0) continue;
    const inside: Set<number>[] = Array.from({ length: w * h }, () => new Set());
    for (let y = 0; y < layer.height; y++) {
      for (let x = 0; x < layer.width; x++) {
        const value = dataOf(layer)[y * layer.width + x]!;
        if (value) inside[(y >> k) * w + (x >> k)]!.add(value);
      }
    }
    // One of the values that are there, or 0 where there is none.
    expect(inside.every((values, i) => (values.size ? values.has(data[i]!) : data[i] === 0))).toBe(true);
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
    const mirror = {
      hole: new Uint8Array(width * height),
      lines: new Uint8Array(width * height),
      colour: new Uint32Array(width * height),
    };
    const colours = [colourWord([0, 0, 0]), colourWord([255, 128, 3]), colourWord([255, 255, 255])];
    const { drawing, history, undo, redo } = withHistory(width, height, (command) => {
      for (const { layer, runs, bits } of command) flipRuns(mirror[layer], runs, bits);
    });
    const states = [copyOf(drawing)];
    for (let i = 0; i < 60; i++) {
      if (random.uniform() < 0.15)
        atOnce(drawing.clear(random.pick([['hole'], ['lines'], ['colour'], layerNames])));
      else {
        const layer = random.pick(layerNames);
        const mark = layer === 'colour' ? random.pick(colours) : 1;
        const stroke = drawing.stroke(layer, random.uniform() < 0.7 ? mark : 0);
        const place = () => ({ x: random.uniform(-20, width + 20), y: random.uniform(-20, height + 20) });
        for (let at = place(), k = 0; k < 4; k++) {
          const next = place();
          stroke.segment(at, next, random.uniform(0, 25));
          at = next;
        }
        if (random.uniform() < 0.2) stroke.cancel();
        else stroke.end();
      }
      expect(
        same(
          copyOf(drawing),
          layerNames.map((name) => mirror[name]),
        ),
      ).toBe(true);
      const last = states.at(-1)!;
      const now = copyOf(drawing);
      if (!same(now, last)) states.push(now);
    }
    for (const name of layerNames) expectFreshLevels(drawing[name]);
    for (let i = states.length - 2; i >= 0; i--) {
      undo();
      expect(same(copyOf(drawing), states[i]!)).toBe(true);
    }
    expect([history.canUndo, drawing.isEmpty]).toEqual([false, true]);
    undo();
    for (const state of states.slice(1)) {
      redo();
      expect(same(copyOf(drawing), state)).toBe(true);
    }
    expect(history.canRedo).toBe(false);
    expect(
      same(
        copyOf(drawing),
        layerNames.map((name) => mirror[name]),
      ),
    ).toBe(true);
    expectFreshLevels(drawing.hole);
    expectFreshLevels(drawing.colour);
  });

  it('has a hole that grows and shrinks by a distance, but not from the photo’s border', () => {
    const size = { width: 300, height: 40 };
    const place = fc.record({ x: fc.nat(299), y: fc.nat(39), radius: fc.integer({ min: 0, max: 14 }) });
    const by = fc.integer({ min: -6, max: 6 }).filter((distance) => distance !== 0);
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 4 }), by, (places, distance) => {
        const { drawing, undo } = withHistory(size.width, size.height);
        const stroke = drawing.stroke('hole', 1);
        for (const { x, y, radius } of places) stroke.segment({ x, y }, { x: x + 9, y }, radius);
        stroke.end();
        const before = dataOf(drawing.hole).slice();
        atOnce(drawing.growHole(distance));
        const spreads = distance > 0 ? 1 : 0;
        const isNear = (x: number, y: number) => {
          for (let dy = -6; dy <= 6; dy++)
            for (let dx = -6; dx <= 6; dx++) {
              const [u, v] = [x + dx, y + dy];
              const isInside = u >= 0 && v >= 0 && u < size.width && v < size.height;
              if (isInside && dx * dx + dy * dy <= distance ** 2 && before[v * size.width + u] === spreads)
                return true;
            }
          return false;
        };
        const expected = before.map((_, i) =>
          Number(isNear(i % size.width, Math.floor(i / size.width)) === (spreads === 1)),
        );
        expect(same([dataOf(drawing.hole)], [expected])).toBe(true);
        expectFreshLevels(drawing.hole);
        if (!same([before], [expected])) undo();
        expect(same([dataOf(drawing.hole)], [before])).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('is changed in steps where it is large, none of which is long', async () => {
    const [wide, high] = [1000, 1100];
    const { drawing, history, undo } = withHistory(wide, high);
    const stroke = drawing.stroke('hole', 1);
    stroke.segment({ x: 300, y: 300 }, { x: 600, y: 800 }, 200.5);
    stroke.end();
    const before = dataOf(drawing.hole).slice();
    const changes = [
      () => drawing.invertHole(),
      () => drawing.growHole(-3),
      () => drawing.growHole(3),
      () => drawing.clear(['hole']),
    ];
    for (const change of changes) {
      const steps = change();
      let previous = dataOf(drawing.hole).slice();
      while (!steps.next().done) {
        const now = dataOf(drawing.hole).slice();
        let changed = 0;
        for (let i = 0; i < now.length; i++) changed += now[i]! ^ previous[i]!;
        expect(changed).toBeLessThan((wide * high) / 2);
        previous = now;
      }
      expectFreshLevels(drawing.hole);
    }
    expect(drawing.isEmpty).toBe(true);
    while (history.canUndo) undo();
    await inTasks(
      drawing.apply(history.steps[0]!.kind === 'draw' ? history.steps[0]!.command : []),
      () => {},
    );
    expect(same([dataOf(drawing.hole)], [before])).toBe(true);
  });

  it('forgets what was undone when something else is done', () => {
    const { drawing, history, undo } = withHistory(20, 20);
    drawing.add({ hole: Uint32Array.of(0, 10) });
    drawing.add({ lines: Uint32Array.of(5, 7) });
    undo();
    drawing.add({ hole: Uint32Array.of(5, 15) });
    expect(history.canRedo).toBe(false);
    expect(dataOf(drawing.hole).slice(0, 20).join('')).toBe('1'.repeat(15) + '0'.repeat(5));
    undo();
    expect(dataOf(drawing.hole).slice(0, 20).join('')).toBe('1'.repeat(10) + '0'.repeat(10));
  });

  it('does not count what changes nothing', () => {
    const { drawing, history } = withHistory(20, 20);
    atOnce(drawing.clear(layerNames));
    drawing.stroke('hole', 0).end();
    const eraser = drawing.stroke('colour', 0);
    eraser.segment({ x: 5, y: 5 }, { x: 9, y: 9 }, 3);
    eraser.end();
    expect(history.canUndo).toBe(false);
  });

  it('comes back from the changes of an empty one that make it', () => {
    const drawing = new Drawing(50, 40, { repaint() {}, change() {} });
    for (const [layer, value, y] of [
      ['hole', 1, 20],
      ['lines', 1, 22],
      ['colour', colourWord([10, 20, 30]), 18],
      ['colour', colourWord([200, 20, 30]), 21],
      ['colour', 0, 23],
    ] as const) {
      const stroke = drawing.stroke(layer, value);
      stroke.segment({ x: 10, y }, { x: 40, y }, 4);
      stroke.end();
    }
    const again = new Drawing(50, 40, { repaint() {}, change() {} });
    atOnce(again.apply(layerNames.flatMap((name) => collectValues(dataOf(drawing[name])).finish(name))));
    expect(same(copyOf(again), copyOf(drawing))).toBe(true);
    expect(again.isEmpty).toBe(false);
    expect(new Set(dataOf(again.colour))).toEqual(
      new Set([0, colourWord([10, 20, 30]), colourWord([200, 20, 30])]),
    );
  });
});
