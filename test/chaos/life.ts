/** One life of a training process in the chaos test: from its start to its end, by SIGKILL or by itself. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

const PATIENCE_MS = 180_000;

/** When a process is killed: so long after its start, or after so many new steps, at a random moment or while it writes. */
export type Moment =
  | { readonly kind: 'starting'; readonly milliseconds: number }
  | { readonly kind: 'running' | 'writing'; readonly steps: number; readonly milliseconds: number };

export class Life {
  readonly #child: ChildProcess;
  readonly #end: Promise<void>;
  #output = '';
  /** Whether the moment of its kill did not come for a long time. */
  stuck = false;

  /** Starts `train` with these arguments. @param on what stands before the command, to run it elsewhere. */
  constructor(args: readonly string[], on: readonly string[] = []) {
    const [command, ...rest] = [...on, process.execPath, ...process.execArgv, program, 'train', ...args];
    this.#child = spawn(command, rest);
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (text) => {
        this.#output += text;
      });
    this.#end = new Promise((resolve, reject) => {
      this.#child.on('close', () => resolve());
      this.#child.on('error', reject);
    });
    const kill = () => this.#child.kill('SIGKILL');
    process.on('exit', kill);
    this.#child.on('close', () => process.off('exit', kill));
  }

  /** Everything that it printed. */
  get output(): string {
    return this.#output;
  }

  /** Whether it ended by itself and as it should; undefined while it runs, and when it was killed. */
  get succeeded(): boolean | undefined {
    return this.#child.exitCode === null ? undefined : this.#child.exitCode === 0;
  }

  /** Whether a folder of checkpoints holds one that this process has begun and not finished. */
  isWriting(names: readonly string[]): boolean {
    return names.some((name) => name.endsWith('.tmp') && name.includes(`.${this.#child.pid}-`));
  }

  /** Waits for its end. */
  async end(): Promise<void> {
    await this.#end;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Waits until something is so, it ends, or it is stuck. */
  async until(reached: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#child.exitCode === null && this.#child.signalCode === null && !reached() && !this.stuck) {
      await setTimeout(1);
      this.stuck = performance.now() > deadline;
    }
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The process ids of the workers that it supervises. */
  workers(): number[] {
    return processes().flatMap(({ pid, parent, args }) =>
      parent === this.#child.pid && args.includes(' train ') ? pid : [],
    );
  }

  /** Kills it at the moment, or waits for its end if that comes first. `checkpoints` is where it writes them. */
  async killAt(moment: Moment, checkpoints: () => string | undefined): Promise<void> {
    const names = () => list(checkpoints());
    const first = newestStep(names());
    if (moment.kind !== 'starting') {
      await this.until(() => newestStep(names()) >= Math.max(0, first) + moment.steps);
      if (moment.kind === 'writing') await this.until(() => this.isWriting(names()));
    }
    await Promise.race([setTimeout(moment.milliseconds), this.#end]);
    this.#child.kill('SIGKILL');
    await this.#end;
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** All processes of this machine. */
export function processes(): { pid: number; parent: number; args: string }[] {
  const text = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, args] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : { pid: Number(pid), parent: Number(parent), args };
  });
}

/** -1 when there is none. */
export const newestStep = (names: readonly string[]): number =>
  Math.max(-1, ...names.map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? -1)));

/** The names in a folder; none while it is not there. */
export function list(folder: string | undefined): string[] {
  try {
    return folder === undefined ? [] : readdirSync(folder);
  } catch {
    return [];
  }
}
