import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, noBrowser, webGpuInSoftware } from './browser.ts';
import { tinyEditor } from './tiny-editor.ts';

if (noBrowser) console.log(`Inference in the page is not tested: ${noBrowser}`);

const side = 96;
const photo = sharp({ create: { width: side, height: side, channels: 3, background: '#a07050' } })
  .png()
  .toBuffer();

describe.skipIf(noBrowser)(`inference in the page${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser(tinyEditor, webGpuInSoftware);

  it('gives the same pixels by WebAssembly, WebGPU and the server, and goes on when one fails', async () => {
    const page = await tested.open();
    expect(await page.page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.open(await photo);
    await page.stroke(side, [
      [30, 50],
      [60, 50],
    ]);
    const results: Buffer[] = [];
    for (const [engine, name] of [
      ['server', 'server'],
      ['wasm', 'WebAssembly'],
      ['webgpu', 'WebGPU'],
    ] as const) {
      await page.page.selectOption('#engine', engine);
      expect(await page.result()).toContain(name);
      results.push(
        await sharp(await page.save('result'))
          .removeAlpha()
          .raw()
          .toBuffer(),
      );
    }
    const [server, ...others] = results;
    for (const other of others) {
      // float32 sums in another order move a byte by one where it is just between two.
      const differences = other.map((value, i) => Math.abs(value - server[i]));
      expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    }
    expect(page.errors).toEqual([]);

    // The server goes; what is in the page goes on.
    await page.page.selectOption('#engine', 'server');
    await page.result();
    await tested.editor.close();
    await page.page.locator('#l').press('ArrowRight');
    expect(await page.result()).toMatch(/WebGPU|WebAssembly/);
    expect(await page.page.textContent('#draw-notice')).toMatch(/does not answer.*goes on/);
    await page.close();
  });
});
