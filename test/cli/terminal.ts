import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { shellWord } from '../../src/runtime/command-line.ts';

/** Whether there is the program `script`, and it can open terminals. */
export const hasTerminals =
  spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;

/** A terminal with a shell, whose job a program is. The shell lives on when the terminal is closed, to tell of the program's end. */
export class Terminal {
  readonly child: ChildProcess;
  readonly #status: string;
  #shown = '';

  /**
   * @param folder for the shell's files. @param command the program and its arguments.
   * @param whenClosed what the shell does then: nothing, or as interactive ones do it sends SIGHUP to the program.
   */
  constructor(folder: string, command: readonly string[], whenClosed: 'nothing' | 'SIGHUP') {
    const place = mkdtempSync(join(folder, 'shell-'));
    this.#status = join(place, 'status');
    // Standard input stays the terminal only by another descriptor. The first wait ends with the signal.
    const shell = `
      trap '${whenClosed === 'SIGHUP' ? 'kill -HUP $!' : ':'}' HUP
      exec 3<&0
      ${command.map(shellWord).join(' ')} <&3 3<&- &
      wait $!
      wait $!
      echo $? > ${shellWord(this.#status)}`;
    const file = join(place, 'shell.sh');
    writeFileSync(file, shell);
    // In the place of the shell that `script` starts: were that one to stay, its end by SIGHUP would send SIGHUP to all.
    this.child = spawn('script', ['-qec', `exec sh ${shellWord(file)}`, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child.stdout?.on('data', (text) => {
      this.#shown += text;
    });
  }

  /** What the program has printed. */
  get shown(): string {
    return this.#shown;
  }

  /** Waits until the program has printed something that holds `text`. */
  async shows(text: string): Promise<void> {
    while (!this.#shown.includes(text)) {
      if (this.child.exitCode !== null) throw new Error(`Ended too early: ${this.#shown}`);
      await setTimeout(20);
    }
  }

  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  /** The program's exit status as the shell has it, once it has ended; the terminal must have been closed. */
  async status(): Promise<number> {
    for (;;) {
      const text = existsSync(this.#status) ? readFileSync(this.#status, 'utf8') : '';
      if (text.endsWith('\n')) return Number(text);
      await setTimeout(20);
    }
  }
}
