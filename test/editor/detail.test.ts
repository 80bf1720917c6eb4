import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/runtime/seed.ts';
import { EditorInBrowser, noBrowser } from './browser.ts';

if (noBrowser) console.log(`Enlarged results are not tested: ${noBrowser}`);

const side = 640;
const [begin, end] = [220, 420];

/** A photo of one colour with strong grain. */
function grainyPhoto(): Promise<Buffer> {
  const grain = stream(3);
  const data = Buffer.alloc(3 * side * side);
  for (let i = 0; i < data.length; i += 3) data.fill(Math.round(130 + 8 * grain.normal()), i, i + 3);
  return sharp(data, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
}

/** Of the differences between neighbours beside each other, in the middle of the hole. */
function grainOf(pixels: Buffer): number {
  let sum = 0;
  const [from, to] = [begin + 40, end - 40];
  for (let y = from; y < to; y++)
    for (let x = from; x < to; x++) {
      const i = 3 * (y * side + x);
      sum += (pixels[i] - pixels[i + 3]) ** 2;
    }
  return Math.sqrt(sum / (to - from) ** 2 / 2);
}

describe.skipIf(noBrowser)(`enlarged results${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  it('have the photo’s grain, which the page says, and are plain when that is turned off', async () => {
    const page = await tested.open();
    const photo = await grainyPhoto();
    await page.open(photo);
    const field = page.page.locator('#detail-field');
    expect(await field.isVisible()).toBe(false);
    await page.way('hole-rectangle');
    await page.stroke(side, [
      [begin, begin],
      [end, end],
    ]);
    await page.result();
    // As wide as three times the hole, which was drawn to a pixel of the screen.
    const said = await field.innerText();
    expect(said).toMatch(/Sharpened:\s+the model’s 64 px are (59|60)\d px here \(9\.\d times\)/);
    const saved = async () =>
      sharp(await page.save('result'))
        .removeAlpha()
        .raw()
        .toBuffer();
    const sharpened = await saved();
    await page.page.click('#detail');
    await page.result();
    const plain = await saved();
    expect(grainOf(sharpened)).toBeGreaterThan(5);
    expect(grainOf(sharpened)).toBeLessThan(11);
    expect(grainOf(plain)).toBeLessThan(2);
    const original = await sharp(photo).raw().toBuffer();
    const hole = await page.marks('hole', side);
    const isOutside = (i: number) => !hole.at(Math.floor(i / 3) % side, Math.floor(i / 3 / side));
    const changed = [...original.keys()].filter((i) => sharpened[i] !== original[i]);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.filter(isOutside)).toEqual([]);
    // The choice stays.
    await page.page.click('#detail');
    await page.result();
    expect((await saved()).equals(sharpened)).toBe(true);
    expect(page.errors).toEqual([]);
    await page.close();
  });
});
