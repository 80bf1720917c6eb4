import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeProject, encodeProject } from '../../../src/editor/web/worker/files.ts';
import { exceptionsOf, readTraits } from '../../../src/editor/web/worker/photo-file.ts';
import { writePng } from '../../../src/editor/web/worker/png.ts';

const traitsOf = async (image: Sharp) => readTraits(new Uint8Array(await image.toBuffer()));
const picture = sharp({ create: { width: 321, height: 123, channels: 3, background: 'red' } });

describe('the size that a file says it has', () => {
  it.each([
    ['PNG', () => picture.clone().png()],
    ['JPEG', () => picture.clone().jpeg()],
    [
      'progressive JPEG with a comment',
      () =>
        picture
          .clone()
          .withExif({ IFD0: { Copyright: 'x'.repeat(500) } })
          .jpeg({ progressive: true }),
    ],
    ['WebP', () => picture.clone().webp()],
    ['lossless WebP', () => picture.clone().webp({ lossless: true })],
    ['WebP with transparency', () => picture.clone().ensureAlpha(0.5).webp()],
    ['GIF', () => picture.clone().gif()],
  ])('is read of %s', async (_, encode) => {
    expect((await traitsOf(encode())).size).toEqual({ width: 321, height: 123 });
  });

  it('is unknown for what is cut off or no image', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer();
    for (let length = 0; length < 40; length++)
      expect((await readTraits(new Uint8Array(jpeg.subarray(0, length)))).size).toBeUndefined();
    expect((await readTraits(new TextEncoder().encode('<svg/>'))).size).toBeUndefined();
  });
});

describe('what a saved result does not keep of a file', () => {
  const said = async (image: Sharp) => exceptionsOf(await traitsOf(image), false, true).join('; ');

  it.each([
    ['PNG', () => picture.clone().png()],
    ['JPEG', () => picture.clone().jpeg()],
    ['WebP', () => picture.clone().webp()],
    ['PNG with an sRGB profile', () => picture.clone().withIccProfile('srgb').png()],
    ['JPEG with an sRGB profile', () => picture.clone().withIccProfile('srgb').jpeg()],
    ['upright JPEG', () => picture.clone().withMetadata({ orientation: 1 }).jpeg()],
    ['grey JPEG', () => picture.clone().greyscale().jpeg()],
    ['PNG with a palette', () => picture.clone().png({ palette: true })],
  ])('is nothing of a %s', async (_, image) => {
    expect(await said(image())).toBe('');
  });

  it.each([
    ['PNG of wide gamut', () => picture.clone().withIccProfile('p3').png(), /profile “.*P3.*” become sRGB/],
    ['JPEG of wide gamut', () => picture.clone().withIccProfile('p3').jpeg(), /profile “.*P3.*” become sRGB/],
    ['WebP of wide gamut', () => picture.clone().withIccProfile('p3').webp(), /profile “.*P3.*” become sRGB/],
    ['PNG of 16 bits', () => picture.clone().toColourspace('rgb16').png(), /16 bits a channel become 8/],
    ['CMYK', () => picture.clone().withIccProfile('cmyk').toColourspace('cmyk').jpeg(), /CMYK becomes RGB/],
    ['turned JPEG', () => picture.clone().withMetadata({ orientation: 6 }).jpeg(), /saved upright/],
    ['turned PNG', () => picture.clone().withMetadata({ orientation: 8 }).png(), /saved upright/],
    ['turned WebP', () => picture.clone().withMetadata({ orientation: 3 }).webp(), /saved upright/],
    ['AVIF', () => picture.clone().avif(), /this format become 8-bit sRGB/],
  ])('is told of a %s', async (_, image, expected) => {
    expect(await said(image())).toMatch(expected);
  });

  it('is told of an animation', async () => {
    const frame = { create: { width: 20, height: 20, channels: 3, background: 'red' } } as const;
    const frames = await Promise.all(
      ['red', 'blue'].map((background) =>
        sharp({ create: { ...frame.create, background } })
          .png()
          .toBuffer(),
      ),
    );
    const joined = () => sharp(frames, { join: { animated: true } });
    expect(await said(joined().gif())).toContain('first picture');
    expect(await said(joined().webp())).toContain('first picture');
  });
});

describe('our PNG files', () => {
  it.each([1, 3, 4])('have exactly the pixels given, of %s channels', async (channels) => {
    const [width, height] = [37, 23];
    const data = Uint8Array.from(
      { length: width * height * channels },
      (_, i) => (i * i * 31 + (i >> 3)) % 256,
    );
    const png = Buffer.from(await (await writePng({ width, height, data })).arrayBuffer());
    const read = await sharp(png)
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(read.info).toMatchObject({ width, height, channels });
    expect(read.data.equals(Buffer.from(data))).toBe(true);
  });

  it('have no alpha where nothing is see-through', async () => {
    const data = new Uint8Array(4 * 20 * 20).fill(255);
    const png = Buffer.from(await (await writePng({ width: 20, height: 20, data })).arrayBuffer());
    expect((await sharp(png).metadata()).channels).toBe(3);
  });
});

describe('a project', () => {
  const blob = (text: string) => new Blob([text], { type: 'image/png' });

  it('comes back as it went', async () => {
    const photo = new Blob([Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)], { type: 'image/jpeg' });
    const saved = await encodeProject({
      name: 'a.jpg',
      photo,
      hole: blob('hole'),
      sketch: blob(''),
      l: 0.3,
    });
    const project = decodeProject(await saved.text());
    expect([project.name, project.l, project.photo.type]).toEqual(['a.jpg', 0.3, 'image/jpeg']);
    const [before, after] = [
      Buffer.from(await photo.arrayBuffer()),
      Buffer.from(await project.photo.arrayBuffer()),
    ];
    expect(after.equals(before)).toBe(true);
    expect([await project.hole.text(), await project.sketch.text()]).toEqual(['hole', '']);
    expect(project.colour).toBeUndefined();
  });

  it('has strokes of colour where there are some', async () => {
    const files = {
      photo: blob('photo'),
      hole: blob('hole'),
      sketch: blob('sketch'),
      colour: blob('colour'),
    };
    const saved = await encodeProject({ name: 'a', l: 0, ...files });
    expect(await decodeProject(await saved.text()).colour?.text()).toBe('colour');
  });

  it.each([
    ['', 'no JSON'],
    ['null', 'not a project'],
    ['[]', 'not a project'],
    ['{"format":"deep-plastic-surgery-project","version":2}', 'version 2'],
    ['{"format":"deep-plastic-surgery-project","version":1}', 'its photo cannot be read'],
    [
      '{"format":"deep-plastic-surgery-project","version":1,"photo":{"data":"%%"}}',
      'its photo cannot be read',
    ],
    [
      '{"format":"deep-plastic-surgery-project","version":1,"photo":{"data":""},"hole":{"data":""},"sketch":{"data":""},"colour":5}',
      'its colour cannot be read',
    ],
  ])('that is none is refused: %s', (text, said) => {
    expect(() => decodeProject(text)).toThrow(said);
  });
});
