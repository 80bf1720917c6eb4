/** Samples that training leaves out: `data.exclude` names a text file with the id of a sample a line. */
import { resolve } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { readText } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';

const KEY = 'data.exclude';
/** So many ids are named in a message. */
const NAMED = 5;

/** The ids in a list; empty lines are passed over, and comments, which begin with # and a space. */
export function excludedIds(list: string): string[] {
  const lines = list.replace(/^\uFEFF/, '').split(/\r?\n/);
  return lines.filter((line) => line.trim() !== '' && !/^#( |$)/.test(line));
}

/** What a list leaves out, and which of it the sources have. */
export class Exclusions {
  readonly #path: string;
  readonly #ids: ReadonlySet<string>;
  readonly #found = new Set<string>();

  private constructor(path: string, ids: Iterable<string>) {
    this.#path = path;
    this.#ids = new Set(ids);
  }

  /** @param path of the list; undefined: nothing is left out. @throws UserError when it cannot be read. */
  static async read(path: string | undefined): Promise<Exclusions> {
    if (path === undefined) return new Exclusions('', []);
    const list = await readText(path).catch((error: NodeJS.ErrnoException) => {
      throw new UserError('The list of samples that are left out cannot be read.', {
        where: `${KEY}: ${resolve(path)}`,
        expected: 'a text file with the id of a sample a line; an empty one leaves nothing out',
        got: error.code === 'ENOENT' ? 'nothing of that name' : error.message,
        fix: `Give its place with --set ${KEY}=FILE; a relative path starts at the working directory (${process.cwd()}).`,
      });
    });
    return new Exclusions(path, excludedIds(list));
  }

  /** Whether a sample is left out; the list then counts it as found. */
  has(id: string): boolean {
    if (!this.#ids.has(id)) return false;
    this.#found.add(id);
    return true;
  }

  /** Tells how many samples are left out, once all sources have been looked at. @throws UserError when one is in no source. */
  tell(reporter: Pick<Reporter, 'info'>): void {
    const others = [...this.#ids].filter((id) => !this.#found.has(id));
    if (others.length > 0) {
      const some = [...others.slice(0, NAMED), ...(others.length > NAMED ? ['...'] : [])].join(', ');
      throw new UserError('The list of samples that are left out names some that no source has.', {
        where: `${KEY}: ${resolve(this.#path)}`,
        expected:
          'ids of samples: paths below the source’s folder, in a list of sources after the source’s name',
        got: `${others.length} of ${this.#ids.size} that are not there: ${some}`,
        fix: 'correct these lines, or remove them',
      });
    }
    if (this.#found.size > 0) reporter.info(`Left out by ${KEY} (${this.#path}): ${this.#found.size} files`);
  }
}
