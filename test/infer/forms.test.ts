/** Masks and sketches in the forms in which people have them, from files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDrawing } from '../../src/infer/edits.ts';
import type { MaskHole } from '../../src/infer/mask.ts';
import { LINE_BELOW } from '../../src/infer/network-input.ts';
import type { Raster } from '../../src/infer/raster.ts';
import { readHole } from '../../src/infer/read.ts';
import { busyPhoto, grey, rectangle, rgba } from './rasters.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'forms-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const size = [80, 60] as const;
const inside = (x: number, y: number) => x >= 20 && x < 50 && y >= 10 && y < 30;
const hole = rectangle(size, [20, 10, 50, 30]);
const outside = rectangle(size, [20, 10, 50, 30], [0, 255]);

const picture = ({ data, width, height }: Raster) =>
  sharp(data, { raw: { width, height, channels: (data.length / width / height) as 1 | 4 } });

let number = 0;
async function write(raster: Raster, format: 'png' | 'jpg' | 'tif' | 'webp' = 'png'): Promise<string> {
  const path = join(folder, `${number++}.${format}`);
  const image = picture(raster);
  if (raster.data.length === raster.width * raster.height) image.toColourspace('b-w');
  await image.toFile(path);
  return path;
}

async function hole2(raster: Raster, holeIs: MaskHole = 'white', format: 'png' | 'jpg' = 'png') {
  const { data, warnings } = await readHole(await write(raster, format), holeIs);
  return { data: [...data], warnings };
}

describe('a mask', () => {
  const photo = (alpha: (x: number, y: number) => number): Raster => {
    const { data } = busyPhoto(...size);
    return rgba(...size, (x, y) => [...data.slice(4 * (80 * y + x), 4 * (80 * y + x) + 3), alpha(x, y)]);
  };

  it('of black and white says nothing, in PNG and in JPEG', async () => {
    expect(await hole2(hole)).toEqual({ data: [...hole.data], warnings: [] });
    expect(await hole2(outside, 'black')).toEqual({ data: [...hole.data], warnings: [] });
    expect((await hole2(hole, 'white', 'jpg')).warnings).toEqual([]);
  });

  it('with a hole in the alpha channel of the photo, or of a cover, is recognised', async () => {
    for (const cover of [
      photo((x, y) => (inside(x, y) ? 0 : 255)),
      rgba(...size, (x, y) => [0, 0, 0, inside(x, y) ? 0 : 255]),
    ])
      expect(await hole2(cover)).toEqual({
        data: [...hole.data],
        warnings: [expect.stringMatching(/transparent in 13 % of it; that is taken as the hole/)],
      });
  });

  it('of strokes on nothing is recognised, in white and in a colour', async () => {
    const strokes = (...colour: number[]) => rgba(...size, (x, y) => [...colour, inside(x, y) ? 255 : 0]);
    expect(await hole2(strokes(255, 255, 255))).toEqual({ data: [...hole.data], warnings: [] });
    expect(await hole2(strokes(200, 0, 0))).toEqual({
      data: [...hole.data],
      warnings: [expect.stringMatching(/marks of one colour on nothing.*13 %/)],
    });
  });

  it.each([
    [0, 1],
    [0, 60],
    [100, 180],
    [200, 255],
  ])('of %d and %d is judged within that range', async (low, high) => {
    const { data, warnings } = await hole2(rectangle(size, [20, 10, 50, 30], [high, low]));
    expect(data).toEqual([...hole.data]);
    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`from ${low} to ${high}; .* taken as white`)),
    ]);
    const inverted = await hole2(rectangle(size, [20, 10, 50, 30], [low, high]), 'black');
    expect(inverted.data).toEqual([...hole.data]);
  });

  it('scanned in greys is judged within their range', async () => {
    const noisy = grey(...size, (x, y) => (inside(x, y) ? 170 : 90) + ((x * 7 + y * 13) % 9));
    const { data, warnings } = await hole2(noisy, 'white', 'jpg');
    expect(data.filter((value, i) => value !== hole.data[i]).length).toBeLessThan(60);
    expect(warnings).toEqual([expect.stringMatching(/go from \d+ to \d+; 1[23]\d and more/)]);
  });

  it('of labels has a hole where there is a label, in 16 bits, too', async () => {
    const labels = grey(...size, (x, y) => (inside(x, y) ? 1 + (x % 3) : 0));
    expect(await hole2(labels)).toEqual({
      data: [...hole.data],
      warnings: [expect.stringMatching(/4 labels, values from 0 to 3; all but 0 are taken/)],
    });
    const path = join(folder, 'labels16.png');
    const words = Uint16Array.from(labels.data);
    await sharp(words, { raw: { width: 80, height: 60, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toFile(path);
    expect((await sharp(path).metadata()).depth).toBe('ushort');
    expect([...(await readHole(path, 'white')).data]).toEqual([...hole.data]);
  });

  it('that is soft is warned of, one that is a photo refused, with numbers', async () => {
    const soft = grey(...size, (x) => Math.min(255, Math.max(0, (x - 30) * 12)));
    expect((await hole2(soft, 'white', 'jpg')).warnings).toEqual([
      expect.stringMatching(/\d\d % of the mask is neither black nor white/),
    ]);
    await expect(hole2(photo(() => 255))).rejects.toThrow(/looks like a photo[\s\S]*\d\d % is neither/);
    await expect(
      hole2(
        photo(() => 255),
        'black',
        'jpg',
      ),
    ).rejects.toThrow(/looks like a photo/);
  });

  it('that is all black with noise has no hole', async () => {
    const { data, warnings } = await hole2(
      grey(...size, (x, y) => (x * 5 + y * 3) % 12),
      'white',
      'jpg',
    );
    expect([new Set(data), warnings]).toEqual([new Set([0]), []]);
  });
});

describe('a sketch', () => {
  const isLine = (x: number) => x % 20 === 3;
  const lines = async (raster: Raster, format: 'png' | 'jpg' = 'png') => {
    const { sketch, warnings } = await readDrawing(await write(raster, format));
    return { line: [...sketch.data].map((value) => value < LINE_BELOW), warnings };
  };
  const expected = [...grey(...size, (x) => (isLine(x) ? 1 : 0)).data].map((value) => value === 1);

  it.each<[string, number[], number[], RegExp[]]>([
    ['black on white', [0, 0, 0, 255], [255, 255, 255, 255], []],
    ['light grey pencil', [200, 200, 200, 255], [255, 255, 255, 255], []],
    ['yellow pencil', [255, 240, 0, 255], [255, 255, 255, 255], []],
    ['pale blue pencil', [170, 200, 255, 255], [255, 255, 255, 255], []],
    ['black on grey scanned paper', [30, 30, 30, 255], [180, 180, 180, 255], []],
    ['pencil on brown paper', [90, 60, 40, 255], [200, 170, 130, 255], []],
    ['white on black', [255, 255, 255, 255], [0, 0, 0, 255], [/inverted/]],
    ['chalk on a blackboard', [220, 220, 210, 255], [40, 60, 45, 255], [/inverted/]],
    ['black on nothing', [0, 0, 0, 255], [0, 0, 0, 0], []],
    ['white on nothing', [255, 255, 255, 255], [255, 255, 255, 0], []],
  ])('in %s has its lines', async (_, ink, paper, warnings) => {
    const found = await lines(rgba(...size, (x) => (isLine(x) ? ink : paper)));
    expect(found.line).toEqual(expected);
    expect(found.warnings).toEqual(warnings.map((warning) => expect.stringMatching(warning)));
  });

  it('photographed in uneven light has its lines', async () => {
    const drawn = grey(320, 240, (x, y) => {
      const light = 90 + (130 * x) / 320 + (30 * y) / 240;
      const noise = ((x * 7 + y * 13) % 7) - 3;
      return Math.round((isLine(x) ? 0.35 : 1) * light + noise);
    });
    const { line, warnings } = await lines(drawn);
    const truth = [...grey(320, 240, (x) => (isLine(x) ? 1 : 0)).data].map((value) => value === 1);
    expect(line.filter((value, i) => value !== truth[i]).length).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('with large dark parts keeps them', async () => {
    const drawn = grey(320, 240, (x, y) => (x > 100 && x < 220 && y > 60 && y < 160 ? 20 : 235));
    const { line } = await lines(drawn);
    expect(line.filter(Boolean).length).toBe(119 * 99);
  });

  it('of black on white is not changed by a byte', async () => {
    const drawn = grey(...size, (x) => (isLine(x) ? 0 : x % 20 === 4 ? 230 : 255));
    const { sketch } = await readDrawing(await write(drawn));
    expect([...sketch.data]).toEqual([...drawn.data]);
  });

  it('of empty paper with a scanner’s noise has no line', async () => {
    for (const paper of [250, 180])
      expect((await lines(grey(...size, (x, y) => paper - ((x * 3 + y * 7) % 6)))).line).not.toContain(true);
    expect((await lines(grey(...size, () => 255))).line).not.toContain(true);
  });

  it('that is full of ink is warned of, with a number', async () => {
    const { warnings } = await lines(grey(...size, (x, y) => (y < 24 ? 40 : 255 - (x % 2))));
    expect(warnings).toEqual([expect.stringMatching(/40 % of the sketch is ink/)]);
  });
});
