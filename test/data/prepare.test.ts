import { existsSync, renameSync } from 'node:fs';
import { readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { decodePair } from '../../src/data/pair.ts';
import { prepare } from '../../src/data/prepare.ts';
import { idFraction } from '../../src/data/split.ts';
import type { OpenedSource, PreparedData } from '../../src/data/types.ts';
import * as hed from '../../src/nn/hed.ts';
import { tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { recorder, smallConfig, temporaryFolder, writePhoto } from './support.ts';

// vi.spyOn needs the module's exports to be replaceable.
vi.mock('../../src/nn/hed.ts', async (original) => ({ ...(await original<typeof hed>()) }));

const temporary = await temporaryFolder();
const installed = existsSync(hed.hedWeightsPath);
const note = installed ? '' : ' (skipped: the HED weights are not installed, see `npm run doctor`)';
const allOf = ({ samples }: PreparedData) => [...samples.train, ...samples.validation, ...samples.test];

describe.skipIf(!installed)(`preparing photos${note}`, () => {
  const photos = join(temporary, 'photos');
  const config = smallConfig({ source: { kind: 'folder', path: photos }, cache: join(temporary, 'cache') });
  const reporter = recorder();
  const load = vi.spyOn(hed, 'loadHed');
  let first: PreparedData;

  beforeAll(async () => {
    for (const i of [0, 1, 2]) await writePhoto(join(photos, `people/${i}.png`), 96, 80, 6 * i);
    await writeFile(join(photos, 'broken.jpg'), 'no image');
    await writePhoto(join(photos, 'small.png'), 40, 20);
    const before = tf.memory().numTensors;
    first = await prepare({ config, reporter });
    expect(tf.memory().numTensors).toBe(before);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('makes a pair of every good photo: the photo, and its outline as thin lines', async () => {
    expect(
      allOf(first)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['people/0.png', 'people/1.png', 'people/2.png']);
    expect([first.samples.train.length, first.samples.validation.length, first.samples.test.length]).toEqual([
      1, 1, 1,
    ]);
    for (const { pairPath } of allOf(first)) {
      const { photo, sketch } = await decodePair(pairPath, 64);
      expect(new Set(sketch)).toEqual(new Set([0, 255]));
      const lines = sketch.filter((v) => v === 0).length;
      expect(lines).toBeGreaterThan(60);
      expect(lines).toBeLessThan(500);
      expect([...photo.subarray((32 * 64 + 32) * 3, (32 * 64 + 32) * 3 + 3)]).toEqual([220, 180, 150]);
    }
  });

  it('reports and lists the files that cannot be used', async () => {
    expect(first.problems.map(({ path }) => path).sort()).toEqual([
      join(photos, 'broken.jpg'),
      join(photos, 'small.png'),
    ]);
    const [warning] = reporter.warnings;
    expect(warning).toContain('2 of 5 files cannot be used');
    expect(warning).toContain('broken.jpg: cannot be decoded');
    expect(await readFile(join(first.folders[0], 'problems.txt'), 'utf8')).toContain(
      'small.png: too small: 20 px',
    );
  });

  it('does nothing the second time, and tells of the problems again', async () => {
    load.mockClear();
    const again = recorder();
    const written = ['settings.json', 'problems.json', 'problems.txt'].map((name) =>
      join(first.folders[0], name),
    );
    const files = () => Promise.all(written.map(async (path) => (await stat(path)).ino));
    const before = await files();
    expect(await prepare({ config, reporter: again })).toEqual(first);
    // Nothing was written: the cache may be read-only.
    expect(await files()).toEqual(before);
    expect(load).not.toHaveBeenCalled();
    expect(again.warnings.length).toBe(1);
  });

  it('makes only what is missing, and anew what has changed', async () => {
    const lost = allOf(first).find(({ id }) => id === 'people/0.png')!;
    const bytes = await readFile(lost.pairPath);
    await rm(lost.pairPath);
    await writePhoto(join(photos, 'people/1.png'), 96, 80, 9);
    await utimes(join(photos, 'people/2.png'), 1, 1);
    const task = vi.fn(silent.task);
    const second = await prepare({ config, reporter: { ...silent, task } });
    expect(task).toHaveBeenCalledWith('Sketches', 2, 'images');
    expect(await readFile(lost.pairPath)).toEqual(bytes);
    const pathOf = (data: PreparedData, id: string) =>
      allOf(data).find((sample) => sample.id === id)!.pairPath;
    expect(pathOf(second, 'people/1.png')).not.toBe(pathOf(first, 'people/1.png'));
    expect(pathOf(second, 'people/2.png')).toBe(pathOf(first, 'people/2.png'));
  });

  it('knows photos again whose folder was renamed', async () => {
    const moved = join(temporary, 'photos of the summer');
    await rename(photos, moved);
    const task = vi.fn(silent.task);
    const source = { ...config.data.source, path: moved };
    const again = await prepare({
      config: { ...config, data: { ...config.data, source } } as typeof config,
      reporter: { ...silent, task },
    });
    await rename(moved, photos);
    expect(task).not.toHaveBeenCalled();
    expect(allOf(again)).toHaveLength(3);
  });

  it('remembers nothing of what could not be read', async () => {
    const path = join(temporary, 'asleep');
    for (const i of [0, 1, 2, 3]) await writePhoto(join(path, `${i}.png`), 96, 80, i);
    const one = smallConfig({ source: { kind: 'folder', path }, cache: join(temporary, 'cache-asleep') });
    await symlink(join(path, 'late.png'), join(path, '4.png'));
    const told = recorder();
    expect(allOf(await prepare({ config: one, reporter: told }))).toHaveLength(4);
    expect(told.warnings[0]).toMatch(/4\.png: cannot be read: ENOENT/);
    await writePhoto(join(path, 'late.png'), 96, 80, 12);
    expect(allOf(await prepare({ config: one, reporter: silent }))).toHaveLength(6);
  });

  it('ends when the folder goes away meanwhile, and goes on when it is back', async () => {
    const path = join(temporary, 'moved');
    for (const i of [0, 1, 2, 3, 4]) await writePhoto(join(path, `${i}.png`), 96, 80, i);
    const cache = join(temporary, 'cache-moved');
    const one = smallConfig({ source: { kind: 'folder', path }, cache });
    const task = (...args: Parameters<typeof silent.task>) => {
      renameSync(path, `${path} elsewhere`);
      return silent.task(...args);
    };
    await expect(prepare({ config: one, reporter: { ...silent, task } })).rejects.toThrow(
      /Too many files of the source cannot be read[\s\S]*cannot be read: ENOENT/,
    );
    await rename(`${path} elsewhere`, path);
    const prepared = await prepare({ config: one, reporter: silent });
    expect([allOf(prepared).length, prepared.problems]).toEqual([5, []]);
  });

  it('keeps pairs of other settings apart', async () => {
    const edges = { ...config.data.edges, threshold: 0.5 };
    const other = await prepare({ config: { ...config, data: { ...config.data, edges } }, reporter: silent });
    expect(other.folders[0]).not.toBe(first.folders[0]);
  });

  it('takes files from elsewhere, by the ids that they are given', async () => {
    const items = ['b', 'a'].map((id, i) => ({ id, path: join(photos, `people/${i}.png`) }));
    const source: OpenedSource = {
      root: 'a database',
      form: { kind: 'photos', crop: 'centre' },
      items,
      summary: 'two photos of a database',
    };
    const own = recorder();
    const prepared = await prepare({ config, source, reporter: own });
    expect(
      allOf(prepared)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['a', 'b']);
    const twice = prepare({ config, source: { ...source, items: [...items, ...items] }, reporter: own });
    await expect(twice).rejects.toThrow(/more than once/);
    await expect(prepare({ config, source: { ...source, items: [] }, reporter: own })).rejects.toThrow(
      /no item/,
    );
  });

  it('stops when asked to', async () => {
    const cache = join(temporary, 'stopped');
    const stopped = prepare({
      config: { ...config, data: { ...config.data, cache } },
      reporter: silent,
      signal: AbortSignal.abort(new Error('stopped by the user')),
    });
    await expect(stopped).rejects.toThrow('stopped by the user');
  });

  it('ends its bar and frees the network when the work fails', async () => {
    const finish = vi.fn();
    const broken = {
      update: () => {
        throw new Error('a defect');
      },
      finish,
    };
    const before = tf.memory().numTensors;
    const cache = join(temporary, 'failed');
    const failed = prepare({
      config: { ...config, data: { ...config.data, cache } },
      reporter: { ...silent, task: () => broken },
    });
    await expect(failed).rejects.toThrow('a defect');
    expect(finish).toHaveBeenCalledOnce();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a source of which no file can be used', async () => {
    const path = join(temporary, 'all-bad');
    await writePhoto(join(path, 'small.png'), 20, 20);
    const bad = smallConfig({ source: { kind: 'folder', path }, cache: join(temporary, 'cache') });
    const error = await prepare({ config: bad, reporter: silent }).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/No file of the source can be used[\s\S]*small\.png: too small/);
  });
});

describe('preparing', () => {
  it("takes DeepPS's pairs as they are, and draws lines anew when it resizes", async () => {
    const path = join(temporary, 'pairs');
    const n = 128;
    const sketch = Buffer.alloc(n * n * 3, 255);
    for (let y = 20; y < 100; y++) sketch.fill(0, (y * n + 63) * 3, (y * n + 64) * 3);
    const drawn = await sharp(sketch, { raw: { width: n, height: n, channels: 3 } })
      .png()
      .toBuffer();
    await sharp({ create: { width: 2 * n, height: n, channels: 3, background: '#336699' } })
      .composite([{ input: drawn, left: 0, top: 0 }])
      .toFile(await folderFor(path, 'a.png'));
    await writePhoto(join(path, 'b.png'), 2 * n, n);
    await writePhoto(join(path, 'c.png'), n, n);
    const source = { kind: 'celeba-hq', path, sketchFirst: true };
    const config = smallConfig({ source, cache: join(temporary, 'cache') });

    const same = await prepare({ config: { ...config, resolution: 128 }, reporter: silent });
    expect(same.problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^not a pair: 128 x 128 px/),
    ]);
    const a = (data: PreparedData) => allOf(data).find(({ id }) => id === 'a.png')!.pairPath;
    const pair = await decodePair(a(same), 128);
    expect(pair.sketch).toEqual(Uint8Array.from({ length: n * n }, (_, i) => sketch[i * 3]));
    expect([...pair.photo.subarray(0, 3)]).toEqual([0x33, 0x66, 0x99]);

    const half = await decodePair(a(await prepare({ config, reporter: silent })), 64);
    const rows = Array.from({ length: 64 }, (_, y) => half.sketch.subarray(y * 64, (y + 1) * 64));
    const inks = rows.map((row) => row.filter((v) => v === 0).length);
    expect(inks.slice(11, 48).every((count) => count === 1)).toBe(true);
    expect(inks.slice(0, 8).every((count) => count === 0)).toBe(true);
  });

  it('mixes several sources, each with its own cache, ids and weight', async () => {
    const cache = join(temporary, 'mixed-cache');
    const [one, two] = [join(temporary, 'one'), join(temporary, 'two')];
    for (const i of [0, 1, 2, 3]) await writePhoto(join(one, `${i}.png`), 128, 64, i);
    for (const i of [0, 1, 2, 3, 4, 5]) await writePhoto(join(two, `${i}.png`), 128, 64, 9 * i);
    const celeba = (path: string) => ({ kind: 'celeba-hq', path });
    const single = await prepare({ config: smallConfig({ source: celeba(one), cache }), reporter: silent });
    const source = [
      { ...celeba(one), name: 'a', weight: 2 },
      { ...celeba(two), name: 'b' },
    ];
    const task = vi.fn(silent.task);
    const config = smallConfig({ source, cache, split: { validation: 0.2, test: 0.4 } });
    const reporter = { ...recorder(), task };
    const mixed = await prepare({ config, reporter });
    // The first is there already, and one photo of the second is the same.
    expect(task.mock.calls).toEqual([['Sketches', 5, 'images']]);
    expect(reporter.infos).toEqual([
      `Source: a, weight 2: 4 photo-and-sketch pairs in ${one}`,
      `Source: b, weight 1: 6 photo-and-sketch pairs in ${two}`,
    ]);
    expect(mixed.folders).toHaveLength(2);
    expect(mixed.folders[0]).toBe(single.folders[0]);
    expect(mixed.weights).toEqual({ a: 2, b: 1 });
    const ids = allOf(mixed).map(({ id }) => id);
    expect(new Set(ids)).toEqual(
      new Set([...[0, 1, 2, 3].map((i) => `a/${i}.png`), ...[0, 1, 2, 3, 4, 5].map((i) => `b/${i}.png`)]),
    );
    for (const { id, source: name } of allOf(mixed)) expect(id.split('/')[0]).toBe(name);
    // By the hash of the whole id.
    const byFraction = ids.toSorted((a, b) => idFraction(a) - idFraction(b));
    const { train, validation, test } = mixed.samples;
    expect(new Set([...test, ...validation].map(({ id }) => id))).toEqual(
      new Set(byFraction.slice(0, test.length + validation.length)),
    );
    expect(train.length).toBeGreaterThan(0);
    // By turns, so that the first few are of all sources.
    const sources = test.map(({ source }) => source);
    const [fewer] = ['a', 'b'].map((name) => sources.filter((one) => one === name).length).sort();
    expect(fewer).toBeGreaterThan(1);
    const turns = Array.from({ length: fewer }, (_, i) => sources.slice(2 * i, 2 * i + 2));
    for (const turn of turns) expect(turn.toSorted()).toEqual(['a', 'b']);
  });

  it('refuses a source of a mix that leaves nothing to train on', async () => {
    const path = join(temporary, 'lonely');
    // The first name whose hash lies in the test share.
    const held = Array.from({ length: 99 }, (_, i) => `${i}.png`).find(
      (name) => idFraction(`b/${name}`) < 0.4,
    );
    await writePhoto(join(path, `b/${held}`), 128, 64);
    for (const i of [0, 1, 2, 3, 4, 5, 6, 7]) await writePhoto(join(path, `a/${i}.png`), 128, 64, i);
    const source = ['a', 'b'].map((name) => ({ kind: 'celeba-hq', path: join(path, name), name }));
    const cache = join(temporary, 'mixed-cache');
    const config = smallConfig({ source, cache, split: { validation: 0.1, test: 0.4 } });
    await expect(prepare({ config, reporter: silent })).rejects.toThrow(
      /no sample to train on[\s\S]*name: b/,
    );
  });

  it('keeps groups together, and says how many there are', async () => {
    const path = join(temporary, 'people');
    for (let i = 0; i < 12; i++) await writePhoto(join(path, `${i % 4}/${i}.png`), 128, 64, i);
    const config = (pattern: string) =>
      smallConfig({
        source: { kind: 'celeba-hq', path },
        cache: join(temporary, 'cache'),
        split: { validation: 0.2, test: 0.2, groups: { pattern } },
      });
    const reporter = recorder();
    const { samples } = await prepare({ config: config('^(.)/'), reporter });
    const persons = Object.values(samples).map((some) => new Set(some.map(({ id }) => id[0])));
    expect(persons.map(({ size }) => size).reduce((a, b) => a + b)).toBe(4);
    expect(reporter.infos[1]).toBe(
      `Split by groups: ${['train', 'validation', 'test'].map((name, i) => `${name} ${persons[i].size} with ${3 * persons[i].size} samples`).join(', ')}`,
    );
    await expect(prepare({ config: config('^.(/)'), reporter: silent })).rejects.toThrow(
      /groups are too large[\s\S]*1, the largest, \/, with 12 of 12 samples/,
    );
  });

  it('refuses a padding that cannot be mirrored, before anything is made', async () => {
    const cache = join(temporary, 'untouched');
    const config = smallConfig({
      source: { kind: 'folder', path: temporary },
      cache,
      edges: { size: 64, padding: 64 },
    });
    await expect(prepare({ config, reporter: silent })).rejects.toThrow(/data\.edges\.padding/);
    expect(existsSync(cache)).toBe(false);
  });

  it('says so when the cache cannot be written', async () => {
    await writeFile(join(temporary, 'in-the-way'), '');
    await writePhoto(join(temporary, 'some/1.png'));
    const source = { kind: 'folder', path: join(temporary, 'some') };
    const config = smallConfig({ source, cache: join(temporary, 'in-the-way') });
    await expect(prepare({ config, reporter: silent })).rejects.toThrow(
      /The cache cannot be written[\s\S]*data\.cache/,
    );
  });
});

async function folderFor(folder: string, name: string): Promise<string> {
  await writePhoto(join(folder, name));
  return join(folder, name);
}
