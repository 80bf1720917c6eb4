import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  FileBytes,
  ifThere,
  makeFolderAtomically,
  nameFile,
  readFully,
  readRange,
  readState,
  requireWritableFolder,
  syncFolder,
  writeFileAtomically,
  writeFilesTogether,
} from '../../src/runtime/files.ts';
import { explainSystemError } from '../../src/runtime/system-errors.ts';
import { failSync } from '../fail-sync.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file that is written whole or not at all', () => {
  it.each(['a', '写'.repeat(84), 'x'.repeat(255), '😀'.repeat(63)])('may be called %s', async (name) => {
    const path = join(folder, 'written', name);
    await writeFileAtomically(path, 'text');
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(readdirSync(join(folder, 'written')).filter((file) => file.endsWith('.tmp'))).toEqual([]);
  });
});

describe('what does not come to the disk', () => {
  it.each(['EIO', 'ENOSPC', 'EDQUOT'])('is not taken for written (%s)', async (code) => {
    const place = mkdtempSync(join(folder, 'place-'));
    writeFileSync(join(place, 'a'), 'old');
    await failSync(code);
    const refused = await writeFileAtomically(join(place, 'a'), 'new').catch((error) => error);
    expect(explainSystemError(refused)?.details.where).toMatch(/\/a\.[\w-]+\.tmp$/);
    await expect(writeFilesTogether(place, { a: 'new', b: 'new' })).rejects.toThrow(code);
    expect(readFileSync(join(place, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(place)).toEqual(['a']);
    await expect(syncFolder(place)).rejects.toMatchObject({ code, path: place });
  });

  it('is written where the system has no way to do that', async () => {
    await failSync('ENOTSUP');
    await writeFileAtomically(join(folder, 'share'), 'text');
    expect(readFileSync(join(folder, 'share'), 'utf8')).toBe('text');
  });
});

describe('a folder that is filled under another name', () => {
  it('with a name that is too long is refused before it is filled', async () => {
    let filled = false;
    const fill = async () => {
      filled = true;
    };
    await expect(makeFolderAtomically(join(folder, '写'.repeat(90)), fill)).rejects.toThrow(/ENAMETOOLONG/);
    expect(filled).toBe(false);
  });
});

describe('a small file of our own', () => {
  const form = z.record(z.string(), z.number());

  it('is read', async () => {
    writeFileSync(join(folder, 'state.json'), '{"a": 1}');
    expect(await readState(join(folder, 'state.json'), form)).toEqual({ a: 1 });
  });

  it.each(['', '{"a": 1', '[]', 'null', '{"a": "b"}', '\0\0\0\0'])(
    'counts as missing when it is damaged: %j',
    async (text) => {
      writeFileSync(join(folder, 'state.json'), text);
      expect(await readState(join(folder, 'state.json'), form)).toBeUndefined();
    },
  );

  it('may be a folder or missing', async () => {
    mkdirSync(join(folder, 'folder.json'));
    expect(await readState(join(folder, 'folder.json'), form)).toBeUndefined();
    expect(await readState(join(folder, 'none.json'), form)).toBeUndefined();
  });
});

describe('a folder of results', () => {
  it('is made', async () => {
    await requireWritableFolder(join(folder, 'a/b'), '--out');
    expect(readdirSync(join(folder, 'a'))).toEqual(['b']);
  });

  it('below a file, or with a name that is too long, is refused', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(requireWritableFolder(join(folder, 'file'), '--out')).rejects.toThrow(
      /--out .*file[\s\S]*got: +something of that name/,
    );
    await expect(requireWritableFolder(join(folder, 'file/x'), '--out')).rejects.toThrow(
      /got: +a file, where a folder is needed/,
    );
    await expect(requireWritableFolder(join(folder, 'x'.repeat(256)), '--out')).rejects.toThrow(
      /got: +a name that is too long[\s\S]*shorten/,
    );
  });
});

describe('reads that a disk answers with less, or with an error', () => {
  it('give all bytes of a range, or those before the end', async () => {
    const path = join(folder, 'numbers');
    writeFileSync(
      path,
      Uint8Array.from({ length: 100 }, (_, i) => i),
    );
    expect([...(await readRange(path, 10, 3))]).toEqual([10, 11, 12]);
    expect([...(await readRange(path, 98, 5))]).toEqual([98, 99]);
    const file = openSync(path, 'r');
    const target = new Uint8Array(4);
    expect(readFully(file, target, 97)).toBe(3);
    expect([...target]).toEqual([97, 98, 99, 0]);
    closeSync(file);
  });

  it('name the file that the system does not name', async () => {
    const error = await readRange(folder, 0, 1).catch((caught) => caught);
    expect(error.code).toBe('EISDIR');
    expect(explainSystemError(error)?.details.where).toBe(folder);
    expect(nameFile('no error', folder)).toBe('no error');
  });

  it('tell of a file that is cut off while it is read', () => {
    const path = join(folder, 'large');
    writeFileSync(path, new Uint8Array(200_000));
    const file = new FileBytes(path, 'PyTorch file');
    onTestFinished(() => file.close());
    truncateSync(path, 100_000);
    expect(() => file.read(1, 150_000)).toThrow(
      new RegExp(`A PyTorch file is damaged[\\s\\S]*${path}\n[\\s\\S]*cut off while it was read`),
    );
    expect(file.read(1, 80_000)).toHaveLength(80_000);
  });

  it('tell what to do about a weight file that the system does not open', () => {
    writeFileSync(join(folder, 'a file'), '');
    const open = () => new FileBytes(join(folder, 'a file', 'weights'), 'safetensors file');
    expect(open).toThrow(/weight file cannot be opened[\s\S]*fix: +name a folder, or move the file away/);
  });

  it('take a file of our own that cannot be read now for neither missing nor damaged', async () => {
    const path = join(folder, 'around');
    symlinkSync(path, path);
    await expect(readState(path, z.unknown())).rejects.toThrow('ELOOP');
  });

  it('say that there is nothing only where there is nothing', async () => {
    expect(await ifThere(stat(join(folder, 'nothing')))).toBeUndefined();
    expect(await ifThere(stat(folder))).toBeDefined();
    const failing = Promise.reject(Object.assign(new Error('EIO: i/o error, scandir'), { code: 'EIO' }));
    await expect(ifThere(failing)).rejects.toThrow('EIO');
  });
});
