import { describe, expect, it } from 'vitest';
import { colourWord } from '../../../src/editor/web/drawing/changes.ts';
import { Drawing } from '../../../src/editor/web/drawing/drawing.ts';
import { paintOverlay } from '../../../src/editor/web/view/overlay.ts';
import {
  panned,
  toPhoto,
  toStage,
  viewportOf,
  wholePhoto,
  zoomed,
} from '../../../src/editor/web/view/viewport.ts';
import { traceLines } from '../../../src/editor/web/worker/edges.ts';

const photo = { width: 1000, height: 500 };
const stage = { width: 632, height: 532 };

describe('the camera', () => {
  it('shows the whole photo in the middle at first', () => {
    const view = viewportOf(wholePhoto(photo), photo, stage);
    expect(view).toEqual({ scale: 0.6, x: 16, y: (532 - 300) / 2 });
  });

  it('keeps what is under the pointer where it is', () => {
    const at = { x: 500, y: 300 };
    const before = toPhoto(viewportOf(wholePhoto(photo), photo, stage), at);
    const camera = zoomed(wholePhoto(photo), 1.7, at, photo, stage);
    const after = toStage(viewportOf(camera, photo, stage), before);
    expect(after.x).toBeCloseTo(at.x);
    expect(after.y).toBeCloseTo(at.y);
    expect(camera.zoom).toBeCloseTo(1.7);
  });

  it('moves by px of the stage, and does not lose the photo', () => {
    const camera = panned(wholePhoto(photo), { x: 60, y: 0 }, photo, stage);
    expect(viewportOf(camera, photo, stage).x).toBeCloseTo(76);
    const far = panned(camera, { x: 1e6, y: -1e6 }, photo, stage);
    expect(far.centre).toEqual({ x: 0, y: 500 });
    expect(zoomed(far, 1e9, { x: 0, y: 0 }, photo, stage).zoom).toBeLessThan(100);
    expect(zoomed(far, 1e-9, { x: 0, y: 0 }, photo, stage).zoom).toBe(0.5);
  });
});

describe('the overlay', () => {
  const colours = { hole: [0, 190, 170], lines: [255, 255, 255] } as const;
  const view = { scale: 1, x: 0, y: 0 };
  const whole = { left: 0, top: 0, right: 40, bottom: 40 };

  function drawing(): Drawing {
    const result = new Drawing(40, 40, { repaint() {}, change() {} });
    const stroke = result.stroke('hole', 1);
    stroke.segment({ x: 20, y: 20 }, { x: 20, y: 20 }, 12);
    stroke.end();
    const line = result.stroke('lines', 1);
    line.segment({ x: 15, y: 20 }, { x: 25, y: 20 }, 1);
    line.end();
    return result;
  }

  it('shows lines with an edge, the hole see-through with a rim, and nothing elsewhere', () => {
    const pixels = paintOverlay(drawing(), view, whole, colours);
    const at = (x: number, y: number) => [...pixels.subarray((y * 40 + x) * 4, (y * 40 + x) * 4 + 4)];
    expect(at(20, 20)).toEqual([255, 255, 255, 255]);
    expect(at(20, 22)[0]).toBeLessThan(30);
    expect(at(20, 22)[3]).toBeGreaterThan(150);
    expect(at(20, 30).slice(0, 3)).toEqual([0, 190, 170]);
    expect(at(20, 27)[3]).toBeLessThan(160);
    expect(at(20, 31)[3]).toBe(255);
    expect(at(2, 2)).toEqual([0, 0, 0, 0]);
  });

  it('paints a part as it paints the whole', () => {
    const drawn = drawing();
    const all = paintOverlay(drawn, view, whole, colours);
    const part = paintOverlay(drawn, view, { left: 11, top: 7, right: 29, bottom: 33 }, colours);
    for (let y = 7; y < 33; y++) {
      const start = (y * 40 + 11) * 4;
      const row = (y - 7) * 18 * 4;
      expect(part.subarray(row, row + 72)).toEqual(all.subarray(start, start + 72));
    }
  });

  it('shows strokes of colour below lines, and faintly where they count for nothing', () => {
    const drawn = drawing();
    const stroke = drawn.stroke('colour', colourWord([200, 30, 60]));
    stroke.segment({ x: 0, y: 24 }, { x: 20, y: 24 }, 2);
    stroke.segment({ x: 20, y: 20 }, { x: 20, y: 20 }, 1);
    stroke.end();
    const pixels = paintOverlay(drawn, view, whole, colours);
    const at = (x: number, y: number) => [...pixels.subarray((y * 40 + x) * 4, (y * 40 + x) * 4 + 4)];
    expect(at(15, 24)).toEqual([200, 30, 60, 255]);
    expect(at(2, 24).slice(0, 3)).toEqual([200, 30, 60]);
    expect(at(2, 24)[3]).toBeLessThan(128);
    expect(at(20, 20)).toEqual([255, 255, 255, 255]);
  });

  it('loses no thin line when it is seen from far away', () => {
    const large = new Drawing(4000, 4000, { repaint() {}, change() {} });
    const stroke = large.stroke('lines', 1);
    stroke.segment({ x: 100, y: 2003 }, { x: 3900, y: 2003 }, 0.5);
    stroke.end();
    const far = { scale: 0.05, x: 0, y: 0 };
    const pixels = paintOverlay(large, far, { left: 0, top: 0, right: 200, bottom: 200 }, colours);
    const bright = Array.from({ length: 200 }, (_, x) => x).filter((x) =>
      Array.from({ length: 200 }, (_, y) => pixels[(y * 200 + x) * 4]).includes(255),
    );
    expect(bright.length).toBeGreaterThan(185);
  });
});

describe('tracing', () => {
  it('joins neighbours once, in px of the photo', () => {
    // A corner, a diagonal from it, and a dot.
    const sketch = Uint8Array.from(
      '##...#..........#.......#'.replaceAll(/./g, (c) => (c === '#' ? '0' : '1')),
      Number,
    );
    const segments = traceLines(sketch, 5, { x: 10, y: 20, size: 50 });
    const place = (x: number, y: number) => ({ x: 15 + 10 * x, y: 25 + 10 * y });
    expect(segments).toEqual([
      [place(0, 0), place(1, 0)],
      [place(0, 0), place(0, 1)],
      [place(1, 3), place(1, 3)],
      [place(4, 4), place(4, 4)],
    ]);
  });
});
