import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCheckpoints, readCheckpoint } from '../../src/core/checkpoint.ts';
import { smokeArguments } from '../cli/train-process.ts';
import { makePairs } from '../train/pairs.ts';

const folder = mkdtempSync(join(tmpdir(), 'odd-'));
const library = join(folder, 'odd.so');
const source = fileURLToPath(new URL('./odd-file-system.c', import.meta.url));
const compiled = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']).status === 0;
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs Node where `link` and others are answered by this error. Gives the exit status and what was printed. */
async function node(code: keyof typeof constants.errno, args: string[]): Promise<[number | null, string]> {
  const env = { ...process.env, LD_PRELOAD: library, ODD_ERRNO: String(constants.errno[code]) };
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
    });
  const [status] = await once(child, 'close');
  return [status, output];
}

describe.skipIf(!compiled || process.platform !== 'linux')(
  'file systems without links, sync and replacement (needs a C compiler on Linux)',
  () => {
    beforeAll(() => makePairs(join(folder, 'pairs'), 12));

    it.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV', 'ENOSYS'] as const)(
      'a lock is for one, and files are replaced, where the answer is %s',
      async (code) => {
        const place = mkdtempSync(join(folder, 'place-'));
        const script = `
        import { tryLock } from './src/runtime/lock.mjs';
        import { linkOrCopy, writeFileAtomically, writeFilesTogether } from './src/runtime/files.ts';
        import { readFileSync, writeFileSync } from 'node:fs';
        const place = ${JSON.stringify(place)};
        const times = { heartbeatMs: 1000, silentMs: 60000 };
        writeFileSync(place + '/lock', JSON.stringify({ token: 'old', pid: 0, host: (await import('node:os')).hostname(), started: '' }));
        const { unlock } = tryLock(place + '/lock', times);
        console.log(tryLock(place + '/lock', times).holder.pid === process.pid);
        unlock();
        for (const text of ['1', '2']) await writeFileAtomically(place + '/a', text);
        await writeFilesTogether(place, { a: '3', b: '4' });
        await linkOrCopy(place + '/b', place + '/c');
        console.log(readFileSync(place + '/a', 'utf8') + readFileSync(place + '/c', 'utf8'));`;
        expect(await node(code, ['--input-type=module', '-e', script])).toEqual([0, 'true\n34\n']);
        expect(readdirSync(place).sort()).toEqual(['a', 'b', 'c']);
      },
    );

    it('a training begins, writes whole checkpoints and goes on', async () => {
      const command = ['src/cli/main.ts', 'train'];
      const first = [...command, ...smokeArguments(folder, 'odd'), '--max-steps', '1'];
      const [status, output] = await node('EPERM', first);
      expect(status, output).toBe(0);
      const run = join(folder, 'odd', '00001-smoke');
      const [again, more] = await node('EPERM', [...command, '--resume', run, '--max-steps', '2']);
      expect(again, more).toBe(0);
      for (const { path } of await listCheckpoints(join(run, 'checkpoints'))) await readCheckpoint(path);
      expect((await listCheckpoints(join(run, 'checkpoints'))).at(-1)?.step).toBe(2);
      expect(existsSync(join(run, 'lock.json'))).toBe(false);
    });
  },
);
