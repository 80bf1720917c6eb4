import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../src/infer/jobs.ts';
import { makePictures, type PictureOptions } from '../../src/infer/run.ts';
import { type LoadedMethod, trainedPredictor } from '../../src/models/load.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { busyPhoto, grey, rectangle, rgba } from './rasters.ts';
import { said } from './said.ts';
import { asTrained, changes, load, save, tinyLoaded } from './support.ts';

let folder: string;
let out: string;
let edit: LoadedMethod;
let synthesis: LoadedMethod;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'infer-'));
  edit = tinyLoaded('edit');
  synthesis = tinyLoaded('synthesis');
});
afterAll(() => {
  edit.method.dispose();
  synthesis.method.dispose();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  out = mkdtempSync(join(folder, 'out-'));
});

const hole = rectangle([200, 120], [110, 20, 170, 60]);
const lines = rectangle([200, 120], [130, 10, 134, 90], [0, 255]);

async function triple(name: string, photo = busyPhoto(200, 120)): Promise<Job> {
  const at = (part: string) => join(folder, part, `${name}.png`);
  const [image, mask, sketch] = await Promise.all([
    save(at('image'), photo),
    save(at('mask'), hole),
    save(at('sketch'), lines),
  ]);
  return { kind: 'triple', name, image, mask, sketch };
}

const run = (jobs: Job[], change: Partial<PictureOptions> = {}) =>
  makePictures({
    loaded: edit,
    jobs,
    ls: [0.5],
    maskHole: 'white',
    region: 'hole',
    raw: false,
    detail: true,
    out,
    reporter: silent,
    signal: undefined,
    ...change,
  });

describe('infer', () => {
  it('changes the hole of a photo and nothing else, and leaves no tensors', async () => {
    const job = await triple('one');
    const written = await run([job]);
    const before = tf.memory().numTensors;
    await run([job]);
    expect(tf.memory().numTensors).toBe(before);
    const names = ['one-SGEN.png', 'one-IGEN.png', 'one-IOUT.png', 'one-sheet.png'];
    expect(written).toEqual(names.map((name) => join(out, name)));
    expect(readdirSync(out).sort()).toEqual([...names].sort());
    for (const name of ['one-IOUT.png', 'one-IGEN.png']) {
      const { inside, outside } = changes(busyPhoto(200, 120), await load(join(out, name)), hole);
      expect(outside).toBe(0);
      expect(inside).toBeGreaterThan(0.9 * 60 * 40);
    }
    expect((await sharp(join(out, 'one-IOUT.png')).metadata()).channels).toBe(3);
    expect(await sharp(join(out, 'one-SGEN.png')).metadata()).toMatchObject({ width: 64, height: 64 });
    const statements = names.map(async (name) => (await said(readFileSync(join(out, name)))).statement);
    const [drawn, ...edited] = await Promise.all(statements);
    const how = `(model ${edit.config.name}, step ${edit.checkpoint.step}; l = 0.5)`;
    expect(drawn).toBe(`Made by a machine: a neural network made this picture. ${how}`);
    for (const statement of edited) expect(statement).toMatch(/^Edited by a machine: /);
    for (const statement of edited) expect(statement).toContain(how);
  });

  it('keeps a photo’s alpha channel', async () => {
    const glass = rgba(200, 120, (x, y) => [x, y, 90, (x + y) % 256]);
    await run([await triple('glass', glass)]);
    const after = await load(join(out, 'glass-IOUT.png'));
    expect(changes(glass, after, hole).outside).toBe(0);
    expect([...after.data].filter((_, i) => i % 4 === 3)).toEqual(
      [...glass.data].filter((_, i) => i % 4 === 3),
    );
  });

  it('makes a picture for each l, and a sheet with a row for each', async () => {
    await run([await triple('many')], { ls: [0, 0.25, 1] });
    const files = readdirSync(out);
    expect(files).toHaveLength(10);
    expect(files).toContain('many-IOUT-l0.25.png');
    expect(await sharp(join(out, 'many-sheet.png')).metadata()).toMatchObject({ height: 20 + 4 + 3 * 132 });
    const [rough, fine] = await Promise.all(['0', '1'].map((l) => load(join(out, `many-SGEN-l${l}.png`))));
    expect(rough).not.toEqual(fine);
  });

  it('--raw gives the network’s own pixels', async () => {
    const size = 64;
    const photo = busyPhoto(size, size);
    const mask = rectangle([size, size], [10, 20, 40, 50]);
    const sketch = grey(size, size, (x, y) => (x === 25 && y > 22 ? 0 : 255));
    const job: Job = {
      kind: 'triple',
      name: 'raw',
      image: await save(join(folder, 'raw.png'), photo),
      mask: await save(join(folder, 'raw-mask.png'), mask),
      sketch: await save(join(folder, 'raw-sketch.png'), sketch),
    };
    await run([job], { raw: true });
    const expected = tf.tidy(() => {
      const plane = (values: number[], channels: number) =>
        tf.tensor(values, [1, size, size, channels]) as Tensor4D;
      const image = plane(
        [...photo.data].filter((_, i) => i % 4 < 3).map((value) => value / 127.5 - 1),
        3,
      );
      const holes = plane(
        [...mask.data].map((value) => value / 255),
        1,
      );
      const drawn = plane(
        [...sketch.data].map((value) => value / 127.5 - 1),
        1,
      );
      const { result } = trainedPredictor(edit).predict({ image, hole: holes, sketch: drawn, l: 0.5 });
      return [...result.dataSync()].map((value) => Math.round((value + 1) * 127.5));
    });
    const found = [...(await load(join(out, 'raw-IOUT.png'))).data].filter((_, i) => i % 4 < 3);
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i])))).toBeLessThanOrEqual(1);
  });

  it.each(['whole', 'face'] as const)('--region %s fills the same hole', async (region) => {
    const warnings: string[] = [];
    await run([await triple('region')], {
      region,
      reporter: { ...silent, warn: (text) => warnings.push(text) },
    });
    const { inside, outside } = changes(busyPhoto(200, 120), await load(join(out, 'region-IOUT.png')), hole);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(0.9 * 60 * 40);
    expect(warnings.join()).toMatch(region === 'face' ? /no face was found/ : /^$/);
  });

  it('draws from a sketch alone, of any shape', async () => {
    const sketch = await save(join(folder, 'face.png'), rectangle([90, 130], [30, 40, 60, 43], [0, 255]));
    await run([{ kind: 'sketch', name: 'face', sketch }], { loaded: synthesis });
    expect(readdirSync(out).sort()).toEqual([
      'face-IGEN.png',
      'face-IOUT.png',
      'face-SGEN.png',
      'face-sheet.png',
    ]);
    expect(await sharp(join(out, 'face-IOUT.png')).metadata()).toMatchObject({ width: 64, height: 64 });
  });

  it('goes on after a picture that cannot be used, and tells of it at the end', async () => {
    const jobs = [await triple('first'), await triple('second'), await triple('third')];
    writeFileSync(join(folder, 'image', 'second.png'), 'broken');
    const progress: number[] = [];
    const task = () => ({ update: (done: number) => progress.push(done), finish() {} });
    await expect(run(jobs, { reporter: { ...silent, task } })).rejects.toThrow(
      /1 of 3 pictures could not be made:\n.*second\.png: A picture cannot be read/,
    );
    expect(progress).toEqual([0, 1, 2, 3]);
    expect(readdirSync(out).some((name) => name.startsWith('second'))).toBe(false);
    expect(existsSync(join(out, 'third-sheet.png'))).toBe(true);
  });

  it('ends after the picture in progress', async () => {
    const controller = new AbortController();
    const task = () => ({ update: (done: number) => done === 1 && controller.abort(), finish() {} });
    await run([await triple('a'), await triple('b')], {
      signal: controller.signal,
      reporter: { ...silent, task },
    });
    expect(readdirSync(out).filter((name) => name.endsWith('sheet.png'))).toEqual(['a-sheet.png']);
  });

  it('says that a file stands where the results should go', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(run([await triple('nowhere')], { out: file })).rejects.toThrow(/--out .*file/);
  });

  it('works where F’s images are smaller than the input', async () => {
    const config = tinyConfig({ levels: 2 });
    const imageGenerator = { ...config.model.imageGenerator, level: 1 };
    const loaded = asTrained({ ...config, resolution: 128, model: { ...config.model, imageGenerator } });
    await run([await triple('levels')], { loaded });
    loaded.method.dispose();
    expect(await sharp(join(out, 'levels-SGEN.png')).metadata()).toMatchObject({ width: 64 });
    expect(changes(busyPhoto(200, 120), await load(join(out, 'levels-IOUT.png')), hole).outside).toBe(0);
  });
});
