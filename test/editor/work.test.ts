/** How much the page does for a stroke: counted, not timed. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, type EditorPage, noBrowser } from './browser.ts';

if (noBrowser) console.log(`What the editor does for a stroke is not counted: ${noBrowser}`);

const photoOf = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#a07050' } })
    .jpeg()
    .toBuffer();

/** In the worker: how many bytes are stored, and how many pixels are made into pictures. */
const counting = `{
  self.done = { stored: 0, pictured: 0 };
  const bytesOf = (value) =>
    value instanceof Blob ? value.size
      : ArrayBuffer.isView(value) ? value.byteLength
      : value && typeof value === 'object' ? Object.values(value).reduce((sum, each) => sum + bytesOf(each), 0)
      : 8;
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...given) {
    self.done.stored += bytesOf(given[0]);
    return put.apply(this, given);
  };
  const { createImageBitmap } = self;
  self.createImageBitmap = (source, ...given) => {
    if (source instanceof ImageData) self.done.pictured += source.width * source.height;
    return createImageBitmap(source, ...given);
  };
}`;

/** In the worker: no result takes any time, so that previews are wanted however slow the machine is. */
const timeless = 'performance.now = () => 0';

async function doneBy({ page }: EditorPage): Promise<{ stored: number; pictured: number }> {
  const worker = page.workers().find((each) => each.url().endsWith('/worker.js'))!;
  return worker.evaluate(() => (self as unknown as { done: { stored: number; pictured: number } }).done);
}

/** Counts requests for the result at l = 0.5, which are not those for the small pictures; they wait for `gate`. */
async function countRequests({ page }: EditorPage, gate: Promise<void>): Promise<() => number> {
  let count = 0;
  await page.route('**/api/predict', async (route) => {
    if (route.request().postDataBuffer()?.readFloatLE(0) === 0.5) {
      count += 1;
      await gate;
    }
    await route.continue();
  });
  return () => count;
}

describe.skipIf(noBrowser)(`the work for a stroke${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  it('of thirty quick ones is that of the first and the last', async () => {
    const side = 160;
    const page = await tested.open({}, timeless);
    await page.open(await photoOf(side, side), 'photo.jpg', 'image/jpeg');
    const paint = (y: number) =>
      page.stroke(side, [
        [60, y],
        [100, y],
      ]);
    await paint(80);
    await page.result();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const requests = await countRequests(page, gate);
    await page.tool('lines');
    for (let i = 0; i < 30; i++) await paint(75 + i / 3);
    open();
    await page.result();
    expect(requests()).toBe(2);
    // The result is that of all strokes: none of the drawing as it is would be computed again.
    const sketch = await sharp(await page.save('sketch'))
      .extractChannel(0)
      .raw()
      .toBuffer();
    expect(sketch.filter((value) => value === 0).length).toBeGreaterThan(30 * 10);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('is shown before the pen is lifted, and is over with the stroke', async () => {
    const side = 160;
    const page = await tested.open({}, timeless);
    await page.open(await photoOf(side, side), 'photo.jpg', 'image/jpeg');
    await page.stroke(side, [
      [60, 80],
      [100, 80],
    ]);
    await page.result();
    const before = await page.save('result');
    const canvas = () => page.page.locator('#result-stage canvas').screenshot();
    const plain = await canvas();
    await page.tool('hole');
    const { x, y, width, height } = (await page.page.locator('#draw-stage').boundingBox())!;
    await page.page.mouse.move(x + width / 2, y + height / 2);
    await page.page.mouse.down();
    await page.page.mouse.move(x + width / 2, y + height / 2 + 90, { steps: 4 });
    await page.page.waitForSelector('#result-pane[data-preview]');
    expect((await canvas()).equals(plain)).toBe(false);
    await page.page.mouse.up();
    await page.page.waitForSelector('#result-pane:not([data-preview])[data-state="shown"]');
    expect((await page.save('result')).equals(before)).toBe(false);
    await page.page.keyboard.press('Control+z');
    await page.result();
    expect((await page.save('result')).equals(before)).toBe(true);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('on twelve megapixels is that of the hole, whatever the photo’s size', async () => {
    const [width, height] = [4000, 3000];
    const page = await tested.open({}, counting);
    await page.open(await photoOf(width, height), 'photo.jpg', 'image/jpeg');
    const stage = (await page.page.locator('#draw-stage').boundingBox())!;
    const draw = async (dy: number) => {
      const [x, y] = [stage.x + stage.width / 2, stage.y + stage.height / 2 + dy];
      await page.page.mouse.move(x, y);
      await page.page.mouse.down();
      await page.page.mouse.move(x + 10, y, { steps: 4 });
      await page.page.mouse.up();
      await page.result();
      await page.kept();
    };
    await draw(0);
    await page.tool('lines');
    const before = await doneBy(page);
    await draw(2);
    const after = await doneBy(page);
    // The photo has 12 million pixels, of which 48 million bytes are stored.
    expect(after.pictured - before.pictured).toBeGreaterThan(0);
    expect(after.pictured - before.pictured).toBeLessThan(600_000);
    expect(after.stored - before.stored).toBeGreaterThan(0);
    expect(after.stored - before.stored).toBeLessThan(100_000);
    await page.close();
  });
});
