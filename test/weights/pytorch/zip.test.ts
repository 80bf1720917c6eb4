import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/runtime/errors.ts';
import { FileBytes } from '../../../src/runtime/files.ts';
import { readZip } from '../../../src/weights/pytorch/zip.ts';
import { matrix, read, six, zip } from './reading.ts';
import { bytes, pickle, stateDict, tensor, zipContents, zipFile } from './samples.ts';

describe('the zip form', () => {
  const object = stateDict([['x', tensor(six, matrix)]]);
  const expected = {
    x: [
      [2, 3],
      [0, 1, 2, 3, 4, 5],
    ],
  };

  it('may have fields for huge files, or no check sums', async () => {
    expect(await read(zip(object, [six], { zip64: true }))).toEqual(expected);
    expect(await read(zip(object, [six], { checkSums: false }))).toEqual(expected);
  });

  it('may be big-endian', async () => {
    const data = Buffer.from(six.data).swap32();
    const contents = zipContents(pickle.file(object), [{ ...six, data }]).map(
      ([name, content]) => [name, name.endsWith('byteorder') ? Buffer.from('big') : content] as const,
    );
    expect(await read(zipFile(contents))).toEqual(expected);
  });

  it('may say nothing of the order of bytes, as before version 2.1, and hold other files', async () => {
    const contents = zipContents(pickle.file(object), [six]).filter(([name]) => !name.endsWith('byteorder'));
    const beside = ['archive/data.pkl.txt', 'archive/other/data.pkl'].map(
      (name) => [name, bytes('x')] as const,
    );
    expect(await read(zipFile([...contents, ...beside]))).toEqual(expected);
  });

  it('is refused with an object of more than 32 MB', async () => {
    const large = zipFile([['a/data.pkl', Buffer.alloc(2 ** 25 + 1)]], { checkSums: false });
    await expect(read(large)).rejects.toThrow(/at most 33554432 bytes/);
  });

  it('is refused when cut off anywhere', async () => {
    const whole = zip(object, [six]);
    for (let length = 0; length < whole.length; length += 3)
      await expect(read(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(UserError);
  });

  it('is not called damaged when the disk does not answer', async () => {
    class Failing extends FileBytes {
      override read(): never {
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
      }
    }
    // Any file that is larger than the end of an archive.
    const file = new Failing(import.meta.filename, 'PyTorch file');
    await expect(readZip(file)).rejects.toThrow(/^EIO: i\/o error, read$/);
    file.close();
  });

  it('is refused with any byte of its storages or its pickle changed', async () => {
    const whole = zip(object, [six]);
    for (const part of [Buffer.from(six.data), pickle.file(object)]) {
      const changed = Buffer.from(whole);
      changed[changed.indexOf(part) + 5] ^= 1;
      await expect(read(changed)).rejects.toThrow(/check sum/);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['compressed', zip(object, [six], { compression: 8 }), /uncompressed/],
    ['without an object', zipFile([['a/b.txt', bytes('x')]]), /a\/b\.txt/],
    [
      'with two objects',
      zipFile([
        ['a/data.pkl', bytes('x')],
        ['b/data.pkl', bytes('x')],
      ]),
      /not one of PyTorch/,
    ],
    [
      'with an entry twice',
      zipFile([
        ['a/data.pkl', bytes('x')],
        ['a/data.pkl', bytes('x')],
      ]),
      /two entries/,
    ],
    ['that leads out of its folder', zipFile([['../data.pkl', bytes('x')]]), /relative path/],
    [
      'of TorchScript',
      zipFile([
        ['a/data.pkl', bytes('x')],
        ['a/constants.pkl', bytes('x')],
      ]),
      /TorchScript/,
    ],
    ['without a storage', zip(object, []), /data\/7/],
    ['with a short storage', zip(object, [{ ...six, data: six.data.subarray(4) }]), /24 bytes/],
  ])('is refused %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });
});
