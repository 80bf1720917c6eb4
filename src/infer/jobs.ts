/** What is to be done: which files belong together. */
import { stat } from 'node:fs/promises';
import { parse } from 'node:path';
import { LeftOut, READ_FORMATS } from '../data/pictures.ts';
import { listImages, tellLeftOut } from '../data/sources.ts';
import { UserError } from '../runtime/errors.ts';
import { type Reporter, silent } from '../runtime/progress.ts';

/** One picture to make. `name` is that of its files; in folders it has the subfolder before it. */
export type Job =
  | {
      readonly kind: 'triple';
      readonly name: string;
      readonly image: string;
      readonly mask: string;
      /** Absent where the method takes none. */
      readonly sketch?: string;
      /** Strokes of colour, where they are given. */
      readonly colour?: string;
    }
  | { readonly kind: 'strip'; readonly name: string; readonly strip: string }
  | { readonly kind: 'sketch'; readonly name: string; readonly sketch: string };

/** Each path is a file or a folder of files. */
export interface JobSources {
  readonly image?: string | undefined;
  readonly mask?: string | undefined;
  readonly sketch?: string | undefined;
  readonly colour?: string | undefined;
  readonly strips?: readonly string[] | undefined;
}

type Told = Pick<Reporter, 'info' | 'warn'>;

const PARTS = ['image', 'mask', 'sketch', 'colour'] as const;
type Part = (typeof PARTS)[number];
/** So many files without a partner are named. */
const LISTED = 12;

/**
 * The pictures that the sources ask for. Files of the folders of photos, masks, sketches and, where they are given, strokes of
 * colour belong together when their paths below the folders are equal but for the extension.
 *
 * @param task of the networks: an edit needs photo, mask and sketch, or strips; a synthesis a sketch alone.
 * @param takesSketch whether an edit needs a sketch. @param reporter is told what of folders is left out.
 * @throws UserError when sources or partners are missing, are of different kinds, or names clash.
 */
export async function findJobs(
  sources: JobSources,
  task: 'edit' | 'synthesis',
  takesSketch: boolean,
  reporter: Told = silent,
): Promise<Job[]> {
  const isPart = { image: true, mask: true, sketch: takesSketch, colour: sources.colour !== undefined };
  const parts = PARTS.filter((part) => isPart[part]);
  requireSources(sources, task, parts);
  const jobs = sources.strips?.length
    ? await stripJobs(sources.strips, reporter)
    : task === 'synthesis' && sources.sketch !== undefined
      ? await sketchJobs(sources.sketch, reporter)
      : await tripleJobs(sources as Record<Part, string>, parts, reporter);
  requireDistinct(jobs);
  return jobs;
}

function requireSources(sources: JobSources, task: 'edit' | 'synthesis', parts: readonly Part[]): void {
  const given = PARTS.filter((part) => sources[part] !== undefined);
  const flags = given.map((part) => `--${part}`).join(', ');
  const hasStrips = (sources.strips?.length ?? 0) > 0;
  if (task === 'synthesis') {
    if (given.join() === 'sketch' && !hasStrips) return;
    throw new UserError('This checkpoint draws whole faces from sketches alone (task: synthesis).', {
      expected: '--sketch FILE or --sketch FOLDER, and no photo, mask or strip',
      got: [flags, hasStrips ? '--strip' : ''].filter(Boolean).join(', ') || 'none of them',
    });
  }
  if (hasStrips ? given.length === 0 : given.join() === parts.join()) return;
  const flagsOfParts = parts
    .map((part) => `--${part}`)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' and ');
  throw new UserError('This checkpoint changes parts of photos (task: edit).', {
    expected: `${flagsOfParts}, each a file or each a folder; or --strip and none of these`,
    got: [flags, hasStrips ? '--strip' : ''].filter(Boolean).join(', ') || 'none of them',
  });
}

async function stripJobs(strips: readonly string[], reporter: Told): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const path of strips) {
    for (const [name, strip] of await filesOf('strip', path, reporter))
      jobs.push({ kind: 'strip', name, strip });
  }
  return jobs;
}

async function sketchJobs(path: string, reporter: Told): Promise<Job[]> {
  const files = await filesOf('sketch', path, reporter);
  return [...files].map(([name, sketch]) => ({ kind: 'sketch', name, sketch }));
}

async function tripleJobs(
  sources: Record<Part, string>,
  parts: readonly Part[],
  reporter: Told,
): Promise<Job[]> {
  const kinds = await Promise.all(parts.map((part) => isFolder(part, sources[part])));
  const job = (name: string, fileOfPart: (part: Part) => string): Job => {
    const files = Object.fromEntries(parts.map((part) => [part, fileOfPart(part)]));
    return { kind: 'triple', name, ...(files as { image: string; mask: string }) };
  };
  if (kinds.every((folder) => !folder)) return [job(parse(sources.image).name, (part) => sources[part])];
  if (!kinds.every((folder) => folder)) {
    throw new UserError('Files and folders are mixed.', {
      where: parts.map((part) => `--${part} ${sources[part]}`).join(' '),
      expected: 'only files, or only folders with files of the same names',
      got: parts.map((part, i) => `--${part} is a ${kinds[i] ? 'folder' : 'file'}`).join(', '),
    });
  }
  const found = await Promise.all(
    parts.map(async (part) => [part, await filesOf(part, sources[part], reporter)] as const),
  );
  const names = [...new Set(found.flatMap(([, files]) => [...files.keys()]))].sort();
  const where = parts.map((part) => `--${part} ${sources[part]}`).join(' ');
  const missing = (name: string) => found.filter(([, files]) => !files.has(name)).map(([part]) => part);
  requirePartners(names, missing, where);
  const filesOfPart = Object.fromEntries(found) as Record<Part, ReadonlyMap<string, string>>;
  return names.map((name) => job(name, (part) => filesOfPart[part].get(name) ?? ''));
}

function requirePartners(
  names: readonly string[],
  missing: (name: string) => readonly string[],
  where: string,
): void {
  const lonely = names.filter((name) => missing(name).length > 0);
  if (lonely.length === 0) return;
  const lines = lonely.slice(0, LISTED).map((name) => `  ${name}: no ${missing(name).join(', no ')}`);
  if (lonely.length > LISTED) lines.push(`  ... and ${lonely.length - LISTED} more`);
  throw new UserError(`${lonely.length} of ${names.length} pictures are incomplete:\n${lines.join('\n')}`, {
    where,
    expected: 'for each photo the other files of its name; the extensions may differ',
    fix: 'add or rename the files, or move those without partners elsewhere',
  });
}

/** A file, or the pictures below a folder, by their names without the extension. */
async function filesOf(flag: string, path: string, reporter: Told): Promise<ReadonlyMap<string, string>> {
  if (!(await isFolder(flag, path))) return new Map([[parse(path).name, path]]);
  const files = new Map<string, string>();
  const leftOut = new LeftOut();
  for (const { id, path: file } of await listImages(path, `--${flag}`, leftOut)) {
    const name = id.slice(0, id.length - parse(id).ext.length);
    const other = files.get(name);
    if (other !== undefined) throw sameName(name, other, file);
    files.set(name, file);
  }
  if (files.size > 0) {
    tellLeftOut(leftOut, path, reporter);
    return files;
  }
  throw new UserError('The folder has no pictures.', {
    where: `--${flag} ${path}`,
    expected: `${READ_FORMATS} files`,
    got: leftOut.describe() === '' ? 'none' : `none; left out: ${leftOut.describe()}`,
  });
}

async function isFolder(flag: string, path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError('A file cannot be found.', {
      where: `--${flag} ${path}`,
      expected: 'a picture, or a folder of pictures',
      got: code === 'ENOENT' ? 'nothing of that name' : message,
      fix: `a relative path starts at the working directory (${process.cwd()})`,
    });
  }
}

function requireDistinct(jobs: readonly Job[]): void {
  const seen = new Map<string, Job>();
  for (const job of jobs) {
    const other = seen.get(job.name);
    if (other) throw sameName(job.name, fileOf(other), fileOf(job));
    seen.set(job.name, job);
  }
}

/** The file that a job is called after. */
export const fileOf = (job: Job): string =>
  job.kind === 'triple' ? job.image : job.kind === 'strip' ? job.strip : job.sketch;

const sameName = (name: string, one: string, other: string) =>
  new UserError(`Two files have the name ${name}, so their results would overwrite each other.`, {
    where: `${one} and ${other}`,
    fix: 'rename one of them, or take them one after the other with different --out',
  });
