import { readFileSync, renameSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, type EditorPage, noBrowser } from './browser.ts';

if (noBrowser) console.log(`What the page says of errors is not tested: ${noBrowser}`);

const side = 96;

/** Ends the processes that compute for this one. */
function killEngines(): void {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  for (const pid of children) {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (line.includes('native/entry.mjs')) process.kill(Number(pid), 'SIGKILL');
  }
}

describe.skipIf(noBrowser)(`what the page says of errors${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  async function openWithResult(viewport = { width: 1280, height: 720 }): Promise<EditorPage> {
    const page = await tested.open({ viewport });
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#a07050' } })
        .png()
        .toBuffer(),
    );
    await page.stroke(side, [
      [30, 50],
      [60, 50],
    ]);
    await page.result();
    return page;
  }

  it.each([
    ['a desktop', { width: 1280, height: 720 }],
    ['a tablet', { width: 820, height: 1180 }],
    ['a phone', { width: 390, height: 844 }],
  ])('lies beside the drawing on %s, and the older result is marked', async (_, viewport) => {
    const page = await openWithResult(viewport);
    const isPhone = viewport.width < 760;
    if (isPhone) await page.view('result');
    expect(await page.page.textContent('#result-title')).toBe('Result');
    await page.page.route('**/api/*', (route) => route.abort());
    await page.page.keyboard.press('.');
    await page.page.waitForSelector('#result-notice:has-text("does not answer")');
    expect(await page.page.textContent('#result-title')).toBe('Result of an earlier drawing');
    expect(await page.seriousProblems()).toEqual([]);
    // A notice of the drawing, too, which phones go over to.
    await page.open(Buffer.from('no image'));
    await page.page.waitForSelector('#draw-notice:visible');
    for (const notice of ['#draw-notice', '#result-notice']) {
      if (isPhone) await page.view(notice === '#draw-notice' ? 'drawing' : 'result');
      const stage = (await page.page.locator('.stage:visible').first().boundingBox())!;
      await page.page.waitForSelector(`${notice}:visible`, { timeout: 5000 });
      const box = (await page.page.locator(notice).boundingBox())!;
      expect(box.y >= stage.y + stage.height || box.x >= stage.x + stage.width, notice).toBe(true);
    }
    await page.page.unroute('**/api/*');
    await page.page.click('#result-notice button:has-text("Try again")');
    await page.result();
    expect(await page.page.textContent('#result-title')).toBe('Result');
    await page.close();
  });

  it.each(['main.js', 'editor.json'])(
    'is that the page was not loaded as a whole: without %s',
    async (file) => {
      const { page } = await tested.open();
      expect(await page.locator('#late').count()).toBe(0);
      await page.route(`**/${file}`, (route) => route.fulfill({ status: 400 }));
      await page.reload();
      await page.waitForSelector('#late', { state: 'attached' });
      // It would appear after some seconds.
      await page.evaluate(() => {
        for (const animation of document.getAnimations()) animation.finish();
      });
      expect(await page.isVisible('#late')).toBe(true);
      await page.unrouteAll();
      await page.click('#late a');
      await page.waitForSelector('#late', { state: 'detached' });
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'is that training has removed the checkpoint, when it has',
    async () => {
      const page = await openWithResult();
      await page.page.selectOption('#engine', 'server');
      await page.result();
      const moved = `${tested.editor.checkpoint}.moved`;
      renameSync(tested.editor.checkpoint, moved);
      killEngines();
      await page.page.keyboard.press('.');
      await page.page.click('#result-notice button:has-text("Try again")');
      await page.page.waitForSelector('#result-notice:has-text("has been removed since")');
      expect(await page.page.textContent('#result-notice')).not.toContain('damaged');
      renameSync(moved, tested.editor.checkpoint);
      await page.page.click('#result-notice button:has-text("Try again")');
      await page.result();
      await page.close();
    },
  );
});
