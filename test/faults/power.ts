/**
 * A power failure, played after a process was killed: takes back what had not reached the disk, by the journal that shim.c
 * keeps. File systems with a journal of their own (ext4, XFS, btrfs) keep the order of what happens to names, and all of it
 * up to the last fsync; of bytes they keep what was synced. So some of the last changes of names are undone, and files that
 * were written since their last fsync are torn.
 */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { RandomStream } from '../../src/runtime/seed.ts';

/**
 * A line of the journal. `other` is the new name, or the file's size when it is synced or cut; `was` is where a file is kept that
 * lost its name.
 */
interface Change {
  readonly what: string;
  readonly path: string;
  readonly other: string;
  readonly was: string;
}

/** @param journal the folder that FAULTS_JOURNAL named. @param random says how much is lost, and how. */
export function losePower(journal: string, random: RandomStream): void {
  const log = join(journal, 'log');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
  const changes = lines.map((line): Change => {
    const [what, path, other, was] = line.split('\t');
    return { what, path, other, was };
  });
  for (const [path, synced] of unsynced(changes)) tear(path, synced, random);
  const synced = changes.findLastIndex(({ what }) => what === 'sync') + 1;
  const kept = random.integer(synced, changes.length + 1);
  for (const change of changes.slice(kept).toReversed()) undo(change);
}

/** The files, by their last names, that were written after their last fsync, and how many of their first bytes that had reached. */
function unsynced(changes: readonly Change[]): [path: string, synced: number][] {
  const files = new Map<string, { readonly isDirty: boolean; readonly synced: number }>();
  for (const { what, path, other } of changes) {
    const { isDirty, synced } = files.get(path) ?? { isDirty: false, synced: 0 };
    if (what === 'create' || what === 'empty') files.set(path, { isDirty: true, synced: 0 });
    if (what === 'write') files.set(path, { isDirty: true, synced });
    if (what === 'cut') files.set(path, { isDirty, synced: Math.min(synced, Number(other)) });
    if (what === 'sync') files.set(path, { isDirty: false, synced: Number(other) });
    if (what === 'unlink') files.delete(path);
    if (what !== 'rename') continue;
    for (const [name, file] of [...files]) {
      if (name !== path && !name.startsWith(`${path}/`)) continue;
      files.delete(name);
      files.set(other + name.slice(path.length), file);
    }
  }
  return [...files].filter(([, { isDirty }]) => isDirty).map(([path, { synced }]) => [path, synced]);
}

/** @param synced so many of its first bytes stay. */
function tear(path: string, synced: number, random: RandomStream): void {
  if (!existsSync(path) || !statSync(path).isFile()) return;
  const { size } = statSync(path);
  const begin = Math.min(synced, size);
  const how = random.pick(['empty', 'half', 'zeros'] as const);
  const half = begin + Math.floor((size - begin) / 2);
  if (how === 'zeros') writeFileSync(path, readFileSync(path).fill(0, half));
  else truncateSync(path, how === 'empty' ? begin : half);
}

function undo({ what, path, other, was }: Change): void {
  if (what === 'create' || what === 'link' || what === 'mkdir')
    rmSync(path, { recursive: true, force: true });
  if (what === 'rmdir') mkdirSync(path, { recursive: true });
  if (what === 'unlink' && was) restore(was, path);
  if (what !== 'rename') return;
  if (existsSync(other)) restore(other, path);
  if (was) restore(was, other);
}

function restore(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}
