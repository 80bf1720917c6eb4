import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PreparedData } from '../../../src/data/types.ts';
import { metricNames } from '../../../src/eval/metrics/registry.ts';
import { holeOf, makeSet, readItems } from '../../../src/eval/suite/set.ts';
import { readSuite, type Suite, suiteReferences, suiteSchema } from '../../../src/eval/suite/suite.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { silent } from '../../../src/runtime/progress.ts';
import { tinyConfig } from '../../models/dps/tiny.ts';
import { makePairs } from '../../train/pairs.ts';

let folder: string;
let data: PreparedData;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'suite-'));
  data = await makePairs(join(folder, 'pairs'), 6);
});
afterAll(() => rmSync(folder, { recursive: true }));

const suite = (change: Partial<Suite> = {}): Suite => ({ ...suiteSchema.parse({ name: 'test' }), ...change });
const set = (
  change: Partial<Suite> = {},
  samples = data.samples.train,
  task: 'edit' | 'synthesis' = 'edit',
) =>
  makeSet({ suite: suite(change), config: tinyConfig({ task }), split: 'test', samples, reporter: silent });

describe('reading a suite', () => {
  const file = (text: string) => {
    const path = join(folder, 'suite.yaml');
    writeFileSync(path, text);
    return path;
  };

  it.each(readdirSync('configs/eval').filter((name) => name.endsWith('.yaml')))(
    'configs/eval/%s is valid, and measures what there is',
    (name) => {
      const { metrics, report, name: own } = readSuite(join('configs/eval', name));
      expect(`${own}.yaml`).toBe(name);
      for (const metric of [...metrics, report.sortBy, report.fidelity, report.realism])
        expect(metricNames()).toContain(metric);
    },
  );

  it('extends others, and takes --set', () => {
    writeFileSync(join(folder, 'base.yaml'), 'name: base\nimages: 7\nl: [0, 1]\n');
    const read = readSuite(file('extends: base.yaml\nname: own\n'), ['images=3', 'report.samples=0']);
    expect(read).toMatchObject({ name: 'own', images: 3, l: [0, 1], report: { samples: 0 } });
  });

  it.each([
    ['name: a\nmetric: [l1]\n', /suite.yaml:2: metric[\s\S]*did you mean `metrics`/],
    ['name: a\nlevels: [0, 1]\n', /suite.yaml:2: levels[\s\S]*`levels` is called `l` now/],
    ['name: a\nl: [2]\n', /l.0[\s\S]*at most 1[\s\S]*got:\s+2/],
    ['images: 3\n', /name/],
    ['name: a\nl: [0, 0.5, 0]\n', /suite.yaml:2: l[\s\S]*got:\s+0/],
    ['name: a\nholeSizes: [0, 0.5, 0.4]\n', /holeSizes/],
    ['name: [\n', /not valid YAML/],
  ])('tells what is wrong with %j', (text, message) => {
    expect(() => readSuite(file(text))).toThrow(message);
  });

  it('says that `levels` has become `l` for --set, too', () => {
    expect(() => readSuite('configs/eval/quick.yaml', ['levels=[0]'])).toThrow(
      /--set levels[\s\S]*`levels` is called `l` now/,
    );
  });

  it.each(Object.entries(suiteReferences()))('%s is current', (path, text) => {
    expect(readFileSync(path, 'utf8'), 'run `npm run config-reference`').toBe(text);
  });

  it('tells that a file is missing', () => {
    expect(() => readSuite(join(folder, 'none.yaml'))).toThrow(/--suite/);
  });
});

describe('a set', () => {
  it('is every photo with every kind of hole, chosen by seed and id', async () => {
    const few = await set({ images: 3, holes: ['rectangle', 'thin'] });
    expect(few.items.map(({ photoIndex, hole }) => [photoIndex, hole])).toEqual(
      [0, 1, 2].flatMap((photo) => [
        [photo, 'rectangle'],
        [photo, 'thin'],
      ]),
    );
    const backwards = await set({ images: 3, holes: ['rectangle', 'thin'] }, data.samples.train.toReversed());
    expect(backwards.photos).toEqual(few.photos);
    expect(backwards.hash).toBe(few.hash);
    const others = await set({ images: 3, seed: 5 });
    expect(others.photos).not.toEqual(few.photos);
  });

  it('has a hash of all that it depends on, and of nothing else', async () => {
    const { hash } = await set();
    const { sketches } = suite();
    const changes: Partial<Suite>[] = [
      { seed: 2 },
      { images: 3 },
      { holes: ['rectangle'] },
      { l: [0, 1] },
      { blend: false },
      { strokes: false },
      { sketches: { ...sketches, discarded: 1 } },
      { sketches: { ...sketches, degradations: [0] } },
    ];
    for (const change of changes) expect((await set(change)).hash).not.toBe(hash);
    expect((await set({ metrics: ['psnr'], name: 'other' })).hash).toBe(hash);
    expect((await set({}, data.samples.test)).hash).not.toBe(hash);
    expect((await set({}, data.samples.train, 'synthesis')).hash).not.toBe(hash);
  });

  it('keeps its hash over versions of the code, so that reports of the same set go on to compare', async () => {
    expect((await set()).hash).toBe('d2c08690b19b276981030b98cf975931115ccbadca9f1d2ab95023d99cb995a2');
  });

  it('is all hole in synthesis', async () => {
    const { items, holes } = await set({}, data.samples.train, 'synthesis');
    expect(holes).toEqual(['all']);
    expect(items).toHaveLength(data.samples.train.length);
  });

  it('leaves out what cannot be read, with a warning', async () => {
    const warnings: string[] = [];
    const reporter = { ...silent, warn: (message: string) => warnings.push(message) };
    const samples = [...data.samples.test, { id: 'x', pairPath: join(folder, 'none.png') }];
    const made = await makeSet({ suite: suite(), config: tinyConfig(), split: 'test', samples, reporter });
    expect(made.photos).toHaveLength(2);
    expect(warnings).toEqual([expect.stringContaining('none.png')]);
    await expect(set({}, samples.slice(-1))).rejects.toThrow(/none can be read/);
    await expect(set({}, [])).rejects.toThrow(/--split test[\s\S]*--split validation/);
  });

  it('gives the same item in any batch', async () => {
    const made = await set({ holes: ['rectangle', 'thick'] });
    for (const degradation of [0, 1]) {
      const all = await readItems(made, made.items, degradation, true);
      const one = await readItems(made, [made.items[5]], degradation, true);
      for (const key of ['image', 'sketch', 'trueSketch', 'hole'] as const) {
        const found = await tf.slice(all[key], [5, 0, 0, 0], [1, -1, -1, -1]).data();
        expect(found, key).toEqual(await one[key].data());
      }
      expect(await one.hole.data()).toEqual(Float32Array.from(holeOf(made, made.items[5])));
      const same = (await tf.all(tf.equal(one.sketch, one.trueSketch)).data())[0] === 1;
      expect(same).toBe(degradation === 0);
    }
  });

  it('has strokes of colour that depend on seed and photo alone, unless the suite wants none', async () => {
    const made = await set({ holes: ['rectangle', 'thick'] });
    const all = await readItems(made, made.items, 0, true);
    const rowOf = (where: Tensor4D, row: number) => tf.slice(where, [row, 0, 0, 0], [1, -1, -1, -1]).data();
    const where = (row: number) => rowOf(all.colour!.where, row);
    for (const [degradation, items] of [
      [0, [made.items[5]]],
      [1, made.items.slice(4, 6)],
    ] as const) {
      const some = await readItems(made, items, degradation, true);
      expect(await rowOf(some.colour!.where, 0)).toEqual(await where(5));
    }
    expect(await where(4)).toEqual(await where(5));
    expect(await where(2)).not.toEqual(await where(5));
    const other = await set({ holes: ['rectangle', 'thick'], seed: 2 }, [made.photos[2]]);
    expect(await rowOf((await readItems(other, other.items, 0, true)).colour!.where, 0)).not.toEqual(
      await where(5),
    );
    const none = await set({ strokes: false });
    expect((await readItems(none, none.items, 0, true)).colour).toBeUndefined();
  });

  it('says when a photo is gone', async () => {
    const made = await set();
    const gone = { ...made.items[0], photo: { id: 'x', pairPath: join(folder, 'gone.png') } };
    await expect(readItems(made, [gone, made.items[1]], 0, false)).rejects.toThrow(/can no longer be read/);
  });
});
