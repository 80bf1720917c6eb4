/** A program that does one iteration of some work whenever it is asked, in a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../runtime/errors.ts';

/** What is timed; the same for every contestant. */
export interface Assignment {
  readonly what: 'train' | 'infer';
  /** 1 is the lowest of three. */
  readonly level: number;
  readonly batch: number;
}

/** How long an iteration took, and the CPU time of all threads meanwhile. */
export interface Duration {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** What a contestant prints, a line of JSON each. */
export type Message =
  | Duration
  | { readonly ready: true; readonly software: string }
  | { readonly peakBytes: number };

const OUR_ENTRY = fileURLToPath(new URL('./worker.ts', import.meta.url));
const THEIR_ENTRY = fileURLToPath(new URL('../../../bench/torch/original.py', import.meta.url));
const TEST_PYTHON = fileURLToPath(new URL('../../../.deps/test-python/bin/python', import.meta.url));
/** Enough to see why a program has ended. */
const KEPT_ERROR_LINES = 5;

/** Between two iterations it waits for its standard input and uses no processor. */
export class Contestant {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #name: string;
  readonly #messages: AsyncIterator<string>;
  #errors: string[] = [];
  #failure: Error | undefined;
  /** Name and version of what computes. */
  software = '';

  private constructor(name: string, command: string, args: readonly string[]) {
    this.#name = name;
    this.#process = spawn(command, args);
    this.#process.on('error', (error) => {
      this.#failure = error;
    });
    // A program that has ended takes no more input; what it printed tells why.
    this.#process.stdin.on('error', () => {});
    createInterface(this.#process.stderr).on('line', (line) => {
      this.#errors = [...this.#errors, line].slice(-KEPT_ERROR_LINES);
    });
    this.#messages = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** Our side; warm when this returns. @param options of {@link Assignment} and the configuration. */
  static async ours(options: Assignment & { config: string; set: readonly string[] }): Promise<Contestant> {
    const args = [...process.execArgv, OUR_ENTRY, JSON.stringify(options)];
    return new Contestant('ours', process.execPath, args).#warm();
  }

  /** DeepPS on PyTorch; warm when this returns. @throws UserError when it cannot be run. */
  static async original(
    options: Assignment & { deepps: string; imageGenerator: boolean },
  ): Promise<Contestant> {
    const python = process.env.DPS_TEST_PYTHON ?? TEST_PYTHON;
    const threads = availableParallelism();
    return new Contestant('the original', python, [
      THEIR_ENTRY,
      JSON.stringify({ ...options, threads }),
    ]).#warm();
  }

  async #warm(): Promise<this> {
    this.software = ((await this.#next()) as { software: string }).software;
    return this;
  }

  /** One iteration. */
  async iterate(): Promise<Duration> {
    this.#process.stdin.write('go\n');
    return (await this.#next()) as Duration;
  }

  /** Ends the program. @returns the most memory that it had resident, bytes. */
  async end(): Promise<number> {
    this.#process.stdin.end();
    return ((await this.#next()) as { peakBytes: number }).peakBytes;
  }

  /** Ends the program at once. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #next(): Promise<Message> {
    const { value, done } = await this.#messages.next();
    if (!done) return JSON.parse(value) as Message;
    throw new UserError(`A program that is timed has ended too early: ${this.#name}.`, {
      where: this.#process.spawnfile,
      got: [this.#failure?.message, ...this.#errors].filter((line) => line !== undefined).join('\n'),
      fix: 'The original needs a Python with PyTorch and NumPy (`node scripts/test-python.mjs` installs one; DPS_TEST_PYTHON names another) and a clone of DeepPS (--deepps).',
    });
  }
}
