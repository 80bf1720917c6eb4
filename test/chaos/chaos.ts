/**
 * `chaos`: whether a training that is killed again and again, without warning, ends as if nothing had happened. A
 * training of tiny networks with a checkpoint after nearly every step is killed by SIGKILL at random moments, some of them
 * while a checkpoint is being written, and resumed each time; at its end it must equal an undisturbed one byte by byte.
 * Where several workers train, single ones are lost instead, and training must go on within half a minute each time. Of two
 * machines (supervisors with a worker each) one is lost and comes back; the end must be that of as many workers at the same steps.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { listCheckpoints, readCheckpoint } from '../../src/core/checkpoint.ts';
import { holderOf } from '../../src/runtime/lock.mjs';
import type { Reporter } from '../../src/runtime/progress.ts';
import { type RandomStream, stream } from '../../src/runtime/seed.ts';
import { freePort } from '../two-workers.ts';
import { isAlive, Life, list, type Moment, newestStep } from './life.ts';
import { setUpTraining } from './setup.ts';

/** Steps of the training for each kill, and some more: a life makes fewer on the average, so all kills find it running. */
const STEPS_A_KILL = 6;
/** Workers make some more until the others have noticed, and many while another machine comes. */
const STEPS_A_FAULT = 12;
const STEPS_A_MACHINE = 40;
const MORE_STEPS = 20;
/** Within so many seconds after a worker is lost there are new steps, on a machine that does nothing else. */
const BOUND = 30;

export interface ChaosCommand {
  /** How often the training is killed, or a worker lost. */
  readonly count: number;
  /** Undefined for a process by itself. */
  readonly workers: number | undefined;
  /** Whether these are two machines. */
  readonly machines: boolean;
  /** Of the moments. */
  readonly seed: number;
  readonly reporter: Reporter;
}

/** Returns the exit status: 0 when everything passed. */
export async function chaos({ count, workers, machines, seed, reporter }: ChaosCommand): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const steps = machines ? STEPS_A_MACHINE : workers === undefined ? STEPS_A_KILL : STEPS_A_FAULT;
  const config = await setUpTraining(folder, count * steps + MORE_STEPS);
  const supervised = workers === undefined ? [] : ['--workers', `${workers}`, '--max-restarts', `${count}`];
  // One thread each, however many workers share this machine: numbers differ by rounding with the number of threads.
  if (machines) process.env.TF_NUM_INTRAOP_THREADS = '1';
  if (machines) supervised.push('--nnodes', '1:2', '--rdzv-endpoint', `127.0.0.1:${await freePort()}`);
  const test = new Chaos(folder, config, supervised, reporter);
  const random = stream(seed, 'chaos');
  if (machines) {
    await test.resizing(count, random);
  } else {
    reporter.info(`First the undisturbed training, in ${folder}`);
    await test.undisturbed();
    if (workers === undefined) await test.disturbed(count, random);
    else await test.losing(count, random);
  }
  test.compare();
  if (test.failed === 0) await rm(folder, { recursive: true });
  else reporter.info(`Everything is kept in ${folder}.`);
  reporter.info(`${test.passed} passed, ${test.failed} failed`);
  return test.failed === 0 ? 0 : 1;
}

class Chaos {
  passed = 0;
  failed = 0;
  readonly #config: string;
  readonly #supervised: readonly string[];
  readonly #reporter: Reporter;
  readonly #calm: string;
  readonly #disturbed: string;

  /** @param config of a new run. @param supervised further arguments, also to go on. */
  constructor(folder: string, config: string, supervised: readonly string[], reporter: Reporter) {
    this.#config = config;
    this.#supervised = supervised;
    this.#reporter = reporter;
    this.#calm = join(folder, 'undisturbed');
    this.#disturbed = join(folder, 'disturbed');
  }

  async undisturbed(): Promise<void> {
    await this.#calmly(this.#supervised);
  }

  /** Trains without a disturbance, from where the undisturbed run ended before. */
  async #calmly(more: readonly string[]): Promise<void> {
    const life = new Life([...this.#what(this.#calm), ...more]);
    await life.end();
    if (!life.succeeded) throw new Error(`The undisturbed training failed:\n${life.output}`);
  }

  /** Trains with so many kills, then to the end; each kill counts as a case. */
  async disturbed(kills: number, random: RandomStream): Promise<void> {
    const begin = performance.now();
    let writing = 0;
    let life = this.#start();
    for (let kill = 1; kill <= kills; kill++) {
      const moment = drawMoment(random);
      await life.killAt(moment, () => this.#checkpoints());
      const unfinished = life.isWriting(list(this.#checkpoints()));
      if (unfinished) writing += 1;
      const { step, problem } = await this.#examine(life);
      life = this.#start();
      const seconds = Math.round((performance.now() - begin) / 1000);
      const when = unfinished ? 'while a checkpoint was being written' : moment.kind;
      this.#count(problem, `kill ${kill}/${kills}, ${seconds} s: ${when}, newest checkpoint ${step}`);
    }
    await life.end();
    const last = life.succeeded ? undefined : life.output;
    this.#count(last, 'the last process trains to the end');
    this.#reporter.info(`${writing} of ${kills} kills came while a checkpoint was being written.`);
  }

  /** Trains with several workers, of which one is lost so many times, or their supervisor; each time counts as a case. */
  async losing(faults: number, random: RandomStream): Promise<void> {
    const begin = performance.now();
    const step = () => newestStep(list(this.#checkpoints()));
    const leader = () => holderOf(join(onlyRun(this.#disturbed) ?? '', 'lock.json'))?.pid;
    const times: { known: number; seconds: number }[] = [];
    let life = this.#start();
    for (let fault = 1; fault <= faults; fault++) {
      const next = Math.max(0, step()) + random.integer(1, 6);
      await life.until(() => step() >= next && life.workers().length > 0);
      await setTimeout(random.uniform(0, 300));
      const kind = random.pick([
        'SIGKILL',
        'SIGKILL',
        'SIGSTOP',
        'SIGSTOP',
        'SIGTERM',
        'supervisor',
      ] as const);
      const workers = life.workers();
      const victim = random.pick(workers);
      const lost = performance.now();
      const since = () => (performance.now() - lost) / 1000;
      if (kind === 'supervisor') process.kill(life.pid, 'SIGKILL');
      else process.kill(victim, kind);
      const survivors = workers.filter((pid) => pid !== victim);
      while (survivors.some(isAlive) && since() < 2 * BOUND) await setTimeout(5);
      const known = since();
      if (kind === 'supervisor') {
        // Workers end by themselves, each after the step that it is busy with.
        while (isAlive(victim) && since() < 2 * BOUND) await setTimeout(5);
        await life.end();
        life = this.#start();
      }
      await life.until(() => !workers.includes(leader() ?? victim));
      const before = step();
      await life.until(() => step() > before);
      const seconds = since();
      times.push({ known, seconds });
      const total = Math.round((performance.now() - begin) / 1000);
      const what = `fault ${fault}/${faults}, ${total} s: ${kind}, others ended after ${known.toFixed(1)} s, next step after ${seconds.toFixed(1)} s, newest checkpoint ${before}`;
      if (life.succeeded !== undefined || life.stuck || /damaged/.test(life.output)) {
        this.#count(life.output, what);
        break;
      }
      this.#count(seconds > BOUND ? `more than ${BOUND} s` : undefined, what);
    }
    await life.end();
    this.#count(life.succeeded ? undefined : life.output, 'the workers train to the end');
    for (const [of, key] of [
      ['others ended', 'known'],
      ['next step', 'seconds'],
    ] as const) {
      const sorted = times.map((one) => one[key]).toSorted((a, b) => a - b);
      const [median, most] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
      this.#reporter.info(`${of}: median ${median?.toFixed(1)} s, at most ${most?.toFixed(1)} s`);
    }
  }

  /**
   * Trains on two machines, of which the one that is not the host is lost so many times and comes back; each time counts as
   * a case. Then trains without a disturbance, with as many workers at the same steps.
   */
  async resizing(faults: number, random: RandomStream): Promise<void> {
    const step = () => newestStep(list(this.#checkpoints()));
    const host = this.#start();
    await host.until(() => host.output.includes('this one is the host'));
    const trains = async (machines: number) => {
      await host.until(() => roundsOf(host.output).at(-1)?.machines === machines);
      const before = step();
      await host.until(() => step() > before);
    };
    let other = this.#start();
    for (let fault = 1; fault <= faults && !host.stuck && host.succeeded === undefined; fault++) {
      await trains(2);
      await setTimeout(random.uniform(0, 1000));
      const lost = performance.now();
      for (const pid of [other.pid, ...other.workers()]) process.kill(pid, 'SIGKILL');
      await trains(1);
      const alone = (performance.now() - lost) / 1000;
      await setTimeout(random.uniform(0, 1000));
      const back = performance.now();
      other = this.#start();
      await trains(2);
      const together = (performance.now() - back) / 1000;
      const what = `fault ${fault}/${faults}: one machine trains on after ${alone.toFixed(1)} s, both ${together.toFixed(1)} s after the other has come back, newest checkpoint ${step()}`;
      this.#count(alone > BOUND || together > BOUND ? host.output : undefined, what);
    }
    await host.end();
    this.#count(host.succeeded ? undefined : host.output, 'the machines train to the end');
    const all = roundsOf(host.output);
    for (const [i, { machines }] of all.entries()) {
      const end = all[i + 1]?.from;
      this.#reporter.info(`Undisturbed: ${machines} workers until ${end ? `step ${end}` : 'the end'}`);
      await this.#calmly(['--workers', `${machines}`, ...(end ? ['--max-steps', end] : [])]);
    }
  }

  /** A process that begins the disturbed run, or goes on with it. */
  #start(): Life {
    return new Life([...this.#what(this.#disturbed), ...this.#supervised]);
  }

  /** What is to be trained: the run below a folder, or a new one. */
  #what(runs: string): string[] {
    const run = onlyRun(runs);
    return [...(run === undefined ? ['--config', this.#config] : ['--resume', run]), '--runs', runs];
  }

  #checkpoints(): string | undefined {
    const run = onlyRun(this.#disturbed);
    return run && join(run, 'checkpoints');
  }

  /** What is wrong after a kill: a process that ended by itself, or a checkpoint that is not whole. */
  async #examine({ succeeded, stuck, output }: Life): Promise<{ step: string; problem?: string }> {
    const found = await listCheckpoints(this.#checkpoints() ?? '');
    const step = found.at(-1) ? `step ${found.at(-1)!.step}` : 'none';
    if (succeeded !== undefined) {
      return { step, problem: `the process ended before its kill:\n${output}` };
    }
    if (stuck) return { step, problem: `the process made no progress:\n${output}` };
    if (/damaged/.test(output)) return { step, problem: output };
    for (const { path } of found) {
      try {
        await readCheckpoint(path);
      } catch (error) {
        return { step, problem: (error as Error).message };
      }
    }
    return { step };
  }

  /** Compares the last checkpoints file by file, and the logs line by line. */
  compare(): void {
    const runs = [onlyRun(this.#calm), onlyRun(this.#disturbed)] as [string, string];
    const [calm, disturbed] = runs.map(lastCheckpoint) as [string, string];
    const names = [...new Set([calm, disturbed].flatMap((path) => readdirSync(path)))];
    const differing = names.filter((name) => {
      const [a, b] = [calm, disturbed].map((path) => list(path).includes(name) && join(path, name));
      return !a || !b || !readFileSync(a).equals(readFileSync(b));
    });
    this.#count(
      differing.length > 0 ? `${differing.join(', ')} in ${calm} and ${disturbed}` : undefined,
      `the last checkpoint equals the undisturbed training's: ${names.length} files`,
    );
    const [a, b] = runs.map(logLines) as [string[], string[]];
    const line = a.findIndex((text, index) => text !== b[index]);
    const problem =
      line >= 0 || a.length !== b.length ? `line ${line + 1} of ${a.length} and ${b.length}` : '';
    this.#count(problem || undefined, `so does the log: ${a.length} lines`);
  }

  #count(problem: string | undefined, what: string): void {
    if (problem === undefined) this.passed += 1;
    else this.failed += 1;
    this.#reporter.info(`${problem === undefined ? 'passed' : 'FAILED'}: ${what}`);
    if (problem !== undefined) this.#reporter.info(problem);
  }
}

/** How many machines trained together, and from which step on, by what their host said. */
function roundsOf(output: string): { machines: number; from: string }[] {
  const [, ...parts] = output.split(/(?=\d of at most 2 machines train)/);
  return parts.map((part) => ({
    machines: Number(part[0]),
    from: /Goes on after step (\d+)/.exec(part)?.[1] ?? '0',
  }));
}

/** Half of the kills wait until a checkpoint is being written; a few come while the process still starts. */
function drawMoment(random: RandomStream): Moment {
  const kind = random.pick(['starting', 'running', 'running', 'writing', 'writing', 'writing'] as const);
  if (kind === 'starting') return { kind, milliseconds: random.uniform(0, 3000) };
  // A checkpoint of such networks is written in a few hundredths of a second.
  const milliseconds = random.uniform(0, kind === 'writing' ? 15 : 300);
  return { kind, steps: random.integer(1, 6), milliseconds };
}

/** The run below a folder; a process killed very early leaves one without a configuration, which does not count. */
export function onlyRun(runs: string): string | undefined {
  const begun = list(runs).filter((name) => /^\d+-/.test(name));
  const name = begun.find((entry) => list(join(runs, entry)).includes('config.yaml'));
  return name === undefined ? undefined : join(runs, name);
}

export function lastCheckpoint(run: string): string {
  const folder = join(run, 'checkpoints');
  const steps = readdirSync(folder).flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []);
  return join(folder, `step-${Math.max(...steps.map(Number))}`);
}

/** What a log says of the training, without times and memory. */
export function logLines(run: string): string[] {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { step, stage, stageStep, losses, gradientNorms } = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ step, stage, stageStep, losses, gradientNorms });
  });
}
