import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../runtime/errors.ts';

/**
 * The TensorFlow checkpoint that a path stands for: one of its files, what their names have in common, or the folder
 * that they are in, where a file `checkpoint` says which of several is meant.
 *
 * @returns what its files' names have in common; undefined when the path is something else.
 * @throws UserError when a folder has several checkpoints and does not say which.
 */
export function tensorBundlePrefix(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return prefixIn(path);
  const prefix = path.replace(/\.(index|meta|data-\d{5}-of-\d{5})$/, '');
  if (stats) return prefix === path ? undefined : prefix;
  return existsSync(`${path}.index`) ? path : undefined;
}

function prefixIn(folder: string): string | undefined {
  const state = join(folder, 'checkpoint');
  const stated = isFile(state) && /^model_checkpoint_path: "(.*)"$/m.exec(readFileSync(state, 'utf8'))?.[1];
  // The path may be that of another machine; the files are where the folder is now.
  if (stated) return join(folder, basename(stated));
  const indices = readdirSync(folder).filter((name) => name.endsWith('.index'));
  if (indices.length > 1)
    throw new UserError('A folder holds several TensorFlow checkpoints.', {
      where: folder,
      expected: 'one, or a file `checkpoint` that says which',
      got: indices.slice(0, 6).join(', '),
      fix: `name the one that is meant: --from ${join(folder, indices[0])}`,
    });
  return indices[0] && join(folder, indices[0].slice(0, -'.index'.length));
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
