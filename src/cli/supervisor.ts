/**
 * The workers of one training on this machine, under a process that computes nothing: it starts them, passes signals on,
 * and starts all of them again when one was lost.
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

export interface SupervisorOptions {
  readonly workers: number;
  /** How often all workers are started again. */
  readonly maxRestarts: number;
  /** The arguments of each worker. @param run the folder of the run to go on with; undefined while there is none. */
  readonly args: (run: string | undefined) => readonly string[];
  readonly warn: (message: string) => void;
}

/** Workers notice within 5 s that another is gone, and end. One that has not ended so long after the first, ms, hangs. */
const GRACE = 10_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGXCPU', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal's signal arrives from the terminal and from `npm run`, within this time, ms. */
const SAME_SIGNAL = 1_000;

/**
 * Trains with several workers until their end, and returns the exit status: that of the signal that ended all, or 0.
 *
 * @throws UserError with the exit status of the worker that failed first, when starting again does not mend it or
 *   `maxRestarts` is reached.
 */
export async function supervise({ workers, maxRestarts, args, warn }: SupervisorOptions): Promise<number> {
  if (process.env.TF_CONFIG)
    throw new UserError('This process is a worker of a cluster already.', {
      where: '--workers and the environment variable TF_CONFIG',
      expected: '--workers, which starts workers on this machine, or TF_CONFIG, which names all of a cluster',
      got: 'both',
    });
  const environments = shareMachine(workers);
  let run: string | undefined;
  let children: ChildProcess[] = [];
  let ending: (typeof SIGNALS)[number] | undefined;
  onSignals((signal) => {
    if (!signal.startsWith('SIGUSR')) ending ??= signal;
    for (const child of children) child.kill(signal);
  });
  for (let restarts = 0; ; restarts++) {
    const ports = await freePorts(workers);
    // Between two starts nobody else ends by it.
    if (ending) return 128 + constants.signals[ending];
    const worker = ports.map((port) => `127.0.0.1:${port}`);
    children = environments.map((env, index) => {
      const cluster = JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } });
      return startWorker(index, args(run), { ...env, TF_CONFIG: cluster });
    });
    for (const child of children)
      child.on('message', (message: { run: string }) => {
        run = message.run;
      });
    const failure = firstFailure(await endsOf(children));
    children = [];
    if (ending) return 128 + constants.signals[ending];
    if (!failure) return 0;
    const { rank, status } = failure;
    const lost = status > 128;
    if (!lost || restarts >= maxRestarts) {
      const again = run && commandLine('train', '--resume', run, '--workers', String(workers));
      throw new UserError('The workers have ended.', {
        where: `worker ${rank} of ${workers}`,
        expected: 'all workers to train until the end',
        got: `${failure.how}${restarts > 0 ? `, after ${restarts} restarts` : ''}`,
        fix: lost
          ? `to go on: ${again ?? 'the same command'}; --max-restarts N lets all start again by themselves`
          : 'look at what that worker says, which another start would not mend',
        exitStatus: status,
      });
    }
    const from = run === undefined ? 'anew' : `with ${run}`;
    warn(
      `Worker ${rank}: ${failure.how}. All workers go on ${from}, restart ${restarts + 1} of at most ${maxRestarts}.`,
    );
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

/** How all workers ended, in the order in which they did. Once one has ended the others have some seconds left. */
async function endsOf(children: readonly ChildProcess[]): Promise<End[]> {
  const ends: End[] = [];
  const hung = new Set<ChildProcess>();
  const each = children.map(async (child, rank) => {
    const [code, signal]: [number | null, NodeJS.Signals | null] = (await once(child, 'close')) as never;
    const how = hung.has(child)
      ? `it did not end with the others and was killed`
      : signal
        ? `it was ended by ${signal}`
        : `it ended with status ${code}`;
    const status = signal ? 128 + constants.signals[signal] : (code ?? 1);
    ends.push({ rank, status, how, hung: hung.has(child) });
  });
  await Promise.race(each);
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
