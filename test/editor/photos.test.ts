import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, type EditorPage, noBrowser } from './browser.ts';

if (noBrowser) console.log(`What results keep of photos is not tested: ${noBrowser}`);

const side = 96;
/** A pattern without equal pixels near each other. */
const pattern = (width: number, height: number, channels: 3 | 4) =>
  sharp(
    Buffer.from(
      Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 7 + (i >> 5) * 13) % 256),
    ),
    { raw: { width, height, channels } },
  );

describe.skipIf(noBrowser)(`what results keep of photos${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  /** @param code is run in the page's worker before its own. */
  async function openPage(code = ''): Promise<EditorPage> {
    return tested.open({}, code);
  }

  /** The largest differences of red, green, blue and opacity between a photo and its result outside a hole in the middle. */
  async function differences(page: EditorPage, photo: Buffer, size = side): Promise<number[]> {
    await page.stroke(size, [
      [0.45 * size, 0.5 * size],
      [0.55 * size, 0.5 * size],
    ]);
    await page.result();
    const hole = await sharp(await page.save('hole'))
      .extractChannel(0)
      .raw()
      .toBuffer();
    const read = (png: Buffer) => sharp(png).ensureAlpha().raw().toBuffer();
    const [before, after] = [await read(photo), await read(await page.save('result'))];
    const most = [0, 0, 0, 0];
    for (let i = 0; i < before.length; i++) {
      const difference = Math.abs(before[i]! - after[i]!);
      if (difference > most[i % 4]! && !hole[i >> 2]) most[i % 4] = difference;
    }
    return most;
  }

  it('every byte outside the hole, also with an sRGB profile', async () => {
    const page = await openPage();
    for (const image of [pattern(side, side, 3), pattern(side, side, 3).withIccProfile('srgb')]) {
      const photo = await image.png().toBuffer();
      await page.open(photo);
      expect(await page.page.textContent('#draw-notice')).not.toContain('differ');
      expect(await differences(page, photo)).toEqual([0, 0, 0, 0]);
    }
    await page.close();
  });

  it('every byte of more pixels than Safari gives a canvas', async () => {
    const page = await openPage(`
      const { getContext } = OffscreenCanvas.prototype;
      OffscreenCanvas.prototype.getContext = function (...given) {
        return this.width * this.height > 16777216 ? null : getContext.apply(this, given);
      }`);
    const photo = await pattern(4224, 4096, 3).png({ compressionLevel: 1 }).toBuffer();
    await page.open(photo);
    await page.page.locator('#draw-stage').click();
    await page.result();
    const result = sharp(await page.save('result'));
    const corner = { left: 0, top: 3900, width: 4224, height: 196 };
    const [before, after] = await Promise.all(
      [sharp(photo), result].map((image) => image.ensureAlpha().extract(corner).raw().toBuffer()),
    );
    expect(after!.equals(before!)).toBe(true);
    await page.close();
  });

  it('opacity, but not quite the colours of what is see-through, which the page says', async () => {
    const page = await openPage();
    const photo = await pattern(side, side, 4).png().toBuffer();
    await page.open(photo);
    expect(await page.page.textContent('#draw-notice')).toContain('see-through pixels keep their opacity');
    expect((await differences(page, photo))[3]).toBe(0);
    await page.close();
  });

  it.each([
    ['a wide gamut', async () => pattern(side, side, 3).withIccProfile('p3').png().toBuffer(), 'P3'],
    ['16 bits', async () => pattern(side, side, 3).toColourspace('rgb16').png().toBuffer(), '16 bits'],
    [
      'CMYK',
      async () => pattern(side, side, 3).withIccProfile('cmyk').toColourspace('cmyk').jpeg().toBuffer(),
      'CMYK becomes RGB',
    ],
    [
      'turned',
      async () => pattern(side, side, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      'saved upright',
    ],
  ])('not %s, which the page says', async (_, photo, said) => {
    const page = await openPage();
    await page.open(await photo());
    const notice = await page.page.textContent('#draw-notice');
    expect(notice).toContain('A saved result will differ from this file outside the hole, too');
    expect(notice).toContain(said);
    await page.close();
  });

  it('not every byte where the browser adds noise, which the page says', async () => {
    const page = await openPage(`
      const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;
      OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...given) {
        const read = getImageData.apply(this, given);
        for (let i = 0; i < read.data.length; i += 97) read.data[i] ^= 1;
        return read;
      }`);
    await page.open(await pattern(side, side, 3).png().toBuffer());
    expect(await page.page.textContent('#draw-notice')).toContain('adds noise to pixels');
    await page.close();
  });
});
