import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { edit } from '../../src/cli/edit.ts';
import { createMethod } from '../../src/models/registry.ts';
import { tinyCheckpoint } from '../editor/tiny-editor.ts';
import { saveMethod } from '../models/save.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edit-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('takes a free port and the newest run that is trained far enough, and says which', async () => {
  const { config, checkpoint } = await tinyCheckpoint(folder);
  const run = (name: string) => join(folder, 'runs', name);
  for (const name of ['00001-trained', '00002-begun']) mkdirSync(run(name), { recursive: true });
  renameSync(join(checkpoint, '..'), join(run('00001-trained'), 'checkpoints'));
  const method = createMethod(config);
  await saveMethod(run('00002-begun'), method, config, ['F'], 1);
  method.dispose();
  for (const name of ['00001-trained', '00002-begun']) writeFileSync(join(run(name), 'config.yaml'), '');
  const args = ['--import', import.meta.resolve('tsx'), resolve('src/cli/main.ts'), 'edit', '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder });
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
  expect(said[0]).toMatch(/newest run that is trained far enough is taken, runs.00001-trained\.$/);
  expect(Number(url?.port)).toBeGreaterThan(0);
  expect((await fetch(url!)).status).toBe(200);
});

it('--static with several models is refused before anything is loaded', async () => {
  const values = { checkpoint: ['one', 'two'], static: join(folder, 'site') };
  await expect(edit.run(values)).rejects.toThrow('A static site has one model.');
  expect(existsSync(values.static)).toBe(false);
});
