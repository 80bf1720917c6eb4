/** A whole study of two tiny methods: begun, interrupted, gone on with, and not done again. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { reportSchema } from '../../src/eval/report/report.ts';
import { type Reporter, silent } from '../../src/runtime/progress.ts';
import { runStudy } from '../../src/study/run.ts';
import { makePairs } from '../train/pairs.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'study-'));
  await makePairs(join(folder, 'pairs'), 6);
  writeConfig('dps', 'smoke-dps');
  writeConfig('pix2pix', 'smoke-pix2pix');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A smoke configuration whose photos are pairs, which need no edge detection. */
function writeConfig(name: string, base: string, more: object = {}): string {
  const data = {
    source: { kind: 'celeba-hq', path: join(folder, 'pairs'), sketchFirst: false },
    cache: join(folder, 'cache'),
    split: { validation: 0.2, test: 0.3 },
  };
  const config = { extends: resolve(`configs/study/${base}.yaml`), data, ...more };
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stringify(config));
  return path;
}

const study = (change: object = {}) => ({
  minutes: 1,
  methods: ['dps', 'pix2pix'].map((name) => join(folder, `${name}.yaml`)),
  suite: 'configs/eval/study-smoke.yaml',
  ...change,
});

/** What a study tells, and a call for every line and every task. */
function listener(on: (text: string) => void = () => {}) {
  const told: string[] = [];
  const tell = (text: string) => {
    told.push(text);
    on(text);
  };
  const task: Reporter['task'] = (label) => {
    tell(label);
    return { update() {}, finish() {} };
  };
  return { told, reporter: { ...silent, info: tell, task } };
}

it('goes on after an interrupt, answers, and does nothing twice', async () => {
  const out = join(folder, 'out');
  const controller = new AbortController();
  const interrupted = listener((text) => {
    if (text.startsWith('Method 1 of 2: dps, G')) controller.abort(new Error('stopped'));
  });
  const first = runStudy({ study: study(), out, reporter: interrupted.reporter, signal: controller.signal });
  await expect(first).rejects.toThrow('stopped');
  expect(interrupted.told).not.toContainEqual(expect.stringContaining('Method 2'));
  expect(readdirSync(out)).toEqual(['runs']);

  const second = listener();
  const { questions, files, report } = await runStudy({ study: study(), out, reporter: second.reporter });
  expect(second.told).toContainEqual(expect.stringMatching(/^Goes on after step \d+ of 8/));
  expect(readdirSync(join(out, 'runs')).filter((name) => !name.startsWith('.'))).toEqual([
    '00001-dps',
    '00002-pix2pix',
  ]);
  expect(files).toEqual([join(out, 'study.md'), join(out, 'study.svg')]);
  expect(questions.flatMap(({ claims }) => claims)).toHaveLength(1 + 1 + 2 + 2);
  for (const { estimate, verdict } of questions.flatMap(({ claims }) => claims)) {
    expect(estimate?.count).toBe(report.set.images);
    expect(['holds', 'does not hold', 'not decided']).toContain(verdict);
  }

  const page = readFileSync(files[0], 'utf8');
  // The l for each d is what the validation samples say.
  const validation = reportSchema.parse(
    JSON.parse(readFileSync(join(out, 'validation', 'metrics.json'), 'utf8')),
  );
  expect(validation.set.split).toBe('validation');
  const best = [0, 1].map((d) => validation.bestL.find((row) => row.d === d && row.region === 'hole')?.l);
  expect(page).toContain(`| chosen l | ${best[0]} | ${best[1]} |`);
  // What the evaluation itself says of a baseline, and its difference from the method in front.
  const of = (row: { method: string; metric: string; region: string; d: number | null; l: number | null }) =>
    row.method.startsWith('00002') && row.metric === 'hed-perceptual' && row.region === 'hole' && row.d === 1;
  const mean = report.rows.find((row) => of(row) && row.hole === null && row.size === null)?.mean;
  expect(page).toMatch(new RegExp(`\\| pix2pix \\|[^\\n]*\\| ${mean?.toFixed(4).slice(0, 5)}`));
  const steps = /\| pix2pix \| 0\.13 [^|]+\| 4 \| 8 \| [\d.]+ \(ended by its steps\) \|/;
  expect(page).toMatch(steps);
  expect(readFileSync(files[1], 'utf8')).toMatch(/^<svg [\s\S]*pix2pix[\s\S]*<\/svg>\n$/);

  const measuredAt = statSync(join(out, 'evaluation', 'metrics.json')).mtimeMs;
  const third = listener();
  await runStudy({ study: study(), out, reporter: third.reporter });
  expect(third.told.filter((text) => /^Evaluating|, F$|is compiled/.test(text))).toEqual([]);
  expect(statSync(join(out, 'evaluation', 'metrics.json')).mtimeMs).toBe(measuredAt);
  expect(readFileSync(files[0], 'utf8')).toBe(page);

  // Other budgets and other configurations are another study.
  await expect(runStudy({ study: study(), minutes: 2, out })).rejects.toThrow(
    /another budget[\s\S]*00001-dps[\s\S]*minutes: 1, in the run 0.5/,
  );
  writeConfig('pix2pix', 'smoke-pix2pix', { seed: 9 });
  try {
    const { told, reporter } = listener();
    const refused = runStudy({ study: study(), out, reporter });
    await expect(refused).rejects.toThrow(/trains something else[\s\S]*00002-pix2pix[\s\S]*seed: 9/);
    expect(told).toEqual([]);
  } finally {
    writeConfig('pix2pix', 'smoke-pix2pix');
  }
});

it.each([
  ['an unknown key', { minute: 3 }, /minute[\s\S]*did you mean `minutes`/],
  ['one method', { methods: ['configs/study/dps.yaml'] }, /methods/],
  ['no minutes', { minutes: 0 }, /minutes[\s\S]*0/],
  ['a config that is not there', { methods: ['none.yaml', 'nor.yaml'] }, /none\.yaml/],
  [
    'a stage without minutes',
    { methods: ['configs/quickstart.yaml', 'configs/study/pix2pix.yaml'] },
    /no minutes/,
  ],
  ['a suite that is not there', { suite: 'none.yaml' }, /none\.yaml/],
  ['a metric of quality that is not measured', { quality: 'identity' }, /quality[\s\S]*l1[\s\S]*identity/],
  [
    'samples that are not the same',
    { methods: ['configs/study/dps.yaml', 'configs/study/smoke-pix2pix.yaml'] },
    /data[\s\S]*smoke-pix2pix/,
  ],
  [
    'a method without l in front',
    { methods: ['configs/study/pix2pix.yaml', 'configs/study/dps.yaml'] },
    /takes l[\s\S]*pix2pix/,
  ],
  [
    'a method twice',
    { methods: ['configs/study/dps.yaml', 'configs/study/dps.yaml'] },
    /same name[\s\S]*dps/,
  ],
])('tells of %s before anything is trained', async (_, change, message) => {
  const out = join(folder, 'refused');
  await expect(runStudy({ study: study(change), out })).rejects.toThrow(message);
  expect(existsSync(join(out, 'runs'))).toBe(false);
});
