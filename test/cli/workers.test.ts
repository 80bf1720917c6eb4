/** Two workers prepare, evaluate and fill holes as one process does. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DpsConfig } from '../../src/models/dps/config.ts';
import { save } from '../infer/support.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { writeTinyRun } from '../models/dps/tiny-run.ts';
import { endWorkers, start, startTwo, type Worker } from '../two-workers.ts';

vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 });

const PHOTOS = 8;
const SIDE = 96;
let folder: string;
let photos: string;
let run: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shares-'));
  photos = join(folder, 'photos');
  const picture = (
    kind: string,
    i: number,
    channels: 1 | 4,
    value: (x: number, y: number, c: number) => number,
  ) => {
    const data = Uint8Array.from({ length: SIDE * SIDE * channels }, (_, at) => {
      const pixel = Math.floor(at / channels);
      return value(pixel % SIDE, Math.floor(pixel / SIDE), at % channels);
    });
    return save(join(folder, kind, `${i}.png`), { width: SIDE, height: SIDE, data });
  };
  for (let i = 0; i < PHOTOS; i++) {
    const isInside = (x: number, y: number) => (x - 48) ** 2 + (y - 40 - i) ** 2 < (20 + 2 * i) ** 2;
    await picture('photos', i, 4, (x, y, c) =>
      c === 3 ? 255 : (isInside(x, y) ? 160 : 40) + ((x * i) % 50),
    );
    await picture('masks', i, 1, (x, y) => (x >= 30 && x < 60 && y >= 40 && y < 70 ? 255 : 0));
    await picture('sketches', i, 1, (x, y) => (x === y + i ? 0 : 255));
  }
  run = join(folder, 'run');
  const base = tinyConfig({ levels: 1, norm: 'instance' });
  const data: DpsConfig['data'] = {
    ...base.data,
    source: { kind: 'folder', path: photos, crop: 'centre' } as DpsConfig['data']['source'],
    split: { validation: 0, test: 0.5 },
  };
  await writeTinyRun(run, { ...base, data });
});
afterAll(() => {
  endWorkers();
  rmSync(folder, { recursive: true, force: true });
});

/** The files below a folder, by their paths there. */
function filesIn(path: string): Record<string, Buffer> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names
      .filter((name) => statSync(join(path, name)).isFile())
      .map((name) => [name, readFileSync(join(path, name))]),
  );
}

/** Runs a command alone, and by two workers. Returns what all have said, when they end with this status. */
async function byOneAndTwo(args: (name: string) => readonly string[], status = 0): Promise<string[]> {
  const command = (name: string) => ['src/cli/main.ts', ...args(name)];
  const alone = await start(command('one')).ended;
  return Promise.all([alone, ...(await ended(await startTwo(() => command('two'))))].map(told));

  function told(worker: { status: number | null; said: string }): string {
    expect(worker.status, worker.said).toBe(status);
    return worker.said;
  }
}

const ended = (workers: readonly Worker[]) => Promise.all(workers.map((worker) => worker.ended));

it('the cache of two workers is that of one process, with a file that cannot be used', async () => {
  const source = join(folder, 'source');
  mkdirSync(source);
  for (const [name, bytes] of Object.entries(filesIn(photos))) writeFileSync(join(source, name), bytes);
  writeFileSync(join(source, 'broken.png'), 'no picture');
  const [, first, second] = await byOneAndTwo((name) => [
    ...['prepare', '--config', 'configs/smoke.yaml', '--set', `data.source={kind: folder, path: ${source}}`],
    // Of so large photos six are taken at once, so that both workers have some.
    ...[
      '--set',
      `data.cache=${join(folder, `cache-${name}`)}`,
      '--set',
      'data.edges={size: 200, padding: 40}',
    ],
  ]);
  const [one, two] = ['one', 'two'].map((name) => filesIn(join(folder, `cache-${name}`, 'prepared')));
  expect(Object.keys(one).filter((name) => name.includes('pairs'))).toHaveLength(PHOTOS);
  expect(two).toEqual(one);
  expect(first).toMatch(/Contact sheet: /);
  for (const said of [first, second]) expect(said).toMatch(/unusable files: 1/);
});

/** An evaluation in batches of two, with a metric of sets. */
const evaluation = (name: string) => [
  ...['evaluate', '--checkpoint', run, '--out', join(folder, `report-${name}`), '--batch', '2'],
  ...[
    '--set',
    'metrics=[l1, ssim, hed-frechet]',
    '--set',
    'l=[0, 1]',
    '--set',
    'sketches.degradations=[0, 1]',
  ],
  ...['--set', 'holes=[rectangle]', '--set', `data.cache=${join(folder, 'cache')}`],
];

it('the report of two workers is that of one process, also when one of them was lost on the way', async () => {
  const command = ['src/cli/main.ts', ...evaluation('two')];
  const [survivor, victim] = await startTwo(() => command);
  await victim.says(' images, set ');
  victim.child.kill('SIGKILL');
  const { status, said } = await survivor.ended;
  expect(status, said).toBeGreaterThan(0);
  expect(said).toMatch(/Another worker has ended or cannot be reached\.\n +where: +worker 1 \(/);

  await byOneAndTwo(evaluation);
  const [one, two] = ['one', 'two'].map((name) => filesIn(join(folder, `report-${name}`)));
  expect(Object.keys(two)).toEqual(['images.jsonl', 'metrics.csv', 'metrics.json', 'report.html']);
  for (const name of ['images.jsonl', 'metrics.csv']) expect(two[name].toString()).toBe(one[name].toString());
  const [wanted, found] = [one, two].map((files) => JSON.parse(files['metrics.json'].toString()));
  expect({ ...found, times: wanted.times }).toEqual(wanted);
  expect(wanted.metrics.map((metric: { kind: string }) => metric.kind)).toContain('set');
});

it('the pictures of two workers are those of one process, and all tell what failed', async () => {
  writeFileSync(join(photos, '3.png'), 'no picture');
  const said = await byOneAndTwo((name) => {
    const parts = ['photos', 'masks', 'sketches'].map((kind) => join(folder, kind));
    return [
      ...['infer', '--checkpoint', run, '--out', join(folder, `pictures-${name}`)],
      ...['--image', parts[0], '--mask', parts[1], '--sketch', parts[2]],
    ];
  }, 1);
  for (const one of said) expect(one).toMatch(/1 of 8 pictures could not be made:\n.*3\.png/);
  const [one, two] = ['one', 'two'].map((name) => filesIn(join(folder, `pictures-${name}`)));
  expect(Object.keys(one)).toContain('7-IOUT.png');
  expect(two).toEqual(one);
});
