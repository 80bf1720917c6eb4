import { describe, expect, it } from 'vitest';
import { NetworkView } from '../../../src/editor/web/worker/network-view.ts';
import { networkInput } from '../../../src/infer/network-input.ts';
import type { Raster } from '../../../src/infer/raster.ts';
import { busyPhoto, grey, rectangle, rgba } from '../../infer/rasters.ts';

const [width, height, r] = [400, 300, 32];

/** A raster that counts how often its bytes are read; `own`: the same without counting. */
function counted(own: Raster): { own: Raster; raster: Raster; reads: () => number } {
  let count = 0;
  const data = new Proxy(own.data, {
    get(bytes, key) {
      count += 1;
      return Reflect.get(bytes, key);
    },
  });
  return { own, raster: { ...own, data }, reads: () => count };
}

/** Marks a rectangle of one or four channels. */
function mark(
  { data }: Raster,
  [left, top, right, bottom]: readonly number[],
  value: readonly number[],
): void {
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) data.set(value, (y * width + x) * value.length);
}

describe('NetworkView', () => {
  it('gives what networkInput gives, and reads only what has changed', () => {
    const photo = counted(busyPhoto(width, height));
    const hole = counted(rectangle([width, height], [150, 100, 230, 180]));
    const sketch = counted(grey(width, height, (x, y) => (x === y ? 0 : 255)));
    const strokes = counted(rgba(width, height, () => [0, 0, 0, 0]));
    const all = [photo, hole, sketch, strokes];
    const edit = {
      photo: photo.raster,
      hole: hole.raster,
      sketch: sketch.raster,
      strokes: strokes.raster,
    };
    const view = new NetworkView(edit, r);
    const region = { x: 70, y: 20, size: 240 };
    expect(view.at(region)).toEqual(networkInput(edit, region, r));

    mark(sketch.own, [160, 120, 200, 124], [0]);
    view.change('lines', { left: 160, top: 120, right: 200, bottom: 124 });
    mark(strokes.own, [180, 130, 190, 140], [200, 30, 20, 255]);
    view.change('colour', { left: 180, top: 130, right: 190, bottom: 140 });
    mark(hole.own, [225, 100, 230, 110], [0]);
    view.change('hole', { left: 225, top: 100, right: 230, bottom: 110 });
    const before = all.map(({ reads }) => reads());
    const input = view.at(region);
    const [ofPhoto, ofHole, ofSketch, ofStrokes] = all.map(({ reads }, k) => reads() - before[k]);
    expect(input).toEqual(networkInput(edit, region, r));
    // Network pixels of 7.5 px a side, lines at a quarter of that, lie on what has changed in whole or in part.
    expect(ofPhoto).toBe(0);
    expect(ofHole).toBeLessThan(3 * 3 * 9 * 9);
    expect(ofSketch).toBeLessThan((40 + 4) * (4 + 4) * 2);
    expect(ofStrokes).toBeLessThan(3 * 3 * 9 * 9 * 7);
    const later = all.map(({ reads }) => reads());
    view.at(region);
    expect(all.map(({ reads }) => reads())).toEqual(later);
  });

  it('begins anew with another part of the photo, also where that reaches beyond it', () => {
    const edit = {
      photo: busyPhoto(width, height),
      hole: rectangle([width, height], [0, 0, 80, 60]),
      sketch: grey(width, height, (x) => (x === 40 ? 0 : 255)),
    };
    const view = new NetworkView(edit, r);
    for (const region of [
      { x: 0, y: 0, size: 200 },
      { x: 10, y: 0, size: 200 },
      { x: 0, y: -50, size: 400 },
    ]) {
      expect(view.at(region)).toEqual(networkInput(edit, region, r));
      mark(edit.sketch, [20, 30, 60, 33], [0]);
      view.change('lines', { left: 20, top: 30, right: 60, bottom: 33 });
      expect(view.at(region)).toEqual(networkInput(edit, region, r));
    }
  });
});
