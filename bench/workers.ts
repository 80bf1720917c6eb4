/**
 * What a second worker gains on the processor, what goes over the network for it, and what a model makes of that for many
 * GPUs, as tables in Markdown: `node --import tsx bench/workers.ts [ROUNDS]`. It needs two cores and `taskset`. What other
 * programs send over the loopback device meanwhile is counted too, but for a network of its own:
 * `unshare --net sh -c 'ip link set lo up && node --import tsx bench/workers.ts'`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { joinCluster, readCluster } from '../src/runtime/cluster.ts';
import { serve } from './contestant.ts';
import { median } from './statistics.ts';

/** A step that is timed. */
interface Step {
  readonly title: string;
  readonly config: string;
  /** 0 is F. */
  readonly level: number;
  /** Of all workers together. */
  readonly batch: number;
}

const STEPS: readonly Step[] = [
  { title: 'quickstart, F', config: 'configs/quickstart.yaml', level: 0, batch: 8 },
  { title: 'quickstart, G64', config: 'configs/quickstart.yaml', level: 1, batch: 4 },
  { title: 'dps, G64', config: 'configs/dps.yaml', level: 1, batch: 8 },
];
const PORTS = [23_456, 23_457];
const WARM_UP = 3;

/** What a worker says when it is warm. */
interface Warm {
  /** Bytes of each all-reduce in a step. */
  readonly collectives: readonly number[];
  /** Floating-point operations of a step. */
  readonly operations: number;
}

async function work({ config, level, batch }: Step): Promise<void> {
  const cluster = readCluster(process.env.TF_CONFIG);
  if (cluster) joinCluster(cluster);
  const { benchConfig, trainingWork } = await import('./works.ts');
  const { countOperations } = await import('./operations.ts');
  const { ALL_REDUCE } = await import('../src/ops/collectives.ts');
  const { watchOperations } = await import('../src/ops/raw.ts');
  const training = await trainingWork(benchConfig(config, [], level), level, batch);
  const collectives: number[] = [];
  const stop = watchOperations({
    executed({ op, inputs }) {
      if (op === ALL_REDUCE) collectives.push(4 * inputs[0].size);
    },
  });
  const operations = await countOperations(training);
  stop();
  for (let i = 1; i < WARM_UP; i++) await training.iterate();
  console.log(JSON.stringify({ collectives, operations } satisfies Warm));
  await serve({ software: '' }, training);
  process.exit();
}

/** Processes that make a step together when they are asked to. */
class Team {
  readonly #processes: readonly ChildProcess[];
  readonly #lines: readonly AsyncIterator<string>[];
  warm!: Warm;
  /** Of each step, s. */
  readonly seconds: number[] = [];
  /** Sent over the loopback device in each step, bytes. */
  readonly sent: number[] = [];

  /** @param cores those of each process. */
  private constructor(step: Step, cores: readonly string[], threads: number) {
    const batch = step.batch / cores.length;
    const worker = PORTS.map((port) => `127.0.0.1:${port}`);
    this.#processes = cores.map((own, index) => {
      const cluster = cores.length > 1 && { cluster: { worker }, task: { type: 'worker', index } };
      const env = {
        ...process.env,
        TF_NUM_INTRAOP_THREADS: String(threads),
        TF_CONFIG: cluster ? JSON.stringify(cluster) : '',
      };
      const program = [process.execPath, ...process.execArgv, process.argv[1]];
      const args = ['-c', own, ...program, JSON.stringify({ ...step, batch })];
      return spawn('taskset', args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    });
    this.#lines = this.#processes.map(({ stdout }) =>
      createInterface(stdout as NonNullable<typeof stdout>)[Symbol.asyncIterator](),
    );
  }

  static async start(step: Step, cores: readonly string[], threads: number): Promise<Team> {
    const team = new Team(step, cores, threads);
    [team.warm] = (await team.#say()) as Warm[];
    await team.#say();
    return team;
  }

  /** The next line of each. */
  async #say(): Promise<unknown[]> {
    return Promise.all(
      this.#lines.map(async (lines) => {
        const { value, done } = await lines.next();
        if (done) throw new Error('A process has ended too early.');
        return JSON.parse(value);
      }),
    );
  }

  async step(): Promise<void> {
    const before = loopbackBytes();
    for (const { stdin } of this.#processes) stdin?.write('go\n');
    const took = (await this.#say()) as { seconds: number }[];
    this.seconds.push(Math.max(...took.map(({ seconds }) => seconds)));
    this.sent.push(loopbackBytes() - before);
  }

  async end(): Promise<void> {
    for (const child of this.#processes) child.stdin?.end();
    await Promise.all(this.#processes.map((child) => once(child, 'exit')));
  }
}

/** All that this network's loopback device has sent. */
function loopbackBytes(): number {
  const line = readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .find((one) => one.trim().startsWith('lo:'));
  return Number(line?.split(':')[1].trim().split(/\s+/)[8]);
}

interface Measured {
  readonly step: Step;
  /** Medians, s. */
  readonly oneCore: number;
  readonly half: number;
  readonly twoWorkers: number;
  readonly twoThreads: number;
  readonly sent: number;
  readonly collectives: readonly number[];
  /** A step's floating-point operations. */
  readonly operations: number;
}

/** All take a step by turns, so that what slows the machine down for a while slows all of them. */
async function measure(step: Step, rounds: number): Promise<Measured> {
  const oneCore = await Team.start(step, ['0'], 1);
  const half = await Team.start({ ...step, batch: step.batch / 2 }, ['0'], 1);
  const twoWorkers = await Team.start(step, ['0', '1'], 1);
  const twoThreads = await Team.start(step, ['0,1'], 2);
  const all = [oneCore, half, twoWorkers, twoThreads];
  for (let i = 0; i < rounds; i++) for (const team of i % 2 ? all.toReversed() : all) await team.step();
  for (const team of all) await team.end();
  const [one, halved, workers, threads] = all.map(({ seconds }) => median(seconds));
  return {
    step,
    oneCore: one,
    half: halved,
    twoWorkers: workers,
    twoThreads: threads,
    sent: median(twoWorkers.sent),
    collectives: twoWorkers.warm.collectives,
    operations: oneCore.warm.operations,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`);
function head(...cells: string[]): void {
  console.log();
  row(cells);
  row(cells.map(() => '---'));
}
const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(0)} ms`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;

function showMeasured(all: readonly Measured[]): void {
  head(
    'step',
    'one core',
    'two workers, a core each',
    'one process, two threads',
    'workers / one core',
    'threads / one core',
  );
  for (const { step, oneCore, twoWorkers, twoThreads } of all)
    row([
      `${step.title}, batch ${step.batch}`,
      ...[oneCore, twoWorkers, twoThreads].map(milliseconds),
      ...[twoWorkers, twoThreads].map((seconds) => `${(oneCore / seconds).toFixed(2)} times as fast`),
    ]);
  head(
    'step',
    'all-reduces',
    'their size',
    'ring’s bound 2(N-1) · size',
    'sent',
    'sent / bound',
    'time beyond half of the batch',
  );
  for (const { step, collectives, sent, half, twoWorkers } of all) {
    const bound = 2 * sum(collectives);
    row([
      step.title,
      String(collectives.length),
      ...[sum(collectives), bound, sent].map(megabytes),
      (sent / bound).toFixed(3),
      `${milliseconds(twoWorkers - half)} (${((100 * (twoWorkers - half)) / twoWorkers).toFixed(0)} %)`,
    ]);
  }
}

/**
 * The model's assumptions: what a GPU computes of such convolutions, FLOP/s; what it sends and receives at a time, bytes/s; and
 * the time until a message has arrived, s. An all-reduce goes around a ring or up and down a tree, whichever is faster, as NCCL
 * does it; nothing is sent while gradients are still computed.
 */
const GPU = 10e12;
const NETWORKS = { '100 Gb/s a GPU': 12.5e9, '10 Gb/s a GPU': 1.25e9 };
const LATENCY = 10e-6;
const GPUS = [8, 16, 32, 64, 128, 256];

function allReduce(bytes: number, n: number, bandwidth: number): number {
  const ring = ((2 * (n - 1)) / n) * (bytes / bandwidth) + 2 * (n - 1) * LATENCY;
  const tree = 2 * Math.log2(n) * LATENCY + (2 * bytes) / bandwidth;
  return Math.min(ring, tree);
}

function showModel(all: readonly Measured[]): void {
  head('images a second of N GPUs / N times those of one', ...GPUS.map((n) => `N = ${n}`));
  for (const { step, collectives, operations } of all)
    for (const [network, bandwidth] of Object.entries(NETWORKS)) {
      const alone = operations / GPU;
      const share = (n: number) =>
        alone / (alone + sum(collectives.map((bytes) => allReduce(bytes, n, bandwidth))));
      row([
        `${step.title}, batch ${step.batch} a GPU (${milliseconds(alone)}), ${network}`,
        ...GPUS.map((n) => `${(100 * share(n)).toFixed(0)} %`),
      ]);
    }
}

const [argument = '12'] = process.argv.slice(2);
if (argument.startsWith('{')) await work(JSON.parse(argument));
else {
  const all: Measured[] = [];
  for (const step of STEPS) {
    console.error(`${step.title} ...`);
    all.push(await measure(step, Number(argument)));
  }
  showMeasured(all);
  showModel(all);
}
