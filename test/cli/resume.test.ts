import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCheckpoints, readCheckpoint } from '../../src/core/checkpoint.ts';
import { prepare } from '../../src/data/prepare.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { silent } from '../../src/runtime/progress.ts';
import { makePairs } from '../train/pairs.ts';
import {
  logged,
  loggedSteps,
  runFolder,
  smokeArguments,
  startTrain,
  type TrainProcess,
} from './train-process.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'resume-'));
  await makePairs(join(folder, 'pairs'), 12);
});
afterAll(() => rmSync(folder, { recursive: true }));

const always = ['--set', 'output.checkpointMinutes=1e-9', '--set', 'output.validationCount=0'];
const steps = (count: number) => ['--set', `training.imageGenerator.duration={steps: ${count}}`];

const train = (name: string, ...args: string[]) => startTrain([...smokeArguments(folder, name), ...args]);
const resume = (path: string, ...args: string[]) => startTrain(['--resume', path, ...args]);
const pathOf = (name: string, run: TrainProcess) => runFolder(join(folder, name), run);

async function expectEnd(run: TrainProcess, status: number | null, message: RegExp): Promise<void> {
  expect(await run.end, run.output()).toBe(status);
  expect(run.output()).toMatch(message);
  expect(run.output()).not.toMatch(/^\s+at /m);
}

describe('train --resume', () => {
  it('goes on after a SIGKILL with every step once, says when nothing is left, makes a lost table anew', async () => {
    const run = train('killed', ...always, ...steps(60));
    const path = await pathOf('killed', run);
    await logged(path, 4, run);
    run.child.kill('SIGKILL');
    await run.end;
    const second = startTrain(['--resume', 'latest', '--runs', join(folder, 'killed'), '--max-steps', '12']);
    await expectEnd(second, 0, /Goes on after step \d+ of 72: F, step \d+[\s\S]*Ended after step 12 of 72/);
    const third = resume(path, ...steps(13));
    await expectEnd(third, 0, /Goes on after step 12 of 25[\s\S]*mean colour/);
    expect(loggedSteps(path)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(readdirSync(join(path, 'events'))).toHaveLength(3);

    await expectEnd(resume(path), 0, /This run is complete: all 25 steps/);
    const table = join(path, 'metrics', 'test.json');
    const before = JSON.parse(readFileSync(table, 'utf8'));
    rmSync(table);
    await expectEnd(resume(path), 0, /complete[\s\S]*mean colour/);
    expect(JSON.parse(readFileSync(table, 'utf8'))).toEqual(before);
  });

  it('refuses a run that another process trains, and changed data', async () => {
    const run = train('busy', ...steps(100_000));
    const path = await pathOf('busy', run);
    await logged(path, 1, run);
    const pid = run.child.pid!;
    await expectEnd(resume(path), 1, new RegExp(`in use by another[\\s\\S]*process ${pid} on ${hostname()}`));
    run.child.kill('SIGINT');
    expect(await run.end).toBe(130);
    expect(existsSync(join(path, 'lock.json'))).toBe(false);
    expect(run.output()).toContain(`--resume ${path}`);

    const pairs = join(folder, 'other-pairs');
    await makePairs(pairs, 9);
    const moved = ['--set', `data.source.path=${pairs}`];
    await expectEnd(resume(path, ...moved), 1, /training samples have changed[\s\S]*missing/);
    await expectEnd(resume(path, '--set', 'seed=7'), 1, /seed: 7, in the run 1/);
    await expectEnd(resume(path, '--dry-run'), 1, /--dry-run/);
  });

  it('an image that is damaged before its turn is replaced and told', async () => {
    const run = train('image', ...steps(3), '--max-steps', '1');
    expect(await run.end, run.output()).toBe(0);
    const path = await pathOf('image', run);
    const { config } = readConfig(join(path, 'config.yaml'));
    const { samples } = await prepare({ config, reporter: silent });
    writeFileSync(samples.train[4].pairPath, 'damaged');
    const second = resume(path, ...steps(20), '--max-steps', '20');
    await expectEnd(second, 0, /Ended after step 20/);
    expect(second.output()).toMatch(/cannot be read, another takes its place/);
  });
});

describe('disks', () => {
  /** A run of a few steps with a checkpoint. */
  async function begun(name: string): Promise<string> {
    const run = train(name, ...steps(100_000), '--max-steps', '2');
    expect(await run.end, run.output()).toBe(0);
    return pathOf(name, run);
  }

  /** Nothing but whole checkpoints is left. Returns the last one's step. */
  async function expectWhole(path: string): Promise<number> {
    const found = await listCheckpoints(join(path, 'checkpoints'));
    for (const checkpoint of found) await readCheckpoint(checkpoint.path);
    expect(readdirSync(join(path, 'checkpoints'))).toHaveLength(found.length);
    return found.at(-1)!.step;
  }

  const failing =
    /cannot be written \(1 of at most 3[\s\S]*\(3 of at most 3[\s\S]*Training ends: its checkpoints cannot be written/;

  it('a checkpoint that cannot be written is warned of, the third ends the training, the last one stays', async () => {
    const path = await begun('limited');
    // In 512 bytes: no file of more than 100 kB can be written, as if the disk were full. F alone has 400 kB.
    const run = startTrain(['--resume', path, ...always], 'ulimit -f 200; exec "$@"');
    await expectEnd(run, 1, failing);
    expect(run.output()).toMatch(/EFBIG[\s\S]*last whole one is .*step-2/);
    expect(await expectWhole(path)).toBe(2);
    await expectEnd(resume(path, '--max-steps', '4'), 0, /Goes on after step 2[\s\S]*step-4/);
  });

  // Mounts of a process's own, which need no privileges where the kernel allows user namespaces.
  const inNamespace = (script: string) => `exec unshare -rm sh -c '${script}' sh "$@"`;
  const namespaces = spawnSync('unshare', ['-rm', 'true']).status === 0;
  const itMounts = (name: string, test: () => Promise<void>) =>
    it.skipIf(!namespaces)(`${name} (needs \`unshare -rm\`)`, test);

  itMounts('a disk that fills: the first checkpoint fits, the second would not beside it', async () => {
    const kept = join(folder, 'kept');
    const runs = join(folder, 'small');
    mkdirSync(kept);
    mkdirSync(runs);
    const disk = `mount -t tmpfs -o size=4m tmpfs ${runs}`;
    const script = `${disk} && { "$@"; status=$?; cp -r ${runs}/00001-smoke ${kept}; exit $status; }`;
    const run = startTrain([...smokeArguments(folder, 'small'), ...always], inNamespace(script));
    await expectEnd(run, 1, failing);
    expect(run.output()).toMatch(/ENOSPC/);
    expect(await expectWhole(join(kept, '00001-smoke'))).toBe(1);
  });

  itMounts('a read-only run is refused', async () => {
    const path = await begun('read-only');
    const script = `mount --bind ${path} ${path} && mount -o remount,ro,bind ${path} && exec "$@"`;
    const run = startTrain(['--resume', path], inNamespace(script));
    await expectEnd(run, 1, /folder cannot be written[\s\S]*EROFS[\s\S]*permissions/);
  });

  itMounts('checkpoints that turn read-only', async () => {
    const path = await begun('turning');
    const place = join(path, 'checkpoints');
    const script = [
      `mount --bind ${place} ${place}`,
      '"$@" & child=$!',
      `until grep -q "step.:4," ${path}/log.jsonl; do sleep 0.05; done`,
      `until mount -o remount,ro,bind ${place} 2>/dev/null; do sleep 0.01; done`,
      'wait $child',
    ];
    const run = startTrain(['--resume', path, ...always], inNamespace(script.join('\n')));
    await expectEnd(run, 1, failing);
    expect(run.output()).toMatch(/EROFS/);
    const names = readdirSync(place).filter((name) => !name.endsWith('.tmp'));
    for (const name of names) await readCheckpoint(join(place, name));
    expect(names.length).toBeGreaterThan(0);
  });
});
