import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasTerminals, Terminal } from '../cli/terminal.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'closed-terminal-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.skipIf(!hasTerminals).each([
  ['as it comes to its end', 'process.exitCode = 7;'],
  ['as it is ended', 'process.exit(7);'],
])(
  'a program goes on without its terminal and keeps its exit status, %s (needs the program `script`)',
  async (_, end) => {
    const errors = join(folder, 'errors');
    // The terminal has been closed when it is none any more.
    const code = `
      import { writeFileSync } from 'node:fs';
      import { isatty } from 'node:tty';
      import { outliveTerminal } from './src/runtime/terminal.mjs';
      outliveTerminal();
      const codes = new Set();
      for (const stream of [process.stdout, process.stderr]) stream.on('error', ({ code }) => codes.add(code));
      console.log('ready');
      const watch = setInterval(() => {
        if (isatty(1)) return;
        clearInterval(watch);
        for (let line = 0; line < 10; line++) {
          console.log('lost');
          process.stderr.write('lost');
        }
        setImmediate(() => {
          writeFileSync('${errors}', [...codes].join());
          ${end}
        });
      }, 5);`;
    const command = [process.execPath, '--input-type=module', '-e', code];
    const terminal = new Terminal(folder, command, 'nothing');
    await terminal.shows('ready');
    await terminal.close();
    expect(await terminal.status()).toBe(7);
    expect(readFileSync(errors, 'utf8')).toBe('EIO');
  },
);
