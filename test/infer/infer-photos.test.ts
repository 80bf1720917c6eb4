import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStrip } from '../../src/infer/edits.ts';
import { networkInput } from '../../src/infer/network-input.ts';
import type { Raster } from '../../src/infer/raster.ts';
import { readHole } from '../../src/infer/read.ts';
import { regionOf } from '../../src/infer/region.ts';
import { type InferPhotosOptions, inferPhotos } from '../../src/infer/run.ts';
import { silent } from '../../src/runtime/progress.ts';
import { saveMethod } from '../models/save.ts';
import { tinyScFegan, tinyScFeganConfig } from '../models/scfegan/tiny.ts';
import { referencePhotos } from '../reference.ts';
import { busyPhoto, grey, rectangle, rgba } from './rasters.ts';
import { changes, load, save, tinyLoaded } from './support.ts';

let folder: string;
let checkpoint: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'infer-command-'));
  const { method, config, trained } = tinyLoaded('edit');
  checkpoint = await saveMethod(folder, method, config, [...trained], 1);
  method.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

const { path: photos, reason } = referencePhotos;
const infer = (out: string, change: Partial<InferPhotosOptions>) =>
  inferPhotos({ checkpoint, out, ...change });

function requirePhotos(skip: (condition: boolean, note: string) => void): void {
  skip(reason !== '', reason);
}

describe('photos from files', () => {
  it('fills a DeepPS strip at several l', async ({ skip }) => {
    requirePhotos(skip);
    const out = join(folder, 'strip');
    const strip = join(photos, 'deepps-edit', '1.png');
    await infer(out, { strips: [strip], ls: [0, 1] });
    expect(readdirSync(out)).toHaveLength(7);
    const part = (index: number) =>
      sharp(strip).extract({ left: index * 256, top: 0, width: 256, height: 256 });
    const [photo, mask] = [join(folder, 'photo.png'), join(folder, 'mask.png')];
    await part(0).toFile(photo);
    await part(2).toFile(mask);
    const hole = await readHole(mask, 'white');
    const { inside, outside } = changes(await load(photo), await load(join(out, '1-IOUT-l1.png')), hole);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(10_000);
  });

  it.for(['1', '2', '3'])(
    'gives a network of 256 px the very pixels of DeepPS’s strip %s',
    async (name, { skip }) => {
      requirePhotos(skip);
      const strip = await readStrip(join(photos, 'deepps-edit', `${name}.png`), 'white');
      const { source: photo, mask: hole } = strip;
      const { sketch } = strip.sketch;
      const edit = { photo: photo.raster, hole, sketch };
      const input = networkInput(edit, regionOf(hole, 256), 256);
      const bytes = [...input.image].map((value) => Math.round((value + 1) * 127.5));
      expect(bytes).toEqual([...photo.raster.data].filter((_, i) => i % 4 < 3));
      expect([...input.sketch]).toEqual([...sketch.data].map((value) => (value < 128 ? -1 : 1)));
      expect([...input.hole]).toEqual([...hole.data].map((value) => value / 255));
    },
  );

  it('fills a drawn hole of a photo', async ({ skip }) => {
    requirePhotos(skip);
    const drawn = (inner: string, paper: string) =>
      sharp(
        Buffer.from(
          `<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"><rect width="512" height="512" fill="${paper}"/>${inner}</svg>`,
        ),
      ).png();
    const [mask, sketch] = [join(folder, 'mouth.png'), join(folder, 'lines.png')];
    await drawn('<ellipse cx="224" cy="147" rx="27" ry="15" fill="#fff"/>', '#000').toFile(mask);
    await drawn(
      '<path d="M203 143 Q224 165 244 142" fill="none" stroke="#000" stroke-width="3"/>',
      '#fff',
    ).toFile(sketch);
    const image = join(photos, 'astronaut.png');
    const out = join(folder, 'astronaut');
    await infer(out, { image, mask, sketch });
    const after = await load(join(out, 'astronaut-IOUT.png'));
    const { inside, outside } = changes(await load(image), after, await readHole(mask, 'white'));
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(1000);
  });

  it('says what is missing before anything is made', async () => {
    const image = await save(join(folder, 'lonely.png'), { width: 1, height: 1, data: Uint8Array.of(9) });
    const out = join(folder, 'nothing');
    await expect(infer(out, { image })).rejects.toThrow(/--image, --mask and --sketch/);
    await expect(infer(out, { image, checkpoint: join(folder, 'none') })).rejects.toThrow(/none/);
    expect(existsSync(out)).toBe(false);
  });
});

describe('strokes of colour', () => {
  const file = (name: string, raster: Raster) => save(join(folder, 'colour', name), raster);
  const clear = [0, 0, 0, 0];

  it('reaches a model that takes strokes of colour, inside the hole alone', async () => {
    const method = tinyScFegan();
    const trained = Object.keys(method.networks);
    const colourful = await saveMethod(join(folder, 'colourful'), method, tinyScFeganConfig(), trained, 1);
    method.dispose();
    const edit = {
      checkpoint: colourful,
      image: await file('photo.png', busyPhoto(64, 64)),
      mask: await file('mask.png', rectangle([64, 64], [20, 20, 44, 44])),
      sketch: await file('sketch.png', rectangle([64, 64], [30, 22, 31, 40], [0, 255])),
    };
    const stroke = (left: number) =>
      rgba(64, 64, (x, y) => (x >= left && x < left + 6 && y > 24 && y < 40 ? [220, 40, 60, 255] : clear));
    const result = async (name: string, colour?: string) => {
      const out = join(folder, 'colour', name);
      await infer(out, { ...edit, ...(colour && { colour }) });
      return load(join(out, 'photo-IOUT.png'));
    };
    const hole = await readHole(edit.mask, 'white');
    const without = await result('without');
    const within = await result('within', await file('within.png', stroke(30)));
    const difference = changes(without, within, hole);
    expect(difference.outside).toBe(0);
    expect(difference.inside).toBeGreaterThan(50);
    const beside = await result('beside', await file('beside.png', stroke(2)));
    expect(changes(without, beside, hole)).toEqual({ inside: 0, outside: 0 });
  });

  it('is refused where the model takes none', async () => {
    const colour = await file(
      'a.png',
      rgba(8, 8, () => clear),
    );
    const paths = { image: 'p.png', mask: 'm.png', sketch: 's.png' };
    await expect(infer(join(folder, 'none'), { ...paths, colour })).rejects.toThrow(
      /takes no strokes of colour[\s\S]*--colour .*a\.png[\s\S]*a checkpoint of dps/,
    );
  });
});

describe('names', () => {
  const triple = async (name: string) => {
    const [image, mask, sketch] = ['photo', 'mask', 'sketch'].map((part) =>
      join(folder, 'names', part, `${name}.png`),
    );
    const photo = busyPhoto(64, 64);
    const hole = rectangle([64, 64], [20, 20, 36, 36]);
    for (const path of [image, mask, sketch]) mkdirSync(dirname(path), { recursive: true });
    await save(image, photo);
    await save(mask, hole);
    await save(sketch, rectangle([64, 64], [24, 24, 32, 26], [0, 255]));
    return { image, mask, sketch };
  };

  it('of results may be as long as the system takes them', async () => {
    const name = '写'.repeat(80);
    const files = await infer(join(folder, 'long'), await triple(name));
    expect(files.map((file) => parse(file).name)).toContain(`${name}-IOUT`);
  });

  it('of results that are too long are told before the work', async () => {
    const files = await triple('写'.repeat(83));
    await expect(infer(join(folder, 'too-long'), files)).rejects.toThrow(/too long[\s\S]*at most 24\d bytes/);
    expect(existsSync(join(folder, 'too-long'))).toBe(false);
  });
});

it('small holes far apart are filled one by one, and nothing else is changed', async () => {
  const [image, mask, sketch] = ['p', 'm', 's'].map((name) => join(folder, 'far', `${name}.png`));
  const isHole = (x: number, y: number) =>
    (x >= 20 && x < 50 && y >= 30 && y < 60) || (x >= 900 && x < 930 && y >= 700 && y < 730);
  const photo = busyPhoto(1000, 800);
  const hole = grey(1000, 800, (x, y) => (isHole(x, y) ? 255 : 0));
  await save(image, photo);
  await save(mask, hole);
  await save(
    sketch,
    grey(1000, 800, (x, y) => (isHole(x, y) && x % 10 === 5 ? 0 : 255)),
  );
  const warnings: string[] = [];
  const reporter = { ...silent, warn: (text: string) => void warnings.push(text) };
  const files = await infer(join(folder, 'far-out'), { image, mask, sketch, reporter });
  expect(files.map((file) => parse(file).name).toSorted()).toEqual(
    ['p-IGEN', 'p-IOUT', 'p-SGEN-hole1', 'p-SGEN-hole2', 'p-sheet-hole1', 'p-sheet-hole2'].toSorted(),
  );
  expect(warnings).toEqual([expect.stringMatching(/2 parts far apart/)]);
  const after = await load(join(folder, 'far-out', 'p-IOUT.png'));
  const { inside, outside } = changes(await load(image), after, hole);
  expect(outside).toBe(0);
  for (const [left, top] of [
    [20, 30],
    [900, 700],
  ]) {
    const own = grey(1000, 800, (x, y) => (x >= left && x < left + 30 && y >= top && y < top + 30 ? 255 : 0));
    expect(changes(await load(image), after, own).inside).toBeGreaterThan(600);
  }
  expect(inside).toBeGreaterThan(1200);
  const raw = await infer(join(folder, 'far-raw'), { image, mask, sketch, raw: true });
  expect(raw.filter((file) => file.includes('IOUT')).map((file) => parse(file).name)).toEqual([
    'p-IOUT-hole1',
    'p-IOUT-hole2',
  ]);
});
