/**
 * The workers of one training on this machine, under a process that computes nothing: it starts them, passes signals on,
 * and starts all of them again when one was lost. Where several machines have such a supervisor each, `rendezvous.ts` says
 * which of them train together.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { availableParallelism, constants } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { commandLine } from '../runtime/command-line.ts';
import { LOST_WORKER, UserError } from '../runtime/errors.ts';
import { startedByNohup } from '../runtime/nohup.mjs';
import type { Reporter } from '../runtime/progress.ts';
import { Meeting, type Nodes } from './rendezvous.ts';

export interface SupervisorOptions {
  /** On this machine. */
  readonly workers: number;
  /** How often all workers are started again. */
  readonly maxRestarts: number;
  /** Undefined where this machine trains alone. */
  readonly nodes?: Nodes | undefined;
  /** The arguments of each worker. @param run the folder of the run to go on with; undefined while there is none. */
  readonly args: (run: string | undefined) => readonly string[];
  readonly reporter: Pick<Reporter, 'info' | 'warn'>;
}

/** What the leading worker says once there is a run. */
export interface RunMessage {
  readonly run: string;
  /** Numbers of workers that divide this one can share out every batch. */
  readonly commonBatch: number;
}

/**
 * Workers notice within 5 s that another is gone, and end; when they end well, checkpoints are written before. One that has not
 * ended so long after the first, ms, hangs.
 */
const GRACE = 5_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGXCPU', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal's signal arrives from the terminal and from `npm run`, within this time, ms. */
const SAME_SIGNAL = 1_000;

/**
 * Trains with several workers until their end, and returns the exit status: that of the signal that ended all, or 0.
 *
 * @throws UserError with the exit status of the worker that failed first, when starting again does not mend it or
 *   `maxRestarts` is reached; with several machines also when another one ends the training, or too few are left.
 */
export async function supervise(options: SupervisorOptions): Promise<number> {
  if (process.env.TF_CONFIG)
    throw new UserError('This process is a worker of a cluster already.', {
      where: '--workers and the environment variable TF_CONFIG',
      expected: '--workers, which starts workers on this machine, or TF_CONFIG, which names all of a cluster',
      got: 'both',
    });
  const environments = shareMachine(options.workers);
  const meeting = options.nodes && (await Meeting.join(options.nodes));
  if (options.nodes && meeting)
    options.reporter.info(
      `Meets the other machines at ${options.nodes.endpoint}${meeting.isHost ? ', of which this one is the host' : ''}.`,
    );
  let end: 'done' | 'failed' | 'left' = 'failed';
  try {
    const status = await superviseRounds(options, environments, meeting);
    end = status === 0 ? 'done' : 'left';
    return status;
  } finally {
    await meeting?.leave(end);
  }
}

async function superviseRounds(
  { workers, maxRestarts, nodes, args, reporter }: SupervisorOptions,
  environments: readonly NodeJS.ProcessEnv[],
  meeting: Meeting | undefined,
): Promise<number> {
  let begun: Partial<RunMessage> = {};
  let children: ChildProcess[] = [];
  const ending = new AbortController();
  onSignals((signal) => {
    if (!signal.startsWith('SIGUSR') && !ending.signal.aborted) ending.abort(128 + constants.signals[signal]);
    for (const child of children) child.kill(signal);
  });
  for (let restarts = 0; ; ) {
    const ports = await freePorts(workers);
    const round = await meeting?.next({ ports, ...begun }, ending.signal);
    // Between two starts nobody else ends by it.
    if (ending.signal.aborted) return ending.signal.reason;
    const worker = round?.addresses ?? ports.map((port) => `127.0.0.1:${port}`);
    const first = round?.first ?? 0;
    const run = begun.run ?? round?.run;
    if (round) {
      const own = workers === 1 ? `worker ${first}` : `workers ${first} to ${first + workers - 1}`;
      reporter.info(
        `${round.machines} of at most ${nodes?.max} machines train, with ${worker.length} workers; here ${own}.`,
      );
    }
    children = environments.map((env, index) => {
      const cluster = JSON.stringify({ cluster: { worker }, task: { type: 'worker', index: first + index } });
      return startWorker(first + index, args(run), { ...env, TF_CONFIG: cluster });
    });
    for (const child of children)
      child.on('message', (message: RunMessage) => {
        begun = message;
      });
    /** Nobody was lost; another machine takes part from now on. */
    let joined = false;
    const stopped = meeting?.watch().then((orderly) => {
      joined = orderly;
      for (const child of children) child.kill('SIGTERM');
      // In good order they end after a step and a checkpoint. One that hangs shows when the first has ended.
      return orderly ? new Promise(() => {}) : undefined;
    });
    const failure = firstFailure(await endsOf(children, first, stopped));
    children = [];
    if (ending.signal.aborted) return ending.signal.reason;
    if (!failure) return 0;
    const { rank, status, how } = failure;
    const lost = status > 128;
    const from = begun.run ?? run;
    const goOn = `All workers go on ${from === undefined ? 'anew' : `with ${from}`}`;
    if (lost && joined) {
      reporter.info(`Another machine has come. ${goOn}.`);
      continue;
    }
    if (!lost || restarts >= maxRestarts) {
      const flags = ['--workers', String(workers)];
      if (nodes) flags.push('--nnodes', `${nodes.min}:${nodes.max}`, '--rdzv-endpoint', nodes.endpoint);
      const again = from && commandLine('train', '--resume', from, ...flags);
      throw new UserError('The workers have ended.', {
        where: `worker ${rank} of ${worker.length}`,
        expected: 'all workers to train until the end',
        got: `${how}${restarts > 0 ? `, after ${restarts} restarts` : ''}`,
        fix: lost
          ? `to go on: ${again ?? 'the same command'}; --max-restarts N lets all start again by themselves`
          : 'look at what that worker says, which another start would not mend',
        exitStatus: status,
      });
    }
    restarts += 1;
    reporter.warn(`Worker ${rank}: ${how}. ${goOn}, restart ${restarts} of at most ${maxRestarts}.`);
  }
}

/** Calls back for each signal that a person, a terminal or a scheduler sends, once. */
function onSignals(act: (signal: (typeof SIGNALS)[number]) => void): void {
  const last = new Map<string, number>();
  for (const name of SIGNALS) {
    if (name === 'SIGHUP' && startedByNohup()) continue;
    process.on(name, () => {
      const now = performance.now();
      if (now - (last.get(name) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL) return;
      last.set(name, now);
      act(name);
    });
  }
}

/** The variables of each worker: a GPU of its own where there are GPUs, or its part of the cores. */
function shareMachine(workers: number): NodeJS.ProcessEnv[] {
  const env = { ...process.env };
  // Flags that npm took for its own are among the arguments already, see arguments.ts.
  delete env.npm_lifecycle_event;
  const gpus = visibleGpus();
  if (gpus.length > 0 && gpus.length < workers)
    throw new UserError('There are more workers than GPUs.', {
      where: `--workers ${workers}`,
      expected: `at most ${gpus.length}, one a GPU`,
      got: `GPU ${gpus.join(', ')}`,
      fix: 'name GPUs by the environment variable CUDA_VISIBLE_DEVICES; an empty one trains on the processor',
    });
  const threads = String(Math.max(1, Math.floor(availableParallelism() / workers)));
  return Array.from({ length: workers }, (_, rank) =>
    gpus.length > 0
      ? { ...env, CUDA_VISIBLE_DEVICES: gpus[rank] }
      : { TF_NUM_INTRAOP_THREADS: threads, ...env },
  );
}

/** The GPUs that workers may take, as CUDA_VISIBLE_DEVICES names them. */
function visibleGpus(): string[] {
  const { CUDA_VISIBLE_DEVICES: chosen, DPS_ENGINE: engine } = process.env;
  if (engine === 'cpu') return [];
  if (chosen !== undefined) return chosen.split(',').filter((name) => /\w/.test(name) && name !== '-1');
  const { stdout } = spawnSync('nvidia-smi', ['--list-gpus'], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').flatMap((line) => /^GPU (\d+)/.exec(line)?.[1] ?? []);
}

/** Ports of the loopback address that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Worker 0 has the terminal; of others, lines on standard error are shown. */
function startWorker(rank: number, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const own = rank === 0 ? 'inherit' : 'pipe';
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...args], {
    env,
    stdio: ['inherit', rank === 0 ? 'inherit' : 'ignore', own, 'ipc'],
  });
  if (child.stderr) {
    // Over worker 0's bar, which is drawn again below the line.
    const begin = process.stderr.isTTY ? '\r\x1b[K' : '';
    createInterface(child.stderr).on('line', (line) => console.error(`${begin}[worker ${rank}] ${line}`));
  }
  return child;
}

interface End {
  readonly rank: number;
  /** As a shell has it. */
  readonly status: number;
  /** In words. */
  readonly how: string;
  /** It did not end by itself. */
  readonly hung: boolean;
}

/**
 * How all workers ended, in the order in which they did. Once one has ended, or all were told to, the others have some seconds
 * left.
 *
 * @param first the rank of the first.
 */
async function endsOf(
  children: readonly ChildProcess[],
  first: number,
  told: Promise<unknown> | undefined,
): Promise<End[]> {
  const ends: End[] = [];
  const hung = new Set<ChildProcess>();
  const each = children.map(async (child, index) => {
    const [code, signal]: [number | null, NodeJS.Signals | null] = (await once(child, 'close')) as never;
    const how = hung.has(child)
      ? `it did not end with the others and was killed`
      : signal
        ? `it was ended by ${signal}`
        : `it ended with status ${code}`;
    const status = signal ? 128 + constants.signals[signal] : (code ?? 1);
    ends.push({ rank: first + index, status, how, hung: hung.has(child) });
  });
  await Promise.race(told ? [...each, told] : each);
  const waiting = new AbortController();
  const kill = setTimeout(GRACE, undefined, { signal: waiting.signal }).then(
    () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        hung.add(child);
        child.kill('SIGKILL');
      }
    },
    () => {},
  );
  await Promise.all(each);
  waiting.abort();
  await kill;
  return ends;
}

/** What the others' ends follow from; undefined when all ended well. */
function firstFailure(ends: readonly End[]): End | undefined {
  const failures = ends.filter(({ status }) => status !== 0);
  return (
    failures.find(({ status, hung }) => !hung && status !== LOST_WORKER) ??
    failures.find(({ hung }) => hung) ??
    failures[0]
  );
}
