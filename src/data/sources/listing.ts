/** Lists image files of a folder. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../runtime/errors.ts';
import type { SourceItem } from '../types.ts';

const imageName = /\.(jpe?g|png|webp)$/i;

/**
 * All JPEG, PNG and WebP files below a folder, hidden files and folders left out, links followed. Sorted by id (their
 * path below the folder, forward slashes) in the order of character codes, so on every machine alike.
 *
 * @param key the config key that names the folder, for the message.
 * @throws UserError when the folder is missing, is no folder or cannot be read.
 */
export async function listImages(folder: string, key = 'data.source.path'): Promise<SourceItem[]> {
  const where = `${key}: ${resolve(folder)}`;
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    throw new UserError('The folder of images cannot be opened.', {
      where,
      expected: 'a folder of JPEG, PNG or WebP images',
      got: found.code === 'ENOENT' ? 'nothing of that name' : found.message,
      fix: `Correct ${key}; a relative path starts at the working directory (${process.cwd()}).`,
    });
  }
  if (!found.isDirectory()) {
    throw new UserError('The source of images is not a folder.', {
      where,
      expected: 'a folder of JPEG, PNG or WebP images',
      got: 'a file',
      fix: `Set ${key} to the folder that the file lies in.`,
    });
  }
  const items: SourceItem[] = [];
  await walk(resolve(folder), '', new Set(), items);
  return items.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `seen` holds the folders above in their real places, so that a link to one of them does not go round for ever. */
async function walk(
  folder: string,
  prefix: string,
  seen: ReadonlySet<string>,
  items: SourceItem[],
): Promise<void> {
  const place = await realpath(folder);
  if (seen.has(place)) return;
  const above = new Set(seen).add(place);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError('A folder of images cannot be read.', {
      where: folder,
      got: error.message,
      fix: 'Correct its permissions, or move it out of the source.',
    });
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const id = prefix + entry.name;
    const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (target?.isDirectory()) await walk(path, `${id}/`, above, items);
    // A broken link is listed: reading it fails later and is reported with its path.
    else if (imageName.test(entry.name) && (!target || target.isFile())) items.push({ id, path });
  }
}
