/** A training goes on when a worker is killed, hangs or is told to end, and ends for all when two cannot reach each other. */
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
const steps = (count: number) => [
  ...['--set', 'training.imageGenerator.duration={steps: 100000}', '--max-steps', `${count}`],
  ...['--set', 'output={logEvery: 1, samplesEvery: 1000, validationCount: 0, checkpointMinutes: 1e-9}'],
];

/** The files of the checkpoint of a step. */
function checkpoint(run: string, step: number): Record<string, Buffer> {
  const path = join(run, 'checkpoints', `step-${step}`);
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));
}

it('ends as an undisturbed training when workers are killed, hang, and are told to end', async () => {
  const workers = ['--workers', '2'];
  // One cache, so that the configurations are the same.
  const args = (name: string) => [
    ...smokeArguments(folder, name),
    ...['--set', `data.cache=${join(folder, 'cache')}`],
    ...steps(60),
    ...workers,
  ];
  const undisturbed = start(args('undisturbed'));
  expect(await undisturbed.end, undisturbed.output()).toBe(0);

  const run = start([...args('disturbed'), '--max-restarts', '2']);
  const path = await runFolder(join(folder, 'disturbed'), run);
  const leader = () => JSON.parse(readFileSync(join(path, 'lock.json'), 'utf8')).pid as number;
  /** The leader and the other one, after some more steps. */
  const training = async () => {
    const before = loggedSteps(path).at(-1) ?? 0;
    await until(() => (loggedSteps(path).at(-1) ?? 0) >= before + 3, run);
    const both = processes().filter(
      ({ parent, args }) => parent === run.child.pid && args.includes(' train '),
    );
    const first = leader();
    return { first, other: both.map(({ pid }) => pid).find((pid) => pid !== first) as number };
  };
  await logged(path, 1, run);
  const killed = await training();
  process.kill(killed.other, 'SIGKILL');
  await until(() => run.output().includes('restart 1 of at most 2'), run);
  const hanging = await training();
  expect(hanging.first).not.toBe(killed.first);
  process.kill(hanging.first, 'SIGSTOP');
  await until(() => run.output().includes('restart 2 of at most 2'), run);
  process.kill((await training()).other, 'SIGTERM');
  // Of those that another start would mend, the number is that of the one that was told to end.
  expect(await run.end, run.output()).toBe(143);
  expect(run.output()).toMatch(/Worker 1: it was ended by SIGKILL\. All workers go on with .*00001-smoke/);
  expect(run.output()).toContain('Worker 0: it did not end with the others and was killed.');
  expect(run.output()).toMatch(/Another worker was told to end.*it ended with status 143, after 2 restarts/s);
  expect(loggedSteps(path).at(-1)).toBeLessThan(60);

  const rest = start(['--resume', path, '--max-steps', '60', ...workers]);
  expect(await rest.end, rest.output()).toBe(0);
  expect(loggedSteps(path)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  expect(checkpoint(path, 60)).toEqual(checkpoint(join(folder, 'undisturbed', '00001-smoke'), 60));
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
      const all = startOn(addresses, [...smokeArguments(folder, 'cut'), ...batches, ...steps(100_000)]);
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
