/**
 * `chaos`: whether a training that is killed again and again, without warning, ends as if nothing had happened. A
 * training of tiny networks with a checkpoint after nearly every step is killed by SIGKILL at random moments, some of them
 * while a checkpoint is being written, and resumed each time; at its end it must equal an undisturbed one byte by byte.
 * Where several workers train, single ones are lost instead, and training must go on within half a minute each time. Of several
 * machines (supervisors with a worker each) one may be lost whole, or the cable between two be cut, until it is mended; the end
 * must be that of as many workers at the same steps.
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
import { table } from '../../src/train/plan.ts';
import { Network, whyNoDelay } from '../network.ts';
import { freePort } from '../two-workers.ts';
import { isAlive, Life, list, type Moment, newestStep } from './life.ts';
import { setUpTraining } from './setup.ts';

/** Steps of the training for each kill, and some more: a life makes fewer on the average, so all kills find it running. */
const STEPS_A_KILL = 6;
/** Workers make some more until the others have noticed, and many while another machine comes. */
const STEPS_A_FAULT = 12;
const STEPS_A_MACHINE_FAULT = 25;
const MORE_STEPS = 20;
/** Within so many seconds after a worker is lost there are new steps, on a machine that does nothing else. */
const BOUND = 30;
/** Of cables, where the kernel can. */
const DELAY_MS = 5;
const LOST_PERCENT = 0.5;

export interface ChaosCommand {
  /** How often the training is killed, or a worker lost. */
  readonly count: number;
  /** Under one supervisor. */
  readonly workers: number | undefined;
  /** With a supervisor and a worker each. */
  readonly machines: number | undefined;
  /** Whether these have a network of their own. */
  readonly namespaces: boolean;
  /** Of the moments. */
  readonly seed: number;
  readonly reporter: Reporter;
}

/** Returns the exit status: 0 when everything passed. */
export async function chaos(command: ChaosCommand): Promise<number> {
  const { count, workers, machines, seed, reporter } = command;
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const stepsAFault = machines ? STEPS_A_MACHINE_FAULT : workers ? STEPS_A_FAULT : STEPS_A_KILL;
  // As many machines as there are can share it out, and one less.
  const batch = machines && machines * (machines - 1);
  const config = await setUpTraining(folder, count * stepsAFault + MORE_STEPS, { batch });
  const random = stream(seed, 'chaos');
  const network = command.namespaces && machines ? makeNetwork(machines, reporter) : undefined;
  const supervised: string[] = [];
  if (workers) supervised.push('--workers', `${workers}`, '--max-restarts', `${count}`);
  if (machines) {
    // One thread each, however many workers share this machine: numbers differ by rounding with the number of threads.
    process.env.TF_NUM_INTRAOP_THREADS = '1';
    process.env.DPS_ENGINE = 'cpu';
    const endpoint = `${network?.addresses[0] ?? '127.0.0.1'}:${await freePort()}`;
    // While a cable is cut, all may start several times.
    supervised.push('--workers', '1', '--max-restarts', `${10 * count}`);
    supervised.push('--nnodes', `${machines - 1}:${machines}`, '--rdzv-endpoint', endpoint);
  }
  const test = new Chaos(folder, config, supervised, reporter);
  if (machines) {
    await test.losingMachines(machines, network, count, random);
  } else {
    reporter.info(`First the undisturbed training, in ${folder}`);
    await test.undisturbed();
    if (workers) await test.losing(count, random);
    else await test.disturbed(count, random);
  }
  if (test.failed === 0) await rm(folder, { recursive: true });
  else reporter.info(`Everything is kept in ${folder}.`);
  reporter.info(`${test.passed} passed, ${test.failed} failed`);
  return test.failed === 0 ? 0 : 1;
}

/** For this process's life. */
function makeNetwork(machines: number, reporter: Reporter): Network {
  const network = new Network(machines);
  process.on('exit', () => network.remove());
  const lacking = whyNoDelay();
  if (lacking === undefined) network.delay(DELAY_MS, LOST_PERCENT);
  reporter.info(
    lacking === undefined
      ? `Cables take ${DELAY_MS} ms and lose ${LOST_PERCENT} % of packets.`
      : `Cables are neither slow nor lose packets: ${lacking}.`,
  );
  return network;
}

/** A fault, and after how many seconds all other workers had ended, and there was a new step. */
interface Time {
  readonly kind: string;
  readonly known: number;
  readonly next: number;
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
    this.#compare();
  }

  /** Trains with several workers, of which one is lost so many times, or their supervisor; each time counts as a case. */
  async losing(faults: number, random: RandomStream): Promise<void> {
    const begin = performance.now();
    const step = () => newestStep(list(this.#checkpoints()));
    const leader = () => holderOf(join(onlyRun(this.#disturbed) ?? '', 'lock.json'))?.pid;
    const times: Time[] = [];
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
      times.push({ kind, known, next: seconds });
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
    this.#summarize(times);
    this.#compare();
  }

  /**
   * Trains on several machines. A worker, a supervisor or a whole machine is lost, or the cable between two is cut, so many times,
   * and then all is there again; each time counts as a case. Then trains without a disturbance, with as many workers at the
   * same steps.
   */
  async losingMachines(
    machines: number,
    network: Network | undefined,
    faults: number,
    random: RandomStream,
  ): Promise<void> {
    const begin = performance.now();
    const step = () => newestStep(list(this.#checkpoints()));
    const start = (machine: number) => this.#start(network?.on(machine));
    const lives = [start(0)];
    await lives[0].until(() => lives[0].output.includes('this one is the host'));
    for (let machine = 1; machine < machines; machine++) lives.push(start(machine));
    /** What earlier supervisors of the host said. */
    let earlier = '';
    const rounds = () => roundsOf(earlier + lives[0].output);
    /** Waits until one of the starts after the first so many makes a step, with so many machines if that is asked for. */
    const trains = async (after: number, count?: number) => {
      await lives[0].until(() => {
        const all = rounds();
        return all.length > after && (count === undefined || all.at(-1)?.machines === count);
      });
      const before = step();
      await lives[0].until(() => step() > before);
    };
    const times: Time[] = [];
    await trains(0, machines);
    for (let fault = 1; fault <= faults; fault++) {
      const reached = step() + random.integer(1, 6);
      await lives[0].until(() => step() >= reached && lives.every((life) => life.workers().length === 1));
      await setTimeout(random.uniform(0, 300));
      const kind = random.pick([
        ...(['SIGKILL', 'SIGSTOP', 'SIGTERM', 'supervisor', 'machine'] as const),
        ...(network ? (['cable', 'cable'] as const) : []),
      ]);
      const at = random.integer(kind === 'machine' || kind === 'cable' ? 1 : 0, machines);
      const to = random.integer(0, Math.max(1, at));
      const workers = lives.flatMap((life) => life.workers());
      const before = rounds().length;
      const lost = performance.now();
      const since = () => (performance.now() - lost) / 1000;
      if (kind === 'cable') network?.cut(at, to);
      else if (kind === 'supervisor') process.kill(lives[at].pid, 'SIGKILL');
      else if (kind === 'machine')
        for (const pid of [lives[at].pid, workers[at]]) process.kill(pid, 'SIGKILL');
      else process.kill(workers[at], kind);
      const others = kind === 'cable' ? workers : workers.filter((pid) => pid !== workers[at]);
      while (others.some(isAlive) && since() < 2 * BOUND) await setTimeout(5);
      const known = since();
      const mend = async () => {
        if (kind === 'cable') network?.mend(at, to);
        if (kind !== 'supervisor' && kind !== 'machine') return;
        // Its worker ends by itself, after the step that it is busy with.
        await lives[at].end();
        if (at === 0) earlier += lives[0].output;
        lives[at] = start(at);
      };
      // Others go on without a machine that the host does not reach, but not while two of them do not reach each other.
      const without = kind === 'machine' || (kind === 'cable' && to === 0);
      if (!without) await mend();
      await trains(before, without ? machines - 1 : undefined);
      const next = since();
      times.push({ kind: kind === 'cable' && to === 0 ? 'cable to the host' : kind, known, next });
      if (without) await mend();
      const mended = performance.now();
      await trains(before, machines);
      const together = (performance.now() - mended) / 1000;
      const where = kind === 'cable' ? `${at} to ${to}` : `of machine ${at}`;
      const total = Math.round((performance.now() - begin) / 1000);
      const what = `fault ${fault}/${faults}, ${total} s: ${kind} ${where}, others ended after ${known.toFixed(1)} s, next step after ${next.toFixed(1)} s${without ? `, all together ${together.toFixed(1)} s after it was back` : ''}, newest checkpoint ${step()}`;
      const said = lives.map(({ output }, machine) => `Machine ${machine}:\n${output}`).join('\n');
      if (lives.some(({ succeeded, stuck }) => succeeded !== undefined || stuck) || /damaged/.test(said)) {
        this.#count(said, what);
        for (const life of lives) life.kill();
        return;
      }
      this.#count(Math.max(next, together) > BOUND ? `more than ${BOUND} s\n${said}` : undefined, what);
    }
    for (const [machine, life] of lives.entries()) {
      await life.end();
      this.#count(life.succeeded ? undefined : life.output, `machine ${machine} trains to the end`);
    }
    this.#summarize(times);
    for (const { machines: count, end } of stretchesOf(rounds())) {
      this.#reporter.info(`Undisturbed: ${count} workers until ${end ? `step ${end}` : 'the end'}`);
      await this.#calmly(['--workers', `${count}`, ...(end ? ['--max-steps', end] : [])]);
    }
    this.#compare();
  }

  /** Seconds by kind of fault, as `median, most`. */
  #summarize(times: readonly Time[]): void {
    const middle = (numbers: readonly number[]) => {
      const sorted = numbers.toSorted((a, b) => a - b);
      return `${sorted[Math.floor(sorted.length / 2)].toFixed(1)} s, ${sorted.at(-1)?.toFixed(1)} s`;
    };
    const rows = [...new Set(times.map(({ kind }) => kind))].map((kind) => {
      const of = times.filter((time) => time.kind === kind);
      const seconds = [middle(of.map(({ known }) => known)), middle(of.map(({ next }) => next))];
      return [kind, `${of.length}`, ...seconds];
    });
    for (const line of table(['fault', 'how often', 'others ended', 'next step'], rows))
      this.#reporter.info(line);
  }

  /** A process that begins the disturbed run, or goes on with it. @param on what stands before the command. */
  #start(on: readonly string[] = []): Life {
    return new Life([...this.#what(this.#disturbed), ...this.#supervised], on);
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
  #compare(): void {
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

interface Round {
  /** How many trained together. */
  readonly machines: number;
  /** The step after which; undefined where they were lost before. */
  readonly from: string | undefined;
}

/** By what the host said. */
function roundsOf(output: string): Round[] {
  const [, ...parts] = output.split(/(?=\d of at most \d machines train)/);
  return parts.map((part, i) => ({
    machines: Number(part[0]),
    from: /Goes on after step (\d+)/.exec(part)?.[1] ?? (i === 0 ? '0' : undefined),
  }));
}

/** The same numbers of workers at the same steps, each until a step or the training's end, without a loss. */
function stretchesOf(rounds: readonly Round[]): { machines: number; end: string | undefined }[] {
  const trained = rounds.filter(({ from }) => from !== undefined);
  return trained.flatMap(({ machines, from }, i) => {
    const { from: end, machines: then } = trained[i + 1] ?? {};
    return end === from || then === machines ? [] : { machines, end };
  });
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
