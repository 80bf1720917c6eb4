/** A training goes on when a worker hangs, is killed or is gone with its machine, and ends for all when two cannot reach each other. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { processes } from '../chaos/life.ts';
import {
  logged,
  loggedSteps,
  runFolder,
  smokeArguments,
  startTrain,
  type TrainProcess,
} from '../cli/train-process.ts';
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

/** F alone, with a checkpoint after every step; one cache, so that the configurations are the same. */
const steps = (count = 100_000) => [
  ...['--set', 'training.imageGenerator.duration={steps: 100000}', '--max-steps', `${count}`],
  ...['--set', 'output={logEvery: 1, samplesEvery: 100000, validationCount: 0, checkpointMinutes: 1e-9}'],
  ...['--set', `data.cache=${join(folder, 'cache')}`],
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

/** Waits for some more steps. */
async function trains(path: string, run: TrainProcess): Promise<void> {
  const before = loggedSteps(path).at(-1) ?? 0;
  await until(() => (loggedSteps(path).at(-1) ?? 0) >= before + 3, run);
}

/** The process that leads, as the run's lock says. */
const leader = (path: string) => JSON.parse(readFileSync(join(path, 'lock.json'), 'utf8')).pid as number;
const workersOf = ({ child }: TrainProcess) =>
  processes().flatMap(({ pid, parent, args }) => (parent === child.pid && / train /.test(args) ? pid : []));

it('ends as an undisturbed training when workers hang and are killed', async () => {
  const args = [...smokeArguments(folder, 'disturbed'), ...steps(), '--workers', '2', '--max-restarts', '1'];
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
  const calm = start([...smokeArguments(folder, 'calm'), ...steps(step), '--workers', '2']);
  expect(await calm.end, calm.output()).toBe(0);
  expect(newest(join(folder, 'calm', '00001-smoke'))).toEqual({ step, files });
});

it('goes on with one machine when the other is gone, and with both when it is back', async () => {
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

/** Runs a line of a shell. */
const shell = (line: string) => execFileSync('sh', ['-ec', line], { stdio: ['ignore', 'pipe', 'pipe'] });
const works = (line: string) => spawnSync('sh', ['-ec', line], { stdio: 'ignore' }).status === 0;
const space = (i: number) => `workers-${process.pid}-${i}`;
const noSpaces = works(`ip netns add ${space(9)} && ip netns del ${space(9)}`)
  ? undefined
  : 'it needs Linux, the program `ip`, and the right to make network namespaces';
const noNetem =
  noSpaces ??
  (works(
    `ip netns add ${space(9)}; ip -n ${space(9)} link set lo up; ip netns exec ${space(9)} tc qdisc add dev lo root netem delay 1ms`,
  )
    ? undefined
    : 'the kernel or the program `tc` lacks netem');
if (!noSpaces) spawnSync('ip', ['netns', 'del', space(9)], { stdio: 'ignore' });
const unless = (problem: string | undefined) => (problem ? ` (skipped: ${problem})` : '');

/** Machines of which each has a cable to each other one. @returns their addresses, and what takes them away. */
function wire(count: number): { addresses: string[]; remove: () => void } {
  const addresses = Array.from({ length: count }, (_, i) => `10.99.0.${i + 1}`);
  for (const [i, address] of addresses.entries())
    shell(
      `ip netns add ${space(i)}; ip -n ${space(i)} link set lo up; ip -n ${space(i)} addr add ${address}/32 dev lo`,
    );
  for (const [i, from] of addresses.entries())
    for (const [j, to] of addresses.entries()) {
      if (i <= j) continue;
      shell(`ip link add to${j} netns ${space(i)} type veth peer name to${i} netns ${space(j)}`);
      shell(`ip -n ${space(i)} link set to${j} up; ip -n ${space(j)} link set to${i} up`);
      shell(`ip -n ${space(i)} route add ${to} dev to${j} src ${from}`);
      shell(`ip -n ${space(j)} route add ${from} dev to${i} src ${to}`);
    }
  const remove = () => {
    for (const i of addresses.keys()) shell(`ip netns del ${space(i)}`);
  };
  return { addresses, remove };
}

/** One worker on each of these machines. */
function startOn(addresses: readonly string[], args: readonly string[]): TrainProcess[] {
  const worker = addresses.map((address) => `${address}:2222`);
  return addresses.map((_, index) => {
    const cluster = JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } });
    return start(args, `TF_CONFIG='${cluster}' exec ip netns exec ${space(index)} "$@"`);
  });
}

it.skipIf(noSpaces)(
  `ends for all when the cable between two that do not lead is cut${unless(noSpaces)}`,
  async () => {
    const { addresses, remove } = wire(3);
    try {
      const batches = ['imageGenerator', 'levels.0', 'levels.1', 'levels.2'].flatMap((stage) => [
        ...['--set', `training.${stage}.batch=3`],
      ]);
      const all = startOn(addresses, [...smokeArguments(folder, 'cut'), ...batches, ...steps()]);
      const path = await runFolder(join(folder, 'cut'), all[0]);
      await logged(path, 3, all[0]);
      shell(`ip -n ${space(1)} link set to2 down`);
      const [first, ...others] = await Promise.all(all.map(({ end }) => end));
      const said = all.map(({ output }) => output());
      expect(first, said[0]).toBe(138);
      for (const [i, status] of others.entries()) expect([null, 138], said[i + 1]).toContain(status);
      expect(said.join('\n')).toMatch(
        /The machine of another worker cannot be reached\.\n +where: +worker [12] \(10\.99/,
      );
    } finally {
      remove();
    }
  },
);

it.skipIf(noNetem)(`trains over a slow network that loses packets${unless(noNetem)}`, async () => {
  const { addresses, remove } = wire(2);
  try {
    for (const i of [0, 1])
      shell(`ip netns exec ${space(i)} tc qdisc add dev to${1 - i} root netem delay 20ms loss 1%`);
    for (const { end, output } of startOn(addresses, [...smokeArguments(folder, 'slow'), ...steps(3)]))
      expect(await end, output()).toBe(0);
  } finally {
    remove();
  }
});
