/**
 * The folder of prepared pairs of one source with one set of settings. A pair's file name derives from the id, size
 * and time of change of its source file, so a pair that is there is up to date, and preparing can stop anywhere.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { OpenedSource, Problem, SourceItem } from './types.ts';

/** Raise it when the same settings would give other pairs. */
const formatVersion = 1;

/** A source file with the key of its pair. */
export interface KeyedItem extends SourceItem {
  readonly key: string;
}

export class PreparedCache {
  readonly folder: string;
  readonly #present: Set<string>;
  readonly #unusable: Record<string, Problem>;

  /** Files whose content is known to be unusable are kept in `problems.json`, by key. */
  private constructor(folder: string, present: Set<string>, unusable: Record<string, Problem>) {
    this.folder = folder;
    this.#present = present;
    this.#unusable = unusable;
  }

  static async open(config: RunConfig, source: OpenedSource): Promise<PreparedCache> {
    const settings = {
      formatVersion,
      resolution: config.resolution,
      root: source.root,
      form: source.form,
      edges: config.data.edges,
    };
    const text = `${JSON.stringify(settings, undefined, 2)}\n`;
    const folder = resolve(config.data.cache, 'prepared', digest(text).slice(0, 12));
    await write(join(folder, 'settings.json'), text);
    const files = existsSync(join(folder, 'pairs'))
      ? await readdir(join(folder, 'pairs'), { recursive: true })
      : [];
    const present = new Set(files.map((file) => /([0-9a-f]+)\.png$/.exec(file)?.[1] ?? ''));
    return new PreparedCache(folder, present, await readProblems(join(folder, 'problems.json')));
  }

  has(key: string): boolean {
    return this.#present.has(key);
  }

  problem(key: string): Problem | undefined {
    return this.#unusable[key];
  }

  pairPath(key: string): string {
    return join(this.folder, 'pairs', key.slice(0, 2), `${key}.png`);
  }

  async addPair(key: string, png: Uint8Array): Promise<void> {
    await write(this.pairPath(key), png);
    this.#present.add(key);
  }

  addProblem(key: string, problem: Problem): void {
    this.#unusable[key] = problem;
  }

  /** Where the problems of the last preparation are listed for a person. */
  get problemsPath(): string {
    return join(this.folder, 'problems.txt');
  }

  async saveProblems(all: readonly Problem[]): Promise<void> {
    await write(join(this.folder, 'problems.json'), `${JSON.stringify(this.#unusable, undefined, 2)}\n`);
    await write(this.problemsPath, all.map(({ path, reason }) => `${path}: ${reason}\n`).join(''));
  }
}

/** Gives each item the key of its pair; files that cannot be looked at become problems. */
export async function keyItems(
  items: readonly SourceItem[],
): Promise<{ keyed: KeyedItem[]; problems: Problem[] }> {
  const problems: Problem[] = [];
  const keyed: KeyedItem[] = [];
  for (const item of items) {
    try {
      const { size, mtimeMs } = await stat(item.path);
      keyed.push({ ...item, key: digest(`${item.id}\n${size}\n${mtimeMs}`).slice(0, 24) });
    } catch (error) {
      problems.push({ path: item.path, reason: `cannot be opened: ${(error as Error).message}` });
    }
  }
  return { keyed, problems };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function readProblems(path: string): Promise<Record<string, Problem>> {
  // Nothing is lost without the file: the images are looked at again.
  return readFile(path, 'utf8').then(JSON.parse, () => ({}));
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await writeFileAtomically(path, content).catch((error: NodeJS.ErrnoException) => {
    throw new UserError('The cache cannot be written.', {
      where: `data.cache: ${path}`,
      got: error.message,
      fix: 'Free disk space or correct the permissions, or set data.cache to another folder.',
    });
  });
}
