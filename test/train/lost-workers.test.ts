/**
 * A training goes on when a worker hangs, is killed or is gone with its machine, and ends for all when two cannot reach each
 * other, or one is told to.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import { processes } from '../chaos/life.ts';
import {
  logged,
  loggedSteps,
  runFolder,
  smokeArguments,
  startTrain,
  type TrainProcess,
} from '../cli/train-process.ts';
import { Network, whyNoDelay, whyNoNetwork } from '../network.ts';
import { freePort } from '../two-workers.ts';
import { makePairs } from './pairs.ts';

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 600_000 });

let folder: string;
const started: TrainProcess[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lost-'));
  await makePairs(join(folder, 'pairs'), 12);
});
afterAll(() => {
  for (const { child } of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(args: readonly string[], script?: string): TrainProcess {
  const run = startTrain(args, script);
  started.push(run);
  return run;
}

async function until(holds: () => boolean, { child, output }: TrainProcess): Promise<void> {
  while (!holds()) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Ended too early: ${output()}`);
    await setTimeout(20);
  }
}

/** F alone, with a checkpoint after every step. */
const steps = (count = 100_000) => [
  ...['--set', 'training.imageGenerator.duration={steps: 100000}', '--max-steps', `${count}`],
  ...['--set', 'output={logEvery: 1, samplesEvery: 100000, validationCount: 0, checkpointMinutes: 1e-9}'],
];

/** The files of a run's newest checkpoint. */
function newest(run: string): { step: number; files: Record<string, Buffer> } {
  const names = readdirSync(join(run, 'checkpoints'));
  const step = Math.max(...names.map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? -1)));
  const path = join(run, 'checkpoints', `step-${step}`);
  return {
    step,
    files: Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))])),
  };
}

/** Waits for two more steps. */
async function trains(path: string, run: TrainProcess): Promise<void> {
  const before = loggedSteps(path).at(-1) ?? 0;
  await until(() => (loggedSteps(path).at(-1) ?? 0) >= before + 2, run);
}

/** The process that leads, as the run's lock says. */
const leader = (path: string) => JSON.parse(readFileSync(join(path, 'lock.json'), 'utf8')).pid as number;
const workersOf = ({ child }: TrainProcess) =>
  processes().flatMap(({ pid, parent, args }) => (parent === child.pid && / train /.test(args) ? pid : []));

it('saves and ends on all when one worker is asked to, long before the next line of the log', async () => {
  const worker = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const [leads, asked] = worker.map((_, index) => {
    const cluster = JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } });
    const rarely =
      'output={logEvery: 100000, samplesEvery: 100000, validationCount: 0, checkpointMinutes: 60}';
    const args = [...smokeArguments(folder, 'asked'), ...steps(), '--set', rarely];
    return start(args, `TF_CONFIG='${cluster}' exec "$@"`);
  });
  const path = await runFolder(join(folder, 'asked'), leads);
  await until(() => asked.output().includes('/100000 steps'), asked);
  asked.child.kill('SIGUSR1');
  const checkpoints = join(path, 'checkpoints');
  const isThere = () =>
    existsSync(checkpoints) && readdirSync(checkpoints).some((name) => /^step-\d+$/.test(name));
  await until(isThere, leads);
  const { step: saved } = newest(path);
  asked.child.kill('SIGTERM');
  expect([await leads.end, await asked.end], leads.output()).toEqual([138, 143]);
  const { step } = newest(path);
  expect(step).toBeGreaterThan(saved);
  expect((await readCheckpoint(join(checkpoints, `step-${step}`))).step).toBe(step);
  expect(loggedSteps(path)).toEqual([]);
});

it.concurrent('ends as an undisturbed training when workers hang and are killed', async () => {
  // One cache, so that the configurations are the same.
  const cache = ['--set', `data.cache=${join(folder, 'cache')}`, '--workers', '2'];
  const args = [...smokeArguments(folder, 'disturbed'), ...steps(), ...cache, '--max-restarts', '1'];
  const run = start(args);
  const path = await runFolder(join(folder, 'disturbed'), run);
  await trains(path, run);
  process.kill(leader(path), 'SIGSTOP');
  await until(() => run.output().includes('restart 1 of at most 1'), run);
  await trains(path, run);
  process.kill(workersOf(run).find((pid) => pid !== leader(path)) as number, 'SIGKILL');
  expect(await run.end, run.output()).toBe(137);
  expect(run.output()).toMatch(
    /Worker 0: it did not end with the others and was killed\. All workers go on with .*00001-smoke/,
  );
  expect(run.output()).toContain('Another worker has ended or cannot be reached.');
  expect(run.output()).toMatch(/where: +worker 1 of 2\n.*it was ended by SIGKILL, after 1 restarts/s);

  const { step, files } = newest(path);
  const calm = start([...smokeArguments(folder, 'calm'), ...steps(step), ...cache]);
  expect(await calm.end, calm.output()).toBe(0);
  expect(newest(join(folder, 'calm', '00001-smoke'))).toEqual({ step, files });
});

it.concurrent('goes on with one machine when the other is gone, and with both when it is back', async () => {
  const machines = ['--nnodes', '1:2', '--rdzv-endpoint', `127.0.0.1:${await freePort()}`];
  const args = [...smokeArguments(folder, 'machines'), ...steps(), ...machines, '--max-restarts', '1'];
  const host = start(args);
  await until(() => host.output().includes('this one is the host'), host);
  const other = start(args);
  const path = await runFolder(join(folder, 'machines'), host);
  await until(() => host.output().includes('2 of at most 2 machines train'), host);
  await trains(path, host);
  // What is lost is all of a machine.
  for (const pid of [...workersOf(other), other.child.pid as number]) process.kill(pid, 'SIGKILL');
  await until(() => host.output().includes('1 of at most 2 machines train'), host);
  await trains(path, host);
  const again = start(args);
  await until(() => host.output().includes('Another machine has come.'), host);
  await until(() => /2 of at most 2 .*2 of at most 2 /s.test(host.output()), host);
  await trains(path, host);
  host.child.kill('SIGTERM');
  expect([await host.end, await again.end], again.output()).toEqual([143, 138]);
  const { step } = newest(path);
  expect(loggedSteps(path)).toEqual(Array.from({ length: step }, (_, i) => i + 1));
});

const noNetwork = whyNoNetwork();
const noDelay = noNetwork ?? whyNoDelay();
const unless = (problem: string | undefined) => (problem ? ` (skipped: ${problem})` : '');

/** One worker on each of these machines. */
function startOn(network: Network, args: readonly string[]): TrainProcess[] {
  const worker = network.addresses.map((address) => `${address}:2222`);
  return worker.map((_, index) => {
    const cluster = JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } });
    return start(args, `TF_CONFIG='${cluster}' exec ${network.on(index).join(' ')} "$@"`);
  });
}

it.skipIf(noNetwork).concurrent(
  `ends for all when the cable between two that do not lead is cut${unless(noNetwork)}`,
  async () => {
    const network = new Network(3);
    try {
      const batches = ['imageGenerator', 'levels.0', 'levels.1', 'levels.2'].flatMap((stage) => [
        ...['--set', `training.${stage}.batch=3`],
      ]);
      const all = startOn(network, [...smokeArguments(folder, 'cut'), ...batches, ...steps()]);
      const path = await runFolder(join(folder, 'cut'), all[0]);
      await logged(path, 3, all[0]);
      network.cut(1, 2);
      const [first, ...others] = await Promise.all(all.map(({ end }) => end));
      const said = all.map(({ output }) => output());
      expect(first, said[0]).toBe(138);
      for (const [i, status] of others.entries()) expect([null, 138], said[i + 1]).toContain(status);
      expect(said.join('\n')).toMatch(
        /The machine of another worker cannot be reached\.\n +where: +worker [12] \(10\.99/,
      );
    } finally {
      network.remove();
    }
  },
);

it.skipIf(noDelay).concurrent(`trains over a slow network that loses packets${unless(noDelay)}`, async () => {
  const network = new Network(2);
  try {
    network.delay(20, 1);
    for (const { end, output } of startOn(network, [...smokeArguments(folder, 'slow'), ...steps(3)]))
      expect(await end, output()).toBe(0);
  } finally {
    network.remove();
  }
});
