import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { configuredSources } from '../../src/config/run-config.ts';
import { decodePhoto } from '../../src/data/decode.ts';
import { LeftOut } from '../../src/data/pictures.ts';
import { listImages, openSource } from '../../src/data/sources.ts';
import { renderFaces } from '../../src/faces/cache.ts';
import { readPhoto } from '../../src/infer/read.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { smallConfig, temporaryFolder, writePhoto } from './support.ts';

vi.mock('../../src/faces/cache.ts', () => ({ renderFaces: vi.fn() }));

const temporary = await temporaryFolder();
let folder = '';
let number = 0;
beforeEach(async () => {
  folder = join(temporary, `case-${number++}`);
  await mkdir(folder);
});

/** Empty files: listing does not open them. */
async function touch(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), '');
  }
}

const open = async (source: object) => {
  const { data } = smallConfig({ source, cache: join(folder, 'cache') });
  const [one] = configuredSources(data);
  return openSource(one, data.cache, 64, silent);
};
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

describe('listing a folder', () => {
  it('finds images of any depth and case, sorted by character codes, and nothing else', async () => {
    await touch(
      'b.JPG',
      'a.jpeg',
      'a/z.webp',
      'a/b/c.png',
      'notes.txt',
      '.hidden.png',
      '.thumbs/x.png',
      'ä.png',
      'B.png',
    );
    await mkdir(join(folder, 'named-like.png'));
    const items = await listImages(folder);
    expect(ids(items)).toEqual(['B.png', 'a.jpeg', 'a/b/c.png', 'a/z.webp', 'b.JPG', 'ä.png']);
    expect(items[2].path).toBe(join(folder, 'a/b/c.png'));
  });

  it('follows links, once around a circle, and lists broken ones', async () => {
    await touch('real/1.png');
    await symlink(join(folder, 'real'), join(folder, 'linked'));
    await symlink(folder, join(folder, 'real/up'));
    await symlink(join(folder, 'gone.png'), join(folder, 'broken.png'));
    expect(ids(await listImages(folder))).toEqual(['broken.png', 'linked/1.png', 'real/1.png']);
  });

  it.each([
    ['missing', 'nothing of that name'],
    ['file.png', 'a file'],
  ])('refuses what is no folder: %s', async (name, got) => {
    await touch('file.png');
    const error = await listImages(join(folder, name)).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error.details).toMatchObject({ where: `data.source.path: ${join(folder, name)}`, got });
  });
});

describe('what a folder holds besides pictures', () => {
  it('is left out: what a NAS, a system or an archive keeps for itself', async () => {
    await touch(
      'a.jpg',
      'album/b.jpg',
      '._a.jpg',
      '@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg',
      'album/@eaDir/b.jpg',
      '__MACOSX/._a.jpg',
      '__MACOSX/a.jpg',
      '.AppleDouble/a.jpg',
      '#recycle/c.jpg',
      '$RECYCLE.BIN/c.jpg',
      'lost+found/c.jpg',
      'Thumbs/c.jpg',
      'System Volume Information/c.jpg',
      '.Trash-1000/files/c.jpg',
    );
    const leftOut = new LeftOut();
    expect(ids(await listImages(folder, undefined, leftOut))).toEqual(['a.jpg', 'album/b.jpg']);
    expect(leftOut.describe()).toMatch(/8 folders of a system’s own: .*, \.\.\./);
    expect(leftOut.describe()).toMatch(/2 hidden folders: .*\.AppleDouble/);
    expect(leftOut.describe()).toMatch(/1 hidden file: \._a\.jpg/);
    expect(leftOut.isImportant).toBe(false);
    // Not what the user names.
    expect(ids(await listImages(join(folder, '@eaDir')))).toHaveLength(1);
  });

  it('is warned of where the user probably wants it', async () => {
    await touch(
      'a.jpg',
      'b.HEIC',
      'c.heic',
      'd.heic',
      'e.heic',
      'f.bmp',
      'g.NEF',
      'notes.txt',
      'noextension',
    );
    const warnings: string[] = [];
    const { data } = smallConfig({ source: { kind: 'folder', path: folder }, cache: join(folder, 'cache') });
    const reporter = { ...silent, warn: (text: string) => void warnings.push(text) };
    await openSource(configuredSources(data)[0], data.cache, 64, reporter);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /4 files \*\.heic \(convert to JPEG or PNG\): b\.HEIC, c\.heic, d\.heic, \.\.\./i,
    );
    for (const text of ['1 file *.bmp', '1 file *.nef', '1 file *.txt', '1 file without an extension'])
      expect(warnings[0]).toContain(text);
  });

  it('in a tar file is left out alike', () => {
    const leftOut = new LeftOut();
    const paths = [
      './a.jpg',
      'b/c.tiff',
      '__MACOSX/._a.jpg',
      '__MACOSX/b.jpg',
      'x/@eaDir/a.jpg',
      'b/._c.tiff',
      'd.heic',
    ];
    expect(paths.filter((path) => leftOut.takesPath(path))).toEqual(['./a.jpg', 'b/c.tiff']);
    expect(leftOut.describe()).toMatch(
      /2 folders of a system’s own: __MACOSX, x\/@eaDir; 1 hidden file: b\/\._c\.tiff; 1 file \*\.heic/,
    );
  });

  it('is named where there is nothing else', async () => {
    await touch('a.heic', '@eaDir/a.jpg');
    await expect(open({ kind: 'folder', path: folder })).rejects.toThrow(/none; left out: .*a\.heic/);
  });

  it('may be a folder that cannot be read', async ({ skip }) => {
    await touch('a.jpg', 'closed/b.jpg', 'open/c.jpg');
    await chmod(join(folder, 'closed'), 0o000);
    // Root reads everything, so it steps down for this.
    const isRoot = process.getuid?.() === 0;
    skip(isRoot && process.seteuid === undefined, 'needs the rights of no root');
    await chmod(temporary, 0o755);
    const leftOut = new LeftOut();
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(ids(await listImages(folder, undefined, leftOut))).toEqual(['a.jpg', 'open/c.jpg']);
      await expect(listImages(join(folder, 'closed'))).rejects.toThrow(/no permission/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(join(folder, 'closed'), 0o700);
    }
    expect(leftOut.describe()).toMatch(/1 folder that cannot be read \(no permission.*\): closed/);
    expect(leftOut.isImportant).toBe(true);
  });

  it('every format that is listed can be read', async () => {
    const picture = sharp({ create: { width: 70, height: 70, channels: 3, background: 'red' } });
    const formats = {
      jfif: 'jpeg',
      jpe: 'jpeg',
      jpg: 'jpeg',
      png: 'png',
      webp: 'webp',
      avif: 'avif',
      gif: 'gif',
      tif: 'tiff',
      TIFF: 'tiff',
    } as const;
    for (const [extension, format] of Object.entries(formats))
      await picture
        .clone()
        .toFormat(format)
        .toFile(join(folder, `a.${extension}`));
    const items = await listImages(folder);
    expect(items).toHaveLength(Object.keys(formats).length);
    for (const { path } of items) {
      const [r, g, b] = await decodePhoto(path, 64, 64);
      expect([r > 240, g < 15, b < 15]).toEqual([true, true, true]);
      expect((await readPhoto(path)).raster.width).toBe(70);
    }
  });
});

describe('the source', () => {
  it('folder: lists photos up to the limit', async () => {
    await touch('1.png', '2.png', '3.png');
    const source = await open({ kind: 'folder', path: folder, crop: 'face', limit: 2 });
    expect(ids(source.items)).toEqual(['1.png', '2.png']);
    expect(source.form).toEqual({ kind: 'photos', crop: 'face' });
    expect(source.summary).toBe(`2 photos in ${folder}`);
  });

  it.each(['folder', 'celeba-hq'])('%s: says what was looked for when there is nothing', async (kind) => {
    await touch('notes.txt');
    const error = await open({ kind, path: folder }).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain(folder);
    expect(error.message).toContain('*.jpg');
  });

  it('celeba-hq: takes the photos and not the masks of CelebAMask-HQ, by ids that do not depend on the form', async () => {
    await writePhoto(join(folder, 'CelebA-HQ-img/0.jpg'));
    await writePhoto(join(folder, 'CelebA-HQ-img/1.jpg'));
    await writePhoto(join(folder, 'CelebAMask-HQ-mask-anno/0/00000_hair.png'));
    const whole = await open({ kind: 'celeba-hq', path: folder });
    const photos = await open({ kind: 'celeba-hq', path: join(folder, 'CelebA-HQ-img') });
    expect(ids(whole.items)).toEqual(['0.jpg', '1.jpg']);
    expect(photos).toEqual(whole);
    expect(whole.form).toEqual({ kind: 'photos', crop: 'centre' });
  });

  it('celeba-hq: recognises pairs, even with a few strangers among them', async () => {
    for (const i of [1, 2, 3]) await writePhoto(join(folder, `train/${i}.png`), 128, 64, i);
    await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } }).toFile(
      join(folder, 'icon.png'),
    );
    await touch('damaged.png');
    const source = await open({ kind: 'celeba-hq', path: folder, sketchFirst: true });
    expect(source.form).toEqual({ kind: 'pairs', sketchFirst: true });
    expect(source.items.length).toBe(5);
    expect(source.summary).toContain('photo-and-sketch pairs');
  });

  it('names the place of one of several', async () => {
    const source = [{ kind: 'faces' }, { kind: 'folder', path: join(folder, 'gone') }];
    const { data } = smallConfig({ source, cache: join(folder, 'cache') });
    const [, second] = configuredSources(data);
    const error = await openSource(second, data.cache, 64, silent).catch((e) => e);
    expect(error.details.where).toBe(`data.source.1.path: ${join(folder, 'gone')}`);
  });

  it('faces: renders as many as the config says at the size that is needed, and takes no more', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `set/face-${String(i).padStart(6, '0')}.png`);
    await touch(...names);
    vi.mocked(renderFaces).mockResolvedValue(join(folder, 'set'));
    const source = await open({ kind: 'faces', count: 10, seed: 7 });
    expect(source.items.length).toBe(10);
    expect(vi.mocked(renderFaces).mock.lastCall![0]).toMatchObject({
      cacheDir: join(folder, 'cache'),
      count: 10,
      size: 64,
      seed: 7,
    });
  });
});
