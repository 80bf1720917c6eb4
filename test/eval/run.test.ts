import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImageValues } from '../../src/eval/report/image-values.ts';
import { reportSchema } from '../../src/eval/report/report.ts';
import { type EvaluateRunOptions, evaluateRun } from '../../src/eval/run.ts';
import { type Suite, suiteSchema } from '../../src/eval/suite/suite.ts';
import type { DpsConfig } from '../../src/models/dps/config.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { writeTinyRun } from '../models/dps/tiny-run.ts';
import { makePairs } from '../train/pairs.ts';
import { fakeSuite } from './fakes.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evaluate-cli-'));
  await makePairs(join(folder, 'pairs'), 3);
  await writeRun('first', 1);
  await writeRun('second', 2);
  await writeRun('synthesis', 1, { task: 'synthesis' });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Its photos are pairs, which need no edge detection. */
async function writeRun(name: string, seed: number, change: Partial<DpsConfig> = {}): Promise<void> {
  const base = tinyConfig({ task: change.task, levels: 1, norm: 'instance' });
  const data: DpsConfig['data'] = {
    ...base.data,
    source: { kind: 'celeba-hq', path: join(folder, 'pairs'), sketchFirst: false },
    cache: join(folder, 'cache'),
    split: { validation: 0, test: 0.5 },
  };
  await writeTinyRun(join(folder, name), { ...base, ...change, seed, data });
}

async function evaluate(
  change: Partial<Omit<EvaluateRunOptions, 'suite'>> & { suite?: Partial<Suite> } = {},
) {
  const { suite, ...rest } = change;
  const {
    folder: out,
    files,
    report,
  } = await evaluateRun({
    checkpoints: [join(folder, 'first')],
    split: 'test',
    batch: 4,
    weights: join(folder, 'no-weights'),
    reporter: silent,
    suite: fakeSuite({ metrics: ['l1', 'ssim'], sketches, ...suite }),
    ...rest,
  });
  const read = (name: string) => readFileSync(join(out, name), 'utf8');
  expect(files).toEqual(
    ['metrics.json', 'metrics.csv', 'images.jsonl', 'report.html'].map((name) => join(out, name)),
  );
  expect(JSON.parse(read('metrics.json'))).toEqual(report);
  return { out, json: read('metrics.json'), csv: read('metrics.csv'), page: read('report.html') };
}

const { sketches } = suiteSchema.parse({ name: 'test', sketches: { degradations: [0, 1] } });
const withoutTimes = (json: string) => ({ ...JSON.parse(json), times: undefined });

describe('evaluateRun', () => {
  it('leaves four files, the same ones when it runs again and in other batches', async () => {
    const first = await evaluate();
    expect(first.out).toContain(join('first', 'metrics', 'evaluation-test-test-step-1'));
    expect(readdirSync(first.out).sort()).toEqual([
      'images.jsonl',
      'metrics.csv',
      'metrics.json',
      'report.html',
    ]);
    const report = reportSchema.parse(JSON.parse(first.json));
    expect(report.set.images).toBe(2 * report.set.photos);
    expect(report.methods.map(({ kind }) => kind)).toEqual(['mean-colour', 'true-sketch', 'checkpoint']);
    const rows = first.csv.trimEnd().split('\r\n');
    expect(rows).toHaveLength(1 + report.rows.length);
    const images = await readImageValues(join(first.out, 'images.jsonl'));
    expect(images).toHaveLength(
      report.set.images * (1 + 1 + sketches.degradations.length * report.suite.l.length),
    );
    for (const { method, d, l, metric, region, mean } of report.rows.filter(
      (row) => !row.hole && !row.size,
    )) {
      const own = images.filter((image) => image.method === method && image.d === d && image.l === l);
      const sum = own.reduce((total, { values }) => total + values[`${metric}/${region}`]!, 0);
      expect(sum / own.length).toBeCloseTo(mean, 10);
    }
    expect(first.page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(first.page).not.toMatch(/(?:src|href)="(?!data:|#)/);

    const again = await evaluate({ out: join(folder, 'again') });
    expect(withoutTimes(again.json)).toEqual(withoutTimes(first.json));
    const other = await evaluate({ out: join(folder, 'batch'), batch: 1 });
    const values = (json: string) => reportSchema.parse(JSON.parse(json)).rows.map(({ mean }) => mean);
    values(other.json).forEach((mean, i) => {
      expect(mean).toBeCloseTo(values(first.json)[i], 5);
    });
  });

  it('finds photos where they lie now, and says how to tell it', async () => {
    const before = await evaluate();
    const moved = join(folder, 'moved pairs');
    renameSync(join(folder, 'pairs'), moved);
    const out = join(folder, 'moved');
    try {
      await expect(evaluate({ out })).rejects.toThrow(/--set data\.source\.path=FOLDER/);
      const after = await evaluate({ out, dataSets: [`data.source.path=${moved}`] });
      expect(withoutTimes(after.json)).toEqual(withoutTimes(before.json));
    } finally {
      renameSync(moved, join(folder, 'pairs'));
    }
  });

  it('goes on after an interrupt and leaves nothing half done', async () => {
    const out = join(folder, 'interrupted');
    const controller = new AbortController();
    const task = () => ({
      update: (done: number) => done > 8 && controller.abort(new Error('stop')),
      finish() {},
    });
    const interrupted = evaluate({ out, reporter: { ...silent, task }, signal: controller.signal });
    await expect(interrupted).rejects.toThrow('stop');
    expect(readdirSync(out)).toEqual(['.shards']);
    const resumed = await evaluate({ out });
    expect(readdirSync(out).sort()).toEqual(['images.jsonl', 'metrics.csv', 'metrics.json', 'report.html']);
    const whole = await evaluate({ out: join(folder, 'whole') });
    expect(withoutTimes(resumed.json)).toEqual(withoutTimes(whole.json));
  });

  it('compares checkpoints, and draws whole images in synthesis', async () => {
    const both = await evaluate({ checkpoints: [join(folder, 'first'), join(folder, 'second')] });
    const report = reportSchema.parse(JSON.parse(both.json));
    expect(report.differences.length).toBeGreaterThan(0);
    expect(report.differences[0]).toMatchObject({ method: 'second, step 1', reference: 'first, step 1' });
    expect(both.page).toContain('second, step 1 minus first, step 1');
    const synthesis = await evaluate({ checkpoints: [join(folder, 'synthesis')] });
    const { set, rows } = reportSchema.parse(JSON.parse(synthesis.json));
    expect(set.holes).toEqual(['all']);
    expect(rows.every(({ region }) => region === 'image')).toBe(true);
  });

  it('tells of photos that a checkpoint was trained on', async () => {
    const first = JSON.parse((await evaluate({ suite: { images: 2 }, out: join(folder, 'untold') })).json);
    expect(first.methods.at(-1).checkpoint.trainedOn).toBeNull();
    const ids = readdirSync(join(folder, 'pairs'));
    writeFileSync(join(folder, 'first', 'training-samples.json'), JSON.stringify(ids));
    const warnings: string[] = [];
    const reporter = { ...silent, warn: (message: string) => warnings.push(message) };
    const { json, page } = await evaluate({ suite: { images: 2 }, reporter });
    expect(warnings).toEqual(['first, step 1 was trained on 2 of these 2 photos.']);
    expect(JSON.parse(json).methods.at(-1).checkpoint.trainedOn).toBe(2);
    expect(page).toContain('was trained on 2 of these 2 photos');
  });

  it.each([
    ['no checkpoint', { checkpoints: ['none'] }, /There is no checkpoint/],
    ['an unknown metric', { suite: { metrics: ['l1', 'ssmi'] } }, /Unknown metric: ssmi[\s\S]*`ssim`/],
    ['an empty split', { split: 'validation' as const }, /nothing to evaluate[\s\S]*--split validation/],
    ['weights that are missing', { suite: { metrics: ['fid'] } }, /no-weights/],
    [
      'too few images for a distance of sets',
      { suite: { images: 1, holes: ['thin' as const], metrics: ['hed-frechet'] } },
      /too few images[\s\S]*hed-frechet/,
    ],
  ])('tells of %s before any work', async (_, change, message) => {
    const out = join(folder, 'refused');
    await expect(evaluate({ out, ...change })).rejects.toThrow(message);
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });

  it('tells of checkpoints that do not compare, and of one given twice', async () => {
    const checkpoints = (...names: string[]) => ({ checkpoints: names.map((name) => join(folder, name)) });
    await expect(evaluate(checkpoints('first', 'synthesis'))).rejects.toThrow(/different tasks[\s\S]*edit/);
    await expect(evaluate(checkpoints('first', 'first'))).rejects.toThrow(/given twice/);
  });
});
