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

/** A line of the journal. `was` is where a file is kept that lost its name. */
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
  for (const path of unsynced(changes)) tear(path, random);
  const synced = changes.findLastIndex(({ what }) => what === 'sync') + 1;
  const kept = random.integer(synced, changes.length + 1);
  for (const change of changes.slice(kept).toReversed()) undo(change);
}

/** The files, by their last names, that were written after their last fsync. */
function unsynced(changes: readonly Change[]): Set<string> {
  const dirty = new Set<string>();
  for (const { what, path, other } of changes) {
    if (what === 'write' || what === 'create') dirty.add(path);
    if (what === 'sync' || what === 'unlink') dirty.delete(path);
    if (what !== 'rename') continue;
    for (const name of [...dirty].filter((one) => one === path || one.startsWith(`${path}/`))) {
      dirty.delete(name);
      dirty.add(other + name.slice(path.length));
    }
  }
  return dirty;
}

function tear(path: string, random: RandomStream): void {
  if (!existsSync(path) || !statSync(path).isFile()) return;
  const { size } = statSync(path);
  const how = random.pick(['empty', 'half', 'zeros'] as const);
  const half = Math.floor(size / 2);
  if (how === 'zeros') writeFileSync(path, readFileSync(path).fill(0, half));
  else truncateSync(path, how === 'empty' ? 0 : half);
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
