import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStrip } from '../../src/infer/edits.ts';
import type { Raster } from '../../src/infer/raster.ts';
import { readHole, readPhoto, readSketch } from '../../src/infer/read.ts';
import { encodePhoto, toRgb } from '../../src/infer/results.ts';
import { busyPhoto, grey, rgba } from './rasters.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const image = ({ data, width, height }: Raster): Sharp =>
  sharp(data, { raw: { width, height, channels: (data.length / width / height) as 1 | 4 } });

async function file(name: string, picture: Sharp): Promise<string> {
  const path = join(folder, name);
  await picture.toFile(path);
  return path;
}

const photo = busyPhoto(24, 16);

describe('readPhoto', () => {
  it('has the file’s own bytes, alpha too', async () => {
    const glass = rgba(20, 10, (x, y) => [x, y, x * y, (x * 13) % 256]);
    const read = await readPhoto(await file('glass.png', image(glass).png()));
    expect(read).toMatchObject({ hasAlpha: true, profile: undefined, loss: undefined });
    expect([...read.raster.data]).toEqual([...glass.data]);
  });

  it('turns it upright', async () => {
    const turned = image(photo).removeAlpha().png().withMetadata({ orientation: 6 });
    const { raster } = await readPhoto(await file('turned.png', turned));
    expect([raster.width, raster.height]).toEqual([16, 24]);
    // The last row's first pixel becomes the first row's first.
    expect([...raster.data.subarray(0, 4)]).toEqual([...photo.data.subarray(15 * 24 * 4, 15 * 24 * 4 + 4)]);
  });

  it('keeps the values of another colour space, and gives its profile back', async () => {
    const path = await file('p3.png', image(photo).removeAlpha().withIccProfile('p3').png());
    const stored = await sharp(path, { ignoreIcc: true }).ensureAlpha().raw().toBuffer();
    expect([...stored]).not.toEqual([...photo.data]);
    const read = await readPhoto(path);
    expect([...read.raster.data]).toEqual([...stored]);
    const written = join(folder, 'p3-again.png');
    writeFileSync(written, await encodePhoto(read.raster, read.hasAlpha, read.profile));
    expect((await sharp(written).metadata()).icc).toEqual(read.profile);
    expect([...(await readPhoto(written)).raster.data]).toEqual([...stored]);
    const [asP3, asP3Again] = await Promise.all(
      [path, written].map((p) => sharp(p).toColourspace('srgb').raw().toBuffer()),
    );
    expect(asP3Again).toEqual(asP3);
  });

  it('makes RGB of grey and CMYK, and says what it loses of 16 bits', async () => {
    const dark = await readPhoto(
      await file(
        'grey.png',
        image(grey(8, 8, (x) => x * 9))
          .toColourspace('b-w')
          .png(),
      ),
    );
    expect([...dark.raster.data.subarray(4, 8)]).toEqual([9, 9, 9, 255]);
    const ink = await readPhoto(
      await file('cmyk.jpg', image(photo).removeAlpha().toColourspace('cmyk').jpeg()),
    );
    expect(ink).toMatchObject({
      profile: undefined,
      loss: expect.stringMatching(/CMYK/),
      raster: { width: 24, height: 16 },
    });
    const deep = await readPhoto(
      await file('deep.png', image(photo).removeAlpha().toColourspace('rgb16').png()),
    );
    expect(deep.loss).toMatch(/8 bits/);
    expect(deep.raster.data.length).toBe(24 * 16 * 4);
  });

  it('refuses what is no picture, damaged, missing or too large', async () => {
    const text = join(folder, 'text.png');
    writeFileSync(text, 'not a picture');
    await expect(readPhoto(text)).rejects.toThrow(/cannot be read[\s\S]*text\.png/);
    const whole = await image(busyPhoto(64, 64)).png().toBuffer();
    const cut = join(folder, 'cut.png');
    writeFileSync(cut, whole.subarray(0, whole.length / 2));
    await expect(readPhoto(cut)).rejects.toThrow(/cannot be read[\s\S]*cut\.png/);
    const refused = (path: string, words: RegExp) => expect(readPhoto(path)).rejects.toThrow(words);
    await refused(join(folder, 'none.png'), /cannot be read[\s\S]*none\.png[\s\S]*nothing of that name/);
    const empty = join(folder, 'empty.png');
    writeFileSync(empty, '');
    await refused(empty, /cannot be read[\s\S]*empty\.png[\s\S]*an empty file/);
    await refused(folder, /cannot be read[\s\S]*a folder, where a file is needed/);
    // Linux has a file whose first byte fails as a broken disk's would.
    if (process.platform === 'linux')
      await refused('/proc/self/mem', /cannot be read[\s\S]*mem[\s\S]*the device failed[\s\S]*try again/);
    const huge = Buffer.from(whole);
    huge.writeUInt32BE(20_000, 16);
    huge.writeUInt32BE(20_000, 20);
    huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
    const large = join(folder, 'huge.png');
    writeFileSync(large, huge);
    for (const read of [readPhoto, readSketch]) {
      await expect(read(large)).rejects.toThrow(/too large[\s\S]*20000 x 20000/);
    }
  });
});

describe('readHole', () => {
  it('is white or black as asked, and never transparent', async () => {
    const values = [
      [255, 255, 255, 255],
      [0, 0, 0, 255],
      [255, 255, 255, 0],
      [0, 0, 0, 0],
    ];
    const path = await file('mask.png', image(rgba(4, 1, (x) => values[x])).png());
    expect([...(await readHole(path, 'white')).data]).toEqual([255, 0, 0, 0]);
    expect([...(await readHole(path, 'black')).data]).toEqual([0, 255, 0, 0]);
  });

  it('takes the noise of a JPEG', async () => {
    const mask = grey(64, 64, (x, y) => (Math.hypot(x - 30, y - 30) < 15 ? 255 : 0));
    const { data } = await readHole(await file('mask.jpg', image(mask).jpeg({ quality: 60 })), 'white');
    const different = [...data].filter((value, i) => value !== mask.data[i]).length;
    expect(different).toBeLessThan(20);
    expect(new Set(data)).toEqual(new Set([0, 255]));
  });
});

it('a sketch on nothing is one on paper', async () => {
  const path = await file('lines.png', image(rgba(2, 1, (x) => [0, 0, 0, x === 0 ? 255 : 0])).png());
  expect([...(await readSketch(path)).data]).toEqual([0, 255]);
});

describe('readStrip', () => {
  it('is photo, sketch and mask from the left', async () => {
    const strip = rgba(12, 4, (x, y) =>
      x < 4 ? [x, y, 7, 255] : [...Array(3).fill((x + y) % 2 ? 0 : 255), 255],
    );
    const {
      source: left,
      sketch: { sketch },
      mask: hole,
    } = await readStrip(await file('strip.png', image(strip).png()), 'white');
    expect([...left.raster.data.subarray(4, 8)]).toEqual([1, 0, 7, 255]);
    expect([...sketch.data.subarray(0, 4)]).toEqual([255, 0, 255, 0]);
    expect([...hole.data.subarray(4, 8)]).toEqual([0, 255, 0, 255]);
    expect([left.raster.width, sketch.width, hole.height]).toEqual([4, 4, 4]);
  });

  it('is three times as wide as high', async () => {
    const path = await file('pair.png', image(busyPhoto(8, 4)).png());
    await expect(readStrip(path, 'white')).rejects.toThrow(/not a strip[\s\S]*8 x 4 px/);
  });
});

it('bytes of images are rounded and clipped', () => {
  expect([...toRgb(Float32Array.of(-1.2, 0, 1), 1).data]).toEqual([0, 128, 255]);
  expect([...toRgb(Float32Array.of(1), 1).data]).toEqual([255, 255, 255]);
  expect(readFileSync(join(folder, 'glass.png')).subarray(1, 4).toString()).toBe('PNG');
});
