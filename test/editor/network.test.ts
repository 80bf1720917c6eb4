import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, EditorPage, noBrowser } from './browser.ts';
import { tinyCheckpoint, tinyEditor } from './tiny-editor.ts';

if (noBrowser) console.log(`The page on another device is not tested: ${noBrowser}`);

const side = 96;

describe.skipIf(noBrowser)(`the page on another device${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser(
    () => tinyEditor(tinyCheckpoint, { host: '0.0.0.0', allowedHosts: ['studio.test'] }),
    // To the browser these are other machines, whose pages it does not trust without https.
    ['--disable-gpu', '--host-resolver-rules=MAP *.test 127.0.0.1'],
  );
  const at = (name: string) => `http://${name}.test:${new URL(tested.editor.url).port}/`;

  it('draws, computes in both places and comes back after a reload, without what browsers keep for https', async () => {
    const page = new EditorPage(await tested.browser.newPage({ viewport: { width: 1280, height: 720 } }));
    await page.page.goto(at('studio'));
    await page.ready();
    const missing = await page.page.evaluate(() => [
      isSecureContext,
      'randomUUID' in crypto,
      'locks' in navigator,
      'SharedArrayBuffer' in globalThis,
    ]);
    expect(missing).toEqual([false, false, false, false]);
    expect(await page.page.innerText('#photos-go')).toContain('goes to studio.test');
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#a07050' } })
        .png()
        .toBuffer(),
    );
    await page.stroke(side, [
      [30, 50],
      [60, 50],
    ]);
    expect(await page.result()).toContain('server');
    await page.page.selectOption('#engine', 'wasm');
    expect(await page.result()).toContain('WebAssembly');
    expect(await page.page.getAttribute('#engine option[value="webgpu"]', 'title')).toContain('https');
    const hole = await page.save('hole');
    await page.reload();
    expect((await page.save('hole')).equals(hole)).toBe(true);
    // Chromium complains of a header that asks for what it gives to https only.
    expect(page.errors.filter((error) => !error.includes('Cross-Origin-Opener-Policy'))).toEqual([]);
    await page.close();
  });

  it('leaves the API to programs that know the token', async () => {
    const model = (headers = {}) => fetch(`${tested.editor.url}api/v1/model`, { headers });
    expect((await model()).status).toBe(401);
    expect((await model({ Authorization: `Bearer ${tested.editor.apiToken}` })).status).toBe(200);
    expect(tested.editor.apiToken).toMatch(/^[\w-]{32}$/);
  });

  it('is refused under another name, in words', async () => {
    const page = await tested.browser.newPage();
    const answer = await page.goto(at('other'));
    expect(answer?.status()).toBe(421);
    expect(await page.innerText('main')).toContain('--allow-host other.test');
    await page.close();
  });
});
