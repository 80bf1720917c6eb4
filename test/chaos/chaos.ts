/**
 * `chaos`: whether a training that is killed again and again, without warning, ends as if nothing had happened. A
 * training of tiny networks with a checkpoint after nearly every step is killed by SIGKILL at random moments, some of them
 * while a checkpoint is being written, and resumed each time; at its end it must equal an undisturbed one byte by byte.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listCheckpoints, readCheckpoint } from '../../src/core/checkpoint.ts';
import type { Reporter } from '../../src/runtime/progress.ts';
import { type RandomStream, stream } from '../../src/runtime/seed.ts';
import { Life, list, type Moment } from './life.ts';
import { setUpTraining } from './setup.ts';

/** Steps of the training for each kill, and some more: a life makes fewer on the average, so all kills find it running. */
const STEPS_A_KILL = 6;
const MORE_STEPS = 20;

export interface ChaosCommand {
  readonly kills: number;
  /** Of the moments at which the training is killed. */
  readonly seed: number;
  readonly reporter: Reporter;
}

/** Returns the exit status: 0 when everything passed. */
export async function chaos({ kills, seed, reporter }: ChaosCommand): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const config = await setUpTraining(folder, kills * STEPS_A_KILL + MORE_STEPS);
  const test = new Chaos(folder, config, reporter);
  reporter.info(`First the undisturbed training, in ${folder}`);
  await test.undisturbed();
  await test.disturbed(kills, stream(seed, 'chaos'));
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
  readonly #reporter: Reporter;
  readonly #calm: string;
  readonly #disturbed: string;

  constructor(folder: string, config: string, reporter: Reporter) {
    this.#config = config;
    this.#reporter = reporter;
    this.#calm = join(folder, 'undisturbed');
    this.#disturbed = join(folder, 'disturbed');
  }

  async undisturbed(): Promise<void> {
    const life = new Life(['--config', this.#config, '--runs', this.#calm]);
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

  /** A process that begins the disturbed run, or goes on with it. */
  #start(): Life {
    const run = onlyRun(this.#disturbed);
    const args = run === undefined ? ['--config', this.#config] : ['--resume', run];
    return new Life([...args, '--runs', this.#disturbed]);
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

/** Half of the kills wait until a checkpoint is being written; a few come while the process still starts. */
function drawMoment(random: RandomStream): Moment {
  const kind = random.pick(['starting', 'running', 'running', 'writing', 'writing', 'writing'] as const);
  if (kind === 'starting') return { kind, milliseconds: random.uniform(0, 3000) };
  // A checkpoint of such networks is written in a few hundredths of a second.
  const milliseconds = random.uniform(0, kind === 'writing' ? 15 : 300);
  return { kind, steps: random.integer(1, 6), milliseconds };
}

/** The run below a folder; a process killed very early leaves one without a configuration, which does not count. */
function onlyRun(runs: string): string | undefined {
  const begun = list(runs).filter((name) => /^\d+-/.test(name));
  const name = begun.find((entry) => list(join(runs, entry)).includes('config.yaml'));
  return name === undefined ? undefined : join(runs, name);
}

function lastCheckpoint(run: string): string {
  const folder = join(run, 'checkpoints');
  const steps = readdirSync(folder).flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []);
  return join(folder, `step-${Math.max(...steps.map(Number))}`);
}

/** What a log says of the training, without times and memory. */
function logLines(run: string): string[] {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { step, stage, stageStep, losses, gradientNorms } = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ step, stage, stageStep, losses, gradientNorms });
  });
}
