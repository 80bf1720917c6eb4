/** What counts as a picture below a folder or in a tar file, for every command; and what was left out, to be told. */

/** The formats that can be read, in words. */
export const READ_FORMATS = 'JPEG, PNG, WebP, AVIF, GIF or TIFF';
const READ = /\.(jpe?g|jpe|jfif|pjpe?g|pjp|a?png|webp|avif|gif|tiff?)$/i;
/** Pictures of formats that cannot be read: of phones, cameras, and programs for drawing. */
const NOT_READ =
  /\.(heic|heif|hif|bmp|dib|jxl|jp2|j2k|svgz?|ico|tga|psd|psb|xcf|kra|clip|ora|exr|hdr|pdf|eps|ai|cr2|cr3|crw|nef|nrw|arw|sr2|dng|orf|rw2|raf|pef|srw|raw)$/i;

/** Folders in which operating systems, shares and archives keep what is theirs: thumbnails, attributes, and what was deleted. */
const SYSTEM_FOLDERS = [
  '@eadir',
  '@tmp',
  '@recycle',
  '@recently-snapshot',
  '@sharesnap',
  '#recycle',
  '#snapshot',
  '__macosx',
  '$recycle.bin',
  'recycler',
  'system volume information',
  'network trash folder',
  'temporary items',
  'lost+found',
  'thumbs',
];

/** What to do with a picture of a format that cannot be read. */
export const CONVERT = 'convert to JPEG or PNG';

export const isOfFormatNotRead = (name: string): boolean => NOT_READ.test(name);

/** Names in a list are so many at most. */
const NAMED = 3;

interface Kind {
  readonly examples: string[];
  count: number;
}

/** What was left out of a folder or a tar file, by kind. */
export class LeftOut {
  readonly #kinds = new Map<string, Kind>();
  readonly #folders = new Set<string>();
  #important = false;

  /** Whether something is missing that the user probably wants. */
  get isImportant(): boolean {
    return this.#important;
  }

  /**
   * Whether to take a file of that name as a picture; one that is not is noted.
   *
   * @param path of the file below the folder, forward slashes.
   */
  takesFile(path: string): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const extension = /\.[^.]+$/.exec(name)?.[0].toLowerCase();
    if (name.startsWith('.')) this.#note('hidden files', path);
    else if (READ.test(name)) return true;
    else if (NOT_READ.test(name)) {
      this.#important = true;
      this.#note(`files *${extension} (${CONVERT})`, path);
    } else this.#note(extension ? `files *${extension}` : 'files without an extension', path);
    return false;
  }

  /** Whether to look into a folder of that name; one that is hidden or a system's own is noted. */
  takesFolder(path: string): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!name.startsWith('.') && !SYSTEM_FOLDERS.includes(name.toLowerCase())) return true;
    // Of a folder in a tar file each file says again that it is left out.
    if (!this.#folders.has(path))
      this.#note(name.startsWith('.') ? 'hidden folders' : 'folders of a system’s own', path);
    this.#folders.add(path);
    return false;
  }

  /** Whether to take a file of a tar file, by its whole path. */
  takesPath(path: string): boolean {
    const folders = path.split('/').slice(0, -1);
    const above = folders.map((_, i) => folders.slice(0, i + 1).join('/')).filter((folder) => folder !== '.');
    return above.every((folder) => this.takesFolder(folder)) && this.takesFile(path);
  }

  /** Notes a folder that cannot be read. */
  unreadable(path: string, reason: string): void {
    this.#important = true;
    this.#note(`folders that cannot be read (${reason})`, path);
  }

  /** `2 files *.heic (convert to JPEG or PNG): a.heic, b.heic; ...`; empty when nothing was left out. */
  describe(): string {
    return [...this.#kinds]
      .map(([kind, { count, examples }]) => {
        const more = count > examples.length ? ', ...' : '';
        const label = count === 1 ? kind.replace(/\b(file|folder)s\b/, '$1') : kind;
        return `${count} ${label}: ${examples.join(', ')}${more}`;
      })
      .join('; ');
  }

  #note(kind: string, path: string): void {
    const known = this.#kinds.get(kind) ?? { count: 0, examples: [] };
    this.#kinds.set(kind, known);
    known.count += 1;
    if (known.examples.length < NAMED) known.examples.push(path);
  }
}
