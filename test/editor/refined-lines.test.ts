import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, noBrowser } from './browser.ts';

if (noBrowser) console.log(`Refined lines are not tested: ${noBrowser}`);

const side = 160;
const holeLeft = 40;
const holeRight = 120;

describe.skipIf(noBrowser)(`refined lines${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  it('are shown over the drawing where the network saw it, and become its lines, by the server and in the page', async () => {
    const page = await tested.open();
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#a07050' } })
        .png()
        .toBuffer(),
    );
    await page.way('hole-rectangle');
    await page.stroke(side, [
      [holeLeft, 60],
      [holeRight, 110],
    ]);
    await page.tool('lines');
    await page.stroke(side, [
      [50, 85],
      [110, 90],
    ]);
    for (const engine of ['server', 'wasm']) {
      await page.page.selectOption('#engine', engine);
      expect(await page.result()).toContain(engine === 'server' ? 'server' : 'WebAssembly');
      const drawn = await page.save('sketch');
      await page.page.click('#refined-toggle');
      await page.page.waitForSelector('#refined:not([hidden])');
      const overlay = await page.page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>('#refined')!;
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        const columns = new Set<number>();
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) columns.add(((i - 3) / 4) % canvas.width);
        const [box, stage] = ['#refined', '#draw-stage'].map((id) =>
          document.querySelector(id)!.getBoundingClientRect(),
        );
        const scale = box.width / canvas.width;
        return {
          left: box.left + Math.min(...columns) * scale - stage.left,
          right: box.left + (Math.max(...columns) + 1) * scale - stage.left,
          stage: [stage.width, stage.height],
          pixel: scale,
        };
      });
      // The overlay lies on the hole, to a pixel of the network.
      const [width, height] = overlay.stage;
      const scale = Math.min((width - 32) / side, (height - 32) / side, 8);
      const onStage = (x: number) => width / 2 + (x - side / 2) * scale;
      expect(overlay.left).toBeGreaterThan(onStage(holeLeft) - 2 * overlay.pixel);
      expect(overlay.right).toBeLessThan(onStage(holeRight) + 2 * overlay.pixel);
      await page.page.click('#refined-take');
      await page.result();
      const taken = await page.save('sketch');
      expect(taken.equals(drawn)).toBe(false);
      await page.page.click('#undo');
      await page.result();
      expect((await page.save('sketch')).equals(drawn)).toBe(true);
      await page.page.click('#refined-toggle');
      await page.page.waitForSelector('#refined', { state: 'hidden' });
    }
    expect(page.errors).toEqual([]);
    await page.close();
  });
});
