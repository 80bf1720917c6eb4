import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeProject, encodeProject, imageSize } from '../../../src/editor/web/worker/files.ts';

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
    expect(imageSize(await encode().toBuffer())).toEqual({ width: 321, height: 123 });
  });

  it('is unknown for what is cut off or no image', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer();
    for (let length = 0; length < 40; length++) expect(imageSize(jpeg.subarray(0, length))).toBeUndefined();
    expect(imageSize(Buffer.from('<svg/>'))).toBeUndefined();
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
