/** The program under test: a process that runs commands (replay.ts), with the library that lets operations fail. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const replay = fileURLToPath(new URL('replay.ts', import.meta.url));

/** Where it tells how a command ended. */
const RESULTS = 3;
/** After so many commands a fresh process takes over, as each leaves a little memory behind. */
const COMMANDS_A_PROCESS = 60;
/** A command that takes longer hangs, ms. */
const PATIENCE = 300_000;

export interface Ended {
  /** Of the process that would have ended; undefined where a signal ended it. */
  readonly status: number | undefined;
  /** What it printed; of a process that was killed nothing is known. */
  readonly output: string;
}

export class Program {
  readonly #environment: NodeJS.ProcessEnv;
  #child: { readonly process: ChildProcess; readonly ends: AsyncIterator<string> } | undefined;
  #commands = 0;

  /** @param environment with LD_PRELOAD and what shim.c reads. */
  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = { ...process.env, ...environment, UV_USE_IO_URING: '0' };
  }

  async run(args: readonly string[]): Promise<Ended> {
    if (this.#commands++ % COMMANDS_A_PROCESS === 0) this.close();
    this.#child ??= this.#start();
    const { process, ends } = this.#child;
    let errors = '';
    const collect = (text: Buffer) => {
      errors += text;
    };
    process.stderr!.on('data', collect);
    const hanging = setTimeout(() => process.kill('SIGKILL'), PATIENCE);
    process.stdin!.write(`${JSON.stringify(args)}\n`);
    const { value: ended } = await ends.next();
    clearTimeout(hanging);
    process.stderr!.off('data', collect);
    if (ended !== undefined) return JSON.parse(ended) as Ended;
    // Its end of the channel is closed, so the process is gone.
    if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
    this.#child = undefined;
    return { status: process.exitCode ?? undefined, output: errors };
  }

  #start() {
    const child = spawn(process.execPath, ['--disable-warning=DEP0051', '--import', 'tsx', replay], {
      env: this.#environment,
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    });
    // The process may have ended before it reads a command, which its end tells.
    child.stdin!.on('error', () => {});
    const lines = createInterface(child.stdio[RESULTS] as Readable);
    return { process: child, ends: lines[Symbol.asyncIterator]() };
  }

  close(): void {
    this.#child?.process.kill('SIGKILL');
    this.#child = undefined;
  }
}
