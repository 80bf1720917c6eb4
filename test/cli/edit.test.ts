import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { edit } from '../../src/cli/edit.ts';
import { tinyCheckpoint } from '../editor/tiny-editor.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edit-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('--port 0 takes a free port and says which', { timeout: 120_000 }, async () => {
  const { checkpoint } = await tinyCheckpoint(folder);
  const args = ['--import', 'tsx', 'src/cli/main.ts', 'edit', '--checkpoint', checkpoint, '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  let url: URL | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const [found] = /http:\S+/.exec(line) ?? [];
    if (found === undefined) continue;
    url = new URL(found);
    break;
  }
  expect(url, said.join('\n')).toBeDefined();
  expect(Number(url?.port)).toBeGreaterThan(0);
  expect((await fetch(url!)).status).toBe(200);
});

it('--static with several models is refused before anything is loaded', async () => {
  const values = { checkpoint: ['one', 'two'], static: join(folder, 'site') };
  await expect(edit.run(values)).rejects.toThrow('A static site has one model.');
  expect(existsSync(values.static)).toBe(false);
});
