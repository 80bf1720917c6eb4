import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDrawing, readEdit } from '../../src/infer/edits.ts';
import { fitHole } from '../../src/infer/mask.ts';
import type { Raster } from '../../src/infer/raster.ts';
import { busyPhoto, grey, rectangle, rgba } from './rasters.ts';
import { save } from './support.ts';

let folder: string;
let image: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edits-'));
  image = await save(join(folder, 'photo.png'), busyPhoto(80, 60));
});
afterAll(() => rmSync(folder, { recursive: true }));

const mask = rectangle([80, 60], [20, 10, 50, 30]);
const lines = rectangle([80, 60], [30, 15, 31, 25], [0, 255]);

async function read(
  change: { mask?: Raster; sketch?: Raster; strokes?: Raster; holeIs?: 'white' | 'black' } = {},
) {
  const maskPath = await save(join(folder, 'mask.png'), change.mask ?? mask);
  const sketch = await save(join(folder, 'sketch.png'), change.sketch ?? lines);
  const colour = change.strokes && (await save(join(folder, 'colour.png'), change.strokes));
  const job = {
    kind: 'triple' as const,
    name: 'x',
    image,
    mask: maskPath,
    sketch,
    ...(colour && { colour }),
  };
  return readEdit(job, change.holeIs ?? 'white');
}

describe('an edit from files', () => {
  it('has photo, hole and sketch and nothing to warn of', async () => {
    const edit = await read();
    expect(edit.warnings).toEqual([]);
    expect([...edit.hole.data]).toEqual([...mask.data]);
    expect([...edit.sketch.data]).toEqual([...lines.data]);
  });

  it('may have mask and sketch of another size', async () => {
    const edit = await read({
      mask: rectangle([40, 30], [10, 5, 25, 15]),
      sketch: rectangle([160, 120], [60, 30, 61, 50], [0, 255]),
    });
    expect([...edit.hole.data]).toEqual([...mask.data]);
    expect(edit.sketch.width).toBe(160);
  });

  it('may have strokes of colour, of another size too', async () => {
    const stroke = (size: readonly [number, number], left: number) =>
      rgba(...size, (x) => (x === left ? [200, 30, 40, 255] : [0, 0, 0, 0]));
    const edit = await read({ strokes: stroke([80, 60], 30) });
    expect(edit.warnings).toEqual([]);
    expect([...edit.strokes!.data]).toEqual([...stroke([80, 60], 30).data]);
    expect((await read()).strokes).toBeUndefined();
    const small = await read({ strokes: stroke([40, 30], 15) });
    expect([small.strokes!.width, small.warnings]).toEqual([40, []]);
    expect((await read({ strokes: stroke([80, 60], 75) })).warnings).toEqual([
      expect.stringMatching(/no stroke of colour is inside the hole/),
    ]);
    await expect(read({ strokes: stroke([60, 80], 30) })).rejects.toThrow(
      /colour strokes is not of its photo’s shape[\s\S]*80 x 60 px as the photo/,
    );
    await expect(read({ strokes: busyPhoto(80, 60) })).rejects.toThrow(
      /no alpha channel[\s\S]*colour\.png[\s\S]*empty layer/,
    );
  });

  it('may have a black hole', async () => {
    const edit = await read({ mask: rectangle([80, 60], [20, 10, 50, 30], [0, 255]), holeIs: 'black' });
    expect([...edit.hole.data]).toEqual([...mask.data]);
  });

  it('warns of a hole that is most of the photo, and of a sketch beside the hole', async () => {
    const { warnings } = await read({
      mask: rectangle([80, 60], [0, 0, 70, 60]),
      sketch: rectangle([80, 60], [75, 0, 76, 60], [0, 255]),
    });
    expect(warnings).toEqual([
      expect.stringMatching(/88 % of the photo.*--mask-hole black/),
      expect.stringMatching(/no line inside the hole/),
    ]);
  });

  it.each([
    [
      'a mask without a hole',
      { mask: grey(80, 60, () => 0) },
      /no hole[\s\S]*mask\.png[\s\S]*black all over(?![\s\S]*--mask-hole)/,
    ],
    [
      'a mask that is all hole',
      { mask: grey(80, 60, () => 255) },
      /all hole[\s\S]*white all over(?![\s\S]*--mask-hole)/,
    ],
    ['a mask of another shape', { mask: rectangle([60, 60], [1, 1, 9, 9]) }, /mask is not[\s\S]*60 x 60/],
    ['a turned mask', { mask: rectangle([60, 80], [1, 1, 9, 9]) }, /EXIF/],
    ['a sketch of another shape', { sketch: grey(300, 60, () => 255) }, /sketch is not[\s\S]*300 x 60/],
    [
      'a photo as mask',
      { mask: busyPhoto(80, 60) },
      /looks like a photo[\s\S]*mask\.png[\s\S]*\d\d % is neither/,
    ],
    ['black paper', { sketch: grey(80, 60, () => 3) }, /mostly black/],
  ])('refuses %s', async (_, change, message) => {
    await expect(read(change)).rejects.toThrow(message);
  });
});

it('a sketch for a synthesis is checked too', async () => {
  const path = await save(
    join(folder, 'black.png'),
    grey(9, 9, () => 3),
  );
  await expect(readDrawing(path)).rejects.toThrow(/mostly black/);
});

it('a hole that is enlarged or reduced keeps its place', () => {
  const hole = rectangle([10, 10], [2, 4, 6, 5]);
  const large = fitHole(hole, { width: 40, height: 41 });
  expect(large.data[18 * 40 + 8]).toBe(255);
  expect(large.data[18 * 40 + 7]).toBe(0);
  expect(fitHole(large, { width: 10, height: 10 }).data).toEqual(hole.data);
});
