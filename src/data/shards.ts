/** Which tar files a path means: one file, all of a folder, or a pattern such as `shards-{000..031}.tar`. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { UserError } from '../runtime/errors.ts';

/** Tar files by their paths below a folder, forward slashes. */
export interface Shards {
  readonly root: string;
  readonly names: readonly string[];
}

/** A path with `{000..031}` as all the paths that it means, the numbers with as many digits as the first; others as they are. */
export function expandRanges(path: string): string[] {
  const range = /\{(\d+)\.\.(\d+)\}/.exec(path);
  if (!range) return [path];
  const [whole, first, last] = range;
  const count = Math.max(0, Number(last) - Number(first) + 1);
  const numbers = Array.from({ length: count }, (_, i) =>
    String(Number(first) + i).padStart(first.length, '0'),
  );
  return numbers.flatMap((number) => expandRanges(path.replace(whole, number)));
}

/** The tar files of a path that are not there. */
export const missingShards = (path: string): string[] => expandRanges(path).filter((one) => !existsSync(one));

/**
 * Finds the tar files of a path, sorted by name.
 *
 * @param key the config key that holds the path, for the message.
 * @throws UserError when one is missing, or a folder has none.
 */
export async function findShards(path: string, key: string): Promise<Shards> {
  const missing = missingShards(path);
  if (missing.length > 0) throw shardsAreMissing(path, missing, `${key}: ${path}`);
  const [only, ...others] = expandRanges(path).map((one) => resolve(one));
  if (others.length > 0) {
    // The ids of samples begin with the names of shards, which are the same whether a pattern or the folder names them.
    const root = resolve(dirname(path.slice(0, path.indexOf('{') + 1)));
    return { root, names: [only, ...others].map((one) => one.slice(root.length + 1)).sort() };
  }
  if (!(await stat(only)).isDirectory()) return { root: dirname(only), names: [basename(only)] };
  const entries = await readdir(only, { withFileTypes: true });
  const names = entries
    .filter((entry) => /^[^.].*\.tar$/i.test(entry.name) && !entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  if (names.length > 0) return { root: only, names };
  throw new UserError('The source holds no images.', {
    where: `${key}: ${path}`,
    expected: 'files named *.tar in this folder',
    got: 'none',
    fix: `Set ${key} to the folder that holds them, to one of them, or to a pattern such as shards-{000..031}.tar.`,
  });
}

/** The error of tar files that are not there. */
export function shardsAreMissing(path: string, missing: readonly string[], where: string): UserError {
  const all = expandRanges(path).length;
  const some = `${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', ...' : ''}`;
  return new UserError('The data set is not there.', {
    where,
    expected: 'a tar file, a folder of them, or a pattern such as shards-{000..031}.tar',
    got: all === 1 ? `${some} does not exist` : `${missing.length} of ${all} do not exist: ${some}`,
    fix: 'Correct the path; a relative one starts at the working directory.',
  });
}
