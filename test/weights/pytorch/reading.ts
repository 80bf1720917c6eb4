/** What a made-up PyTorch file is read as. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTorchFile } from '../../../src/weights/pytorch/read.ts';
import { floats, pickle, type SampleStorage, type ZipOptions, zipContents, zipFile } from './samples.ts';

/** Everything in a file, by key: shape and elements. */
export async function read(content: Uint8Array): Promise<Record<string, [number[], number[]]>> {
  const folder = mkdtempSync(join(tmpdir(), 'torch-'));
  const path = join(folder, 'a.pth');
  try {
    writeFileSync(path, content);
    const file = await openTorchFile(path);
    try {
      const entries = [...file.tensors].map(([key, found]) => [key, [[...found.shape], [...found.read()]]]);
      return Object.fromEntries(entries);
    } finally {
      file.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file of the zip form. */
export const zip = (object: Uint8Array, storages: readonly SampleStorage[], options?: ZipOptions) =>
  zipFile(zipContents(pickle.file(object), storages), options);

export const six = floats('7', [0, 1, 2, 3, 4, 5]);
export const matrix = { shape: [2, 3], strides: [3, 1] };
