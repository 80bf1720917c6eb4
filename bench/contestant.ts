/** A program that does one iteration of some work whenever it is asked, in a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '../src/runtime/errors.ts';
import { type GpuUse, GpuWatch } from './gpu-watch.ts';
import type { PeakWay } from './works.ts';

/** Training or inference; the same for every contestant. */
export interface NetworkAssignment {
  readonly what: 'train' | 'infer';
  /** 1 is the lowest of three; 0 trains F. */
  readonly level: number;
  readonly batch: number;
}

/** Decoding of prepared pairs. */
export interface LoaderAssignment {
  readonly what: 'loader';
  readonly batch: number;
  /** Samples that the loader goes through. */
  readonly samples: number;
}

/** Preparation of so many built-in faces. */
export interface PreparationAssignment {
  readonly what: 'prepare';
  readonly images: number;
}

export interface ConfigChoice {
  readonly config: string;
  readonly set: readonly string[];
}

/** What our side can be asked to do. */
export type OwnAssignment =
  | ((NetworkAssignment | LoaderAssignment | PreparationAssignment) & ConfigChoice)
  | { readonly what: 'peak'; readonly way: PeakWay };

/** What the original is asked to do, and how; see python/original.py. */
export interface OriginalAssignment extends NetworkAssignment {
  /** A clone of its code. */
  readonly deepps: string;
  readonly form: 'plain' | 'channels_last' | 'compiled';
  /** Whether F judges what G draws. */
  readonly imageGenerator: boolean;
}

/** An exported prediction, for the programs that run such files. */
export interface FileAssignment {
  readonly file: string;
  /** Shapes of its inputs by name, as the file has them. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly warmUp: number;
}

/** Said by a contestant that is warm. */
export interface Ready {
  /** Name and version of what computes. */
  readonly software: string;
  /** Images that an iteration deals with. */
  readonly images?: number;
  /** Floating-point operations of convolutions and matrix products in an iteration, where they are counted. */
  readonly operations?: number;
}

/** What a contestant prints, a line of JSON each. */
export type Message =
  | { readonly seconds: number }
  | Ready
  /** Why it cannot run here. */
  | { readonly missing: string }
  | { readonly peakBytes: number };

/** What a contestant that ran alone took. */
export interface Performance extends Required<Ready> {
  readonly seconds: readonly number[];
  /** The most memory that it had resident. */
  readonly peakBytes: number;
  /** Where it ran on a GPU. */
  readonly gpu?: GpuUse | undefined;
}

interface RunOptions {
  /** Added to its environment. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Iterations measured. */
  readonly runs: number;
  /** Told after every iteration. */
  readonly progress?: (done: number) => void;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const THEIR_NEEDS =
  'The original needs a Python with PyTorch and NumPy (`node scripts/test-python.mjs` installs one; DPS_TEST_PYTHON names another) and a clone of DeepPS (--deepps).';
/** Iterations before the first that is measured: kernels are chosen, memory is taken, and what compiles has compiled. */
const WARM_UP = 2;
/** Enough to see why a program has ended. */
const KEPT_ERROR_LINES = 5;

interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly fix?: string;
  readonly optional?: boolean;
}

/** Between two iterations it waits for its standard input and uses no processor. */
export class Contestant {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #name: string;
  /** What to do where it cannot be run. */
  readonly #fix: string | undefined;
  readonly #messages: AsyncIterator<string>;
  readonly #exit: Promise<unknown>;
  #errors: string[] = [];
  #failure: Error | undefined;
  #ready: Ready | undefined;
  #missing: string | undefined;
  /** It takes part where it is there. */
  readonly #optional: boolean;

  private constructor(
    name: string,
    command: string,
    args: readonly string[],
    { env, fix, optional = false }: ProgramOptions = {},
  ) {
    this.#name = name;
    this.#optional = optional;
    this.#fix = fix;
    this.#process = spawn(command, args, { env: { ...process.env, ...env } });
    this.#process.on('error', (error) => {
      this.#failure = error;
    });
    // Also when it could not be started, which is an error and no exit.
    this.#exit = once(this.#process, 'close').catch(() => {});
    // A program that has ended takes no more input; what it printed tells why.
    this.#process.stdin.on('error', () => {});
    createInterface(this.#process.stderr).on('line', (line) => {
      this.#errors = [...this.#errors, line].slice(-KEPT_ERROR_LINES);
    });
    this.#messages = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** Our side; warm when this returns. @param env is added to its environment. */
  static ours(assignment: OwnAssignment, env?: NodeJS.ProcessEnv): Promise<Contestant> {
    return Contestant.#node('ours', './worker.ts', { ...assignment, warmUp: WARM_UP }, env);
  }

  /** DeepPS on PyTorch; warm when this returns. @throws UserError when it cannot be run. */
  static original(assignment: OriginalAssignment): Promise<Contestant> {
    return Contestant.#python('the original', './python/original.py', assignment, { fix: THEIR_NEEDS });
  }

  /** An exported prediction in onnxruntime. */
  static onnxruntime(file: Omit<FileAssignment, 'warmUp'>): Promise<Contestant> {
    return Contestant.#node('onnxruntime', './onnx-worker.ts', { ...file, warmUp: WARM_UP });
  }

  /** An exported prediction in OpenVINO. */
  static openvino(file: Omit<FileAssignment, 'warmUp'>): Promise<Contestant> {
    return Contestant.#python('OpenVINO', './python/openvino_file.py', file, { optional: true });
  }

  static #node(name: string, program: string, assignment: object, env?: NodeJS.ProcessEnv) {
    const args = [...process.execArgv, here(program), JSON.stringify(assignment)];
    return new Contestant(name, process.execPath, args, { env }).#warm();
  }

  static #python(name: string, program: string, assignment: object, more: ProgramOptions) {
    const python = process.env.DPS_TEST_PYTHON ?? here('../.deps/test-python/bin/python');
    const options = JSON.stringify({ ...assignment, threads: availableParallelism(), warmUp: WARM_UP });
    return new Contestant(name, python, [here(program), options], more).#warm();
  }

  /** Our side alone, from its start to its end. */
  static async run({ env, runs, progress, ...assignment }: OwnAssignment & RunOptions): Promise<Performance> {
    const contestant = await Contestant.ours(assignment, env);
    const watch = GpuWatch.start();
    try {
      const seconds: number[] = [];
      for (let i = 0; i < runs; i++) {
        seconds.push(await contestant.iterate());
        progress?.(i + 1);
      }
      const gpu = await watch?.stop();
      const { software, images = 1, operations = 0 } = contestant.ready;
      return { seconds, software, images, operations, gpu, peakBytes: await contestant.end() };
    } finally {
      await watch?.stop();
      await contestant.kill();
    }
  }

  async #warm(): Promise<this> {
    const message = await this.#next().catch((error) => {
      if (this.#optional && this.#failure) return { missing: `not there: ${this.#failure.message}` };
      throw error;
    });
    if ('missing' in message) this.#missing = message.missing;
    else this.#ready = message as Ready;
    return this;
  }

  /** Why it cannot run here; undefined where it can. */
  get missing(): string | undefined {
    return this.#missing;
  }

  get ready(): Ready {
    return this.#ready!;
  }

  /** One iteration. @returns seconds. */
  async iterate(): Promise<number> {
    this.#process.stdin.write('go\n');
    return ((await this.#next()) as { seconds: number }).seconds;
  }

  /** Lets the program end and waits for that. @returns the most memory that it had resident, bytes. */
  async end(): Promise<number> {
    this.#process.stdin.end();
    const { peakBytes } = (await this.#next()) as { peakBytes: number };
    await this.#exit;
    return peakBytes;
  }

  /** Ends the program at once, if it has not ended, and waits for that. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exit;
  }

  async #next(): Promise<Message> {
    const { value, done } = await this.#messages.next();
    if (!done) return JSON.parse(value) as Message;
    await this.#exit;
    throw new UserError(`A program that is timed has ended too early: ${this.#name}.`, {
      where: this.#process.spawnfile,
      got: [this.#failure?.message, ...this.#errors].filter((line) => line !== undefined).join('\n'),
      fix: this.#fix,
    });
  }
}

/** What a contestant does once it is warm: an iteration for each line on standard input. python/serve.py does the same. */
export async function serve(ready: Ready, { iterate }: { iterate(): Promise<void> | void }): Promise<void> {
  const say = (message: Message) => console.log(JSON.stringify(message));
  say(ready);
  for await (const _ of createInterface(process.stdin)) {
    const begin = performance.now();
    await iterate();
    say({ seconds: (performance.now() - begin) / 1000 });
  }
  say({ peakBytes: peakBytes() });
}

/** The most memory resident. Linux counts into a process's `maxRSS` what the program that started it had. */
function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
