/**
 * The folder of prepared pairs of one set of settings. A pair's file name derives from the content of its source file, so a
 * pair that is there is up to date wherever that file lies, and preparing can stop anywhere.
 *
 * Pairs of files are files; pairs of a source in tar files are in tar files as well, so that a million of them take some
 * thousand entries of the file system.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import type { RunConfig } from '../config/run-config.ts';
import { readState } from '../runtime/files.ts';
import type { Reporter, Task } from '../runtime/progress.ts';
import { writeCacheFile } from './cache-file.ts';
import type { FileHashes } from './file-hashes.ts';
import { indexTar, readTarIndex, writeTar } from './tar.ts';
import type { ImageFile, OpenedSource, Problem, SourceItem } from './types.ts';

/** Raise it when the same settings would give other pairs. */
const formatVersion = 2;

/** Pairs in a tar file. About so many are lost when the process is ended while it makes them. */
const PAIRS_PER_TAR = 256;

/** A source file with the key of its pair. */
export interface KeyedItem extends SourceItem {
  readonly key: string;
}

export class PreparedCache {
  readonly folder: string;
  /** Where the pairs lie, by key. */
  readonly #pairs: Map<string, ImageFile>;
  readonly #unusable: Record<string, Problem>;
  readonly #inTars: boolean;
  /** Pairs for the next tar file. */
  #waiting: { key: string; png: Uint8Array }[] = [];

  /** Files whose content is known to be unusable are kept in `problems.json`, by key: for what reads them now. */
  private constructor(
    folder: string,
    pairs: Map<string, ImageFile>,
    unusable: Record<string, Problem>,
    inTars: boolean,
  ) {
    this.folder = folder;
    this.#pairs = pairs;
    this.#unusable = unusable;
    this.#inTars = inTars;
  }

  static async open(config: RunConfig, source: OpenedSource): Promise<PreparedCache> {
    const inTars = source.items.some(({ part }) => part !== undefined);
    const settings = {
      formatVersion,
      resolution: config.resolution,
      form: source.form,
      inTars,
      edges: config.data.edges,
    };
    const text = `${JSON.stringify(settings, undefined, 2)}\n`;
    const folder = resolve(config.data.cache, 'prepared', digest(text).slice(0, 12));
    await writeCacheFile(join(folder, 'settings.json'), text);
    const pairs = new Map<string, ImageFile>();
    for (const file of await listFolder(join(folder, 'pairs'))) {
      const path = join(folder, 'pairs', file);
      if (file.endsWith('.png')) pairs.set(basename(file, '.png'), { path });
      if (!file.endsWith('.tar')) continue;
      for (const { name, ...part } of await readTarIndex(path, config.data.cache))
        pairs.set(basename(name, '.png'), { path, part });
    }
    return new PreparedCache(folder, pairs, await readProblems(join(folder, 'problems.json')), inTars);
  }

  has(key: string): boolean {
    return this.#pairs.has(key);
  }

  problem(key: string): Problem | undefined {
    return this.#unusable[key];
  }

  /** Where the pair of a key lies, if it is made. */
  pair(key: string): ImageFile | undefined {
    return this.#pairs.get(key);
  }

  /** Keeps a pair; one for a tar file once there are enough of them, or with {@link flush}. */
  async addPair(key: string, png: Uint8Array): Promise<void> {
    if (this.#inTars) {
      this.#waiting.push({ key, png });
      if (this.#waiting.length >= PAIRS_PER_TAR) await this.flush();
      return;
    }
    const path = join(this.folder, 'pairs', key.slice(0, 2), `${key}.png`);
    await writeCacheFile(path, png);
    this.#pairs.set(key, { path });
  }

  /** Writes the pairs that wait for their tar file. */
  async flush(): Promise<void> {
    const pairs = this.#waiting;
    if (pairs.length === 0) return;
    this.#waiting = [];
    // A name of its own: another process may prepare the same photos.
    const path = join(this.folder, 'pairs', `${randomBytes(8).toString('hex')}.tar`);
    await writeCacheFile(path, writeTar(pairs.map(({ key, png }) => ({ name: `${key}.png`, bytes: png }))));
    for (const { name, ...part } of indexTar(path)) this.#pairs.set(basename(name, '.png'), { path, part });
  }

  addProblem(key: string, problem: Problem): void {
    this.#unusable[key] = problem;
  }

  /** Where the problems of the last preparation are listed for a person. */
  get problemsPath(): string {
    return join(this.folder, 'problems.txt');
  }

  /** @param all what could not be used this time, whatever the cause. */
  async saveProblems(all: readonly Problem[]): Promise<void> {
    const problems = Object.fromEntries(Object.entries(this.#unusable).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = { sharp: sharp.versions.sharp, problems };
    await writeCacheFile(join(this.folder, 'problems.json'), `${JSON.stringify(known, undefined, 2)}\n`);
    await writeCacheFile(this.problemsPath, all.map(({ path, reason }) => `${path}: ${reason}\n`).join(''));
  }
}

const problemsFile = z.object({
  sharp: z.string(),
  problems: z.record(z.string(), z.object({ path: z.string(), reason: z.string() })),
});

/** So many files are looked at together: on network shares each answer takes a while. */
const LANES = 16;

/** Gives each item the key of its pair. Files that cannot be read get none. */
export async function keyItems(
  items: readonly SourceItem[],
  hashes: FileHashes,
  reporter: Reporter,
): Promise<{ keyed: KeyedItem[]; unreadable: Problem[] }> {
  const keys: (string | Problem)[] = [];
  const begin = performance.now();
  let task: Task | undefined;
  let done = 0;
  const remaining = items.entries();
  const lane = async () => {
    for (const [i, item] of remaining) {
      try {
        keys[i] = await hashes.of(item);
      } catch (error) {
        keys[i] = {
          path: item.path,
          reason: (error as Error).message.replace(/^E[A-Z]+:/, 'cannot be read: $&'),
        };
      }
      done += 1;
      // Photos that are known already take no time that is worth a bar.
      if (performance.now() - begin > 2_000) task ??= reporter.task('Reading photos', items.length, 'images');
      task?.update(done);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  task?.finish();
  await hashes.save();
  const keyed = items.flatMap((item, i) => {
    const key = keys[i];
    return typeof key === 'string' ? [{ ...item, key }] : [];
  });
  return { keyed, unreadable: keys.filter((key) => typeof key !== 'string') };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The files of a folder and those below it; none where there is no folder. */
async function listFolder(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder, { recursive: true }) : [];
}

async function readProblems(path: string): Promise<Record<string, Problem>> {
  // Nothing is lost without the file: the images are looked at again. So they are by another version of what reads them.
  const found = await readState(path, problemsFile);
  return found?.sharp === sharp.versions.sharp ? found.problems : {};
}
