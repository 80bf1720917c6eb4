/**
 * CelebA-HQ in the forms in which people have it: CelebAMask-HQ's release (`CelebA-HQ-img/0.jpg` ... beside folders of
 * masks), folders of square images (256 x 256 or other), and DeepPS's training pairs (photo | sketch, 2n x n).
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import type { SourceConfig } from '../../config/run-config.ts';
import type { OpenedSource, SourceItem } from '../types.ts';
import { listImages } from './listing.ts';

/** How many files are looked at to tell pairs from photos. */
const probes = 9;

/** Lists CelebA-HQ. Throws UserError as {@link listImages}. */
export async function openCelebaHq(
  source: Extract<SourceConfig, { kind: 'celeba-hq' }>,
): Promise<Omit<OpenedSource, 'summary'>> {
  const given = resolve(source.path);
  const masked = join(given, 'CelebA-HQ-img');
  const root = existsSync(masked) ? masked : given;
  const items = await listImages(root);
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
  const pairs = readable.filter(({ width, height }) => width === 2 * height);
  return pairs.length * 2 > readable.length;
}
