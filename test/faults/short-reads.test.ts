import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { compileShim, unsupported } from './shim.ts';

const reason = unsupported();
const folder = mkdtempSync(join(tmpdir(), 'short-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.skipIf(reason)(
  `files are read to their end, however few bytes the system hands out at once, and what to do is told where it hands out none${reason ? ` (${reason})` : ''}`,
  () => {
    const below = join(folder, 'below');
    mkdirSync(below);
    const path = join(below, 'text');
    // More than is read at once.
    writeFileSync(path, 'a line of text\n'.repeat(10_000));
    const script = fileURLToPath(new URL('short-reads.ts', import.meta.url));
    const env = {
      ...process.env,
      LD_PRELOAD: compileShim(folder),
      FAULTS_FOLDER: below,
      FAULTS_CONTROL: join(folder, 'control'),
      UV_USE_IO_URING: '0',
    };
    writeFileSync(env.FAULTS_CONTROL, new Uint8Array(2000));
    const output = execFileSync(process.execPath, ['--import', 'tsx', script, path], {
      env,
      encoding: 'utf8',
    });
    for (const name of ['readBytes', 'readText', 'readRange', 'hashFile', 'readFully', 'FileBytes'])
      expect(output).toContain(`${name}: whole`);
    expect(output).not.toContain('half');
    expect(output).toMatch(/weight file cannot be read[\s\S]*EMFILE[\s\S]*fix: +allow more/);
  },
);
