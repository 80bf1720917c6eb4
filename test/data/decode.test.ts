import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePhoto, UnusableImage } from '../../src/data/decode.ts';
import { temporaryFolder } from './support.ts';

const folder = await temporaryFolder();
const n = 64;
const colour = { r: 200, g: 100, b: 50 };
const grey = 128;

const plain = (width = 100, height = 80) =>
  sharp({ create: { width, height, channels: 3, background: colour } });

async function save(name: string, image: Sharp): Promise<string> {
  const path = join(folder, name);
  await image.toFile(path);
  return path;
}

/** RGB at a place given in shares of the side. */
function at(pixels: Buffer, x: number, y: number): number[] {
  const i = (Math.floor(y * n) * n + Math.floor(x * n)) * 3;
  return [...pixels.subarray(i, i + 3)];
}

function expectColour(found: number[], expected: number[], tolerance = 3): void {
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i] - value)).toBeLessThanOrEqual(tolerance);
}

describe('formats', () => {
  const rgb = [colour.r, colour.g, colour.b];
  it.each<[string, Sharp, number[], number?]>([
    ['rgb.jpg', plain().jpeg(), rgb],
    ['rgb.webp', plain().webp({ lossless: true }), rgb],
    ['palette.png', plain().png({ palette: true }), rgb],
    ['sixteen-bit.png', plain().toColourspace('rgb16').png(), rgb],
    ['grey.jpg', plain().toColourspace('b-w').jpeg(), [grey, grey, grey], 4],
    ['grey-sixteen-bit.png', plain().toColourspace('grey16').png(), [grey, grey, grey], 4],
    // Through CMYK colours come back only roughly.
    ['cmyk.jpg', plain().toColourspace('cmyk').jpeg(), rgb, 40],
    ['display-p3.jpg', plain().withIccProfile('p3').jpeg(), rgb, 4],
    ['half-transparent.png', plain().ensureAlpha(0.5).png(), rgb.map((v) => (v + 255) / 2)],
    ['transparent.png', plain().ensureAlpha(0).png(), [255, 255, 255]],
    ['grey-alpha.png', plain().ensureAlpha(0).toColourspace('b-w').png(), [255, 255, 255]],
  ])('%s', async (name, image, expected, tolerance) => {
    const pixels = await decodePhoto(await save(name, image), n, 32);
    expect(pixels.length).toBe(n * n * 3);
    expectColour(at(pixels, 0.5, 0.5), expected, tolerance);
  });

  it('turns a photo upright by its EXIF orientation', async () => {
    // Stored lying: left half red. Orientation 6 turns it a quarter to the right: the red half comes to the top.
    const red = await sharp({ create: { width: 50, height: 100, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const lying = sharp({ create: { width: 100, height: 100, channels: 3, background: 'blue' } }).composite([
      { input: red, left: 0, top: 0 },
    ]);
    const path = await save('turned.jpg', lying.withMetadata({ orientation: 6 }).jpeg({ quality: 100 }));
    const pixels = await decodePhoto(path, n, 32);
    expectColour(at(pixels, 0.5, 0.2), [255, 0, 0], 6);
    expectColour(at(pixels, 0.5, 0.8), [0, 0, 255], 6);
  });

  it('cuts the central square from wide and from high photos', async () => {
    const stripes = [0, 100, 200].map((left, i) => ({
      input: {
        create: { width: 100, height: 100, channels: 3 as const, background: ['red', 'lime', 'blue'][i] },
      },
      left,
      top: 0,
    }));
    const wide = sharp({ create: { width: 300, height: 100, channels: 3, background: 'white' } }).composite(
      stripes,
    );
    const path = await save('wide.png', wide);
    const pixels = await decodePhoto(path, n, 32);
    for (const x of [0.05, 0.5, 0.95]) expectColour(at(pixels, x, 0.5), [0, 255, 0]);
    const high = await save('high.png', sharp(path).rotate(90));
    for (const y of [0.05, 0.5, 0.95]) expectColour(at(await decodePhoto(high, n, 32), 0.5, y), [0, 255, 0]);
  });

  it('averages what it makes smaller', async () => {
    const size = 512;
    const checks = Buffer.from(
      Array.from({ length: size * size }, (_, i) => ((i + Math.floor(i / size)) % 2) * 255),
    );
    const path = await save('checks.png', sharp(checks, { raw: { width: size, height: size, channels: 1 } }));
    const pixels = await decodePhoto(path, n, 32);
    for (const x of [0.2, 0.5, 0.8]) expectColour(at(pixels, x, 0.4), [127, 127, 127], 8);
  });
});

describe('crops', () => {
  it('mirrors what lies beyond the border', async () => {
    const left = {
      input: { create: { width: 50, height: 100, channels: 3 as const, background: 'red' } },
      left: 0,
      top: 0,
    };
    const halves = sharp({ create: { width: 100, height: 100, channels: 3, background: 'blue' } }).composite([
      left,
    ]);
    const path = await save('halves.png', halves);
    const crop = async () => ({ left: -100, top: -50, side: 200 });
    const pixels = await decodePhoto(path, n, 32, crop);
    // Columns -100..99: the mirror image (blue, red), then the photo (red, blue).
    expectColour(at(pixels, 0.1, 0.5), [0, 0, 255]);
    expectColour(at(pixels, 0.4, 0.5), [255, 0, 0]);
    expectColour(at(pixels, 0.6, 0.5), [255, 0, 0]);
    expectColour(at(pixels, 0.9, 0.1), [0, 0, 255]);
  });

  it('that are too small are refused', async () => {
    const path = await save('far.png', plain(400, 400));
    await expect(decodePhoto(path, n, 32, async () => ({ left: 0, top: 0, side: 20 }))).rejects.toThrow(
      /too small: 20 px/,
    );
  });
});

describe('unusable files', () => {
  const noise = Buffer.from(Array.from({ length: 200 * 200 * 3 }, (_, i) => (i * 7919) % 251));
  const truncated = async (name: string) => {
    const whole = await save(
      `whole-${name}`,
      sharp(noise, { raw: { width: 200, height: 200, channels: 3 } }),
    );
    const path = join(folder, name);
    const bytes = await readFile(whole);
    await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    return path;
  };
  const text = async (name: string, content: string) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };

  it.each<[string, () => Promise<string>, RegExp]>([
    ['a truncated JPEG', () => truncated('cut.jpg'), /cannot be decoded: .*premature end/],
    ['a truncated PNG', () => truncated('cut.png'), /cannot be decoded/],
    ['a truncated WebP', () => truncated('cut.webp'), /cannot be decoded/],
    ['text', () => text('text.jpg', 'no image'), /cannot be decoded/],
    ['an empty file', () => text('empty.png', ''), /cannot be decoded/],
    ['a missing file', async () => join(folder, 'missing.png'), /cannot be decoded: .*missing/],
    ['a small file', () => save('small.png', plain(300, 31)), /too small: 31 px a side, at least 32/],
  ])('%s', async (_, make, message) => {
    const error = await decodePhoto(await make(), n, 32).catch((e) => e);
    expect(error).toBeInstanceOf(UnusableImage);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });
});
