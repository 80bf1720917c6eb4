import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/runtime/errors.ts';
import { explainSystemError } from '../../src/runtime/system-errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'system-'));
  symlinkSync('circle', join(folder, 'circle'));
  writeFileSync(join(folder, 'file'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('an error of the system', () => {
  it.each<[string, (folder: string) => Promise<unknown>, RegExp]>([
    ['ENAMETOOLONG', (place) => writeFile(join(place, '写'.repeat(90)), ''), /too long[\s\S]*shorten/],
    ['EISDIR', (place) => writeFile(place, ''), /a folder, where a file is needed/],
    ['ENOTDIR', (place) => readdir(join(place, 'file/x')), /a file, where a folder is needed/],
    ['ELOOP', (place) => readFile(join(place, 'circle')), /circle[\s\S]*links that lead/],
    [
      'ENOENT',
      (place) => rename(join(place, 'none'), join(place, 'b')),
      /none -> .*b\n[\s\S]*nothing of that name/,
    ],
    ['ENOTEMPTY', (place) => rmdir(place), /not empty/],
  ])('%s says what, where and how to mend it', async (code, act, message) => {
    const error = await act(folder).catch((thrown: NodeJS.ErrnoException) => thrown);
    expect((error as NodeJS.ErrnoException).code).toBe(code);
    const explained = explainSystemError(error);
    expect(explained).toBeInstanceOf(UserError);
    expect(explained?.message).toContain(`where:    ${folder}`);
    expect(explained?.message).toMatch(message);
    // From a thread comes the message alone.
    expect(explainSystemError(new Error((error as Error).message))?.message).toBe(explained?.message);
  });

  it('is no error of ours or of Node', () => {
    expect(explainSystemError(new TypeError('x is not a function'))).toBeUndefined();
    expect(explainSystemError(new UserError('EIO: x, read'))).toBeUndefined();
    const argument = (() => {
      try {
        return writeFile(1.5 as never, '');
      } catch (error) {
        return error;
      }
    })();
    return Promise.resolve(argument).then(
      () => expect.unreachable(),
      (error) => expect(explainSystemError(error)).toBeUndefined(),
    );
  });
});
