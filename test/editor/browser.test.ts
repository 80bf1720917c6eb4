import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { german } from '../../src/editor/web/texts/de.ts';
import { said } from '../infer/said.ts';
import { EditorInBrowser, type EditorPage, noBrowser } from './browser.ts';
import { longestMainTask } from './trace.ts';

const side = 160;
if (noBrowser) console.log(`The editor's page is not tested: ${noBrowser}`);

/** A photo without equal pixels near each other, so that every change shows. */
const photo = sharp(
  Buffer.from(Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 7 + (i >> 5) * 13) % 200)),
  { raw: { width: side, height: side, channels: 3 } },
)
  .png()
  .toBuffer();
/** What of elements people read. */
const readAttributes = ['title', 'aria-label', 'aria-valuetext', 'alt', 'placeholder', 'data-word'];
const pixelsOf = async (png: Buffer) => sharp(png).removeAlpha().raw().toBuffer();
const greyOf = async (png: Buffer) => sharp(png).extractChannel(0).raw().toBuffer();

describe.skipIf(noBrowser)(`the page${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<EditorPage> {
    const page = await tested.open(options);
    return page;
  }

  /** A photo with a hole and a line in it, and its result. */
  async function openWithDrawing(options?: Parameters<typeof openPage>[0]): Promise<EditorPage> {
    const page = await openPage(options);
    await page.open(await photo);
    await page.tool('hole');
    await page.stroke(side, [
      [60, 80],
      [100, 80],
    ]);
    await page.result();
    await page.tool('lines');
    await page.stroke(side, [
      [60, 75],
      [80, 85],
      [100, 75],
    ]);
    await page.result();
    return page;
  }

  it('changes the photo inside the hole and only there', async () => {
    const page = await openWithDrawing();
    const before = await pixelsOf(await photo);
    const mask = await greyOf(await page.save('hole'));
    const after = await pixelsOf(await page.save('result'));
    let inside = 0;
    let outside = 0;
    for (let i = 0; i < mask.length; i++) {
      const changed = [0, 1, 2].some((c) => before[3 * i + c] !== after[3 * i + c]);
      if (changed && mask[i]) inside++;
      else if (changed) outside++;
    }
    const holeSize = mask.filter((value) => value === 255).length;
    expect(outside).toBe(0);
    expect(holeSize).toBeGreaterThan(500);
    expect(inside).toBeGreaterThan(0.8 * holeSize);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('undoes, does again, and shows other l', async () => {
    const page = await openWithDrawing();
    const lines = async () => (await greyOf(await page.save('sketch'))).filter((value) => value === 0).length;
    const drawn = await lines();
    expect(drawn).toBeGreaterThan(40);
    await page.page.keyboard.press('Control+z');
    expect(await lines()).toBe(0);
    await page.page.click('#redo');
    expect(await lines()).toBe(drawn);
    await page.page.keyboard.press('Control+z');
    await page.page.keyboard.press('Control+z');
    expect((await greyOf(await page.save('hole'))).every((value) => value === 0)).toBe(true);
    expect(await page.page.isDisabled('#undo')).toBe(true);
    await page.page.keyboard.press('Control+y');

    await page.result();
    await page.page.locator('#l').press('ArrowRight');
    expect(await page.result()).toMatch(/^l 0\.55/);
    const half = await page.save('result');
    const { statement, xmp } = await said(half);
    expect(statement).toMatch(/^Edited by a machine: .*\(model .*, step 1; l = 0\.55\)$/);
    expect(xmp).toContain('/compositeWithTrainedAlgorithmicMedia"');
    expect((await said(await page.save('sketch'))).statement).toBeUndefined();
    await page.page.click('#strip button:last-child');
    expect(await page.result()).toMatch(/^l 1\.00/);
    const pixelsOf = (png: Buffer) => sharp(png).raw().toBuffer();
    expect((await pixelsOf(await page.save('result'))).equals(await pixelsOf(half))).toBe(false);
    expect(await page.page.getAttribute('#strip button:last-child', 'aria-pressed')).toBe('true');
    await page.close();
  });

  it('brings the drawing back after a reload, and a project in another browser', async () => {
    const page = await openWithDrawing();
    await page.page.locator('#l').press('ArrowRight');
    await page.result();
    const saved = await Promise.all([greyOf(await page.save('hole')), greyOf(await page.save('sketch'))]);
    const project = await page.save('project');
    await page.reload();
    expect(await page.result()).toMatch(/^l 0\.55/);
    expect(await Promise.all([greyOf(await page.save('hole')), greyOf(await page.save('sketch'))])).toEqual(
      saved,
    );
    await page.close();

    const other = await openPage();
    await other.open(project, 'x.project.json', 'application/json');
    expect(await other.result()).toMatch(/^l 0\.55/);
    expect(await Promise.all([greyOf(await other.save('hole')), greyOf(await other.save('sketch'))])).toEqual(
      saved,
    );
    await other.close();
  });

  it('goes on with the result as photo, and back', async () => {
    const page = await openWithDrawing();
    const result = await pixelsOf(await page.save('result'));
    const sketch = await page.save('sketch');
    await page.page.click('#use-result');
    await page.page.click('#draw-notice:has-text("is the photo now") button:has-text("Go back")');
    await page.settled();
    await page.result();
    expect((await page.save('sketch')).equals(sketch)).toBe(true);

    await page.page.click('#use-result');
    await page.page.waitForSelector('#draw-notice:has-text("is the photo now")');
    await page.tool('hole');
    await page.stroke(side, [
      [30, 30],
      [40, 30],
    ]);
    await page.result();
    const hole = await greyOf(await page.save('hole'));
    const after = await pixelsOf(await page.save('result'));
    expect(hole[80 * side + 80]).toBe(0);
    expect([...hole.keys()].every((i) => hole[i] || after[3 * i] === result[3 * i])).toBe(true);
    await page.close();
  });

  it('shows the network what is chosen, and says when there is no face', async () => {
    const page = await openPage();
    await page.open(
      await sharp(await photo)
        .resize(320, 320, { kernel: 'nearest' })
        .png()
        .toBuffer(),
    );
    await page.stroke(320, [
      [150, 160],
      [170, 160],
    ]);
    await page.result();
    const around = await page.save('result');
    await page.page.selectOption('#region', 'whole');
    await page.result();
    expect((await page.save('result')).equals(around)).toBe(false);
    await page.page.selectOption('#region', 'face');
    await page.result();
    expect((await page.save('result')).equals(around)).toBe(true);
    expect(await page.page.textContent('#region option:checked')).toContain('no face found');
    await page.close();
  });

  it('offers no colour where the model takes none', async () => {
    const page = await openWithDrawing();
    const shown = await page.page.locator('[data-needs="colour"]:visible').count();
    expect(shown).toBe(0);
    await page.page.keyboard.press('c');
    expect(await page.page.getAttribute('[data-tool="lines"]', 'aria-pressed')).toBe('true');
    await page.close();
  });

  it('says in place what is no image, and keeps the drawing', async () => {
    const page = await openWithDrawing();
    const sketch = await page.save('sketch');
    for (const [name, type, content, said] of [
      ['a.png', 'image/png', 'not an image', 'not an image'],
      ['a.json', 'application/json', '{', 'no JSON'],
      ['a.json', 'application/json', '{"format":"else"}', 'not a project'],
    ] as const) {
      await page.open(Buffer.from(content), name, type);
      await page.page.waitForSelector(`#draw-notice:has-text("${said}")`);
    }
    // A header that promises 30,000 x 30,000 pixels.
    const bomb = Buffer.from(await photo);
    bomb.writeUInt32BE(30_000, 16);
    bomb.writeUInt32BE(30_000, 20);
    await page.open(bomb);
    await page.page.waitForSelector('#draw-notice:has-text("at most")');
    expect((await page.save('sketch')).equals(sketch)).toBe(true);
    await page.close();
  });

  it('draws by keyboard alone', async () => {
    const page = await openPage();
    await page.open(await photo);
    await page.page.focus('#draw-stage');
    await page.page.keyboard.press('Enter');
    for (let i = 0; i < 5; i++) await page.page.keyboard.press('ArrowRight');
    await page.page.keyboard.press('Enter');
    await page.result();
    expect((await greyOf(await page.save('hole'))).some((value) => value === 255)).toBe(true);
    await page.close();
  });

  it('draws by touch on a phone, and zooms with two fingers', async () => {
    const page = await openPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.open(await photo);
    const box = (await page.page.locator('#draw-stage').boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.page.touchscreen.tap(x, y);
    await page.result();
    const devtools = await page.page.context().newCDPSession(page.page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', spread?: number) =>
      devtools.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          spread === undefined
            ? []
            : [
                { x: x - spread, y, id: 1 },
                { x: x + spread, y, id: 2 },
              ],
      });
    await touch('touchStart', 20);
    for (const spread of [30, 40, 50, 60]) await touch('touchMove', spread);
    await touch('touchEnd');
    expect(await page.page.textContent('#zoom-value')).toMatch(/^[23]\d\d%$/);
    // The two fingers have not drawn.
    await page.page.click('#undo');
    expect(await page.page.isDisabled('#undo')).toBe(true);
    await page.close();
  });

  it('has nothing serious for axe-core to find', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openPage({ colorScheme });
      const check = async (state: string) => {
        expect(await page.seriousProblems(), `${colorScheme}, ${state}`).toEqual([]);
      };
      await check('at the start');
      await page.open(await photo);
      await page.stroke(side, [
        [60, 80],
        [100, 80],
      ]);
      await page.result();
      await check('with a result');
      await page.page.click('#save-more');
      await check('with a menu');
      await page.page.keyboard.press('Escape');
      await page.page.click('#help');
      await check('with the help');
      await page.close();
    }
  });

  it('keeps its main thread free while one draws', async () => {
    const page = await openPage();
    await page.open(
      await sharp(await photo)
        .resize(1600, 1600, { kernel: 'nearest' })
        .png()
        .toBuffer(),
    );
    await tested.browser.startTracing(page.page, { categories: ['toplevel'] });
    await page.stroke(1600, [
      [500, 700],
      [900, 700],
      [900, 900],
      [500, 950],
    ]);
    await page.result();
    await page.page.locator('#l').press('ArrowRight');
    await page.result();
    // Time of the thread itself: what else the machine is busy with does not count.
    expect(longestMainTask(await tested.browser.stopTracing())).toBeLessThan(50);
    await page.close();
  });

  it('speaks German where the browser, the settings or the address ask for it', async () => {
    const page = await openWithDrawing({ locale: 'de-DE' });
    const { page: tab } = page;
    /** English texts of the table that the page has somewhere, read or unseen. */
    const englishTexts = async () => {
      const found = await tab.evaluate((attributes) => {
        const texts: string[] = [];
        const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const { data, parentElement } = walker.currentNode as Text;
          if (parentElement?.translate) texts.push(...data.split('\n'));
        }
        for (const name of attributes) {
          for (const each of Array.from(document.querySelectorAll(`[${name}]`)))
            texts.push(...(each.getAttribute(name) ?? '').split('\n'));
        }
        return texts.map((text) => text.trim());
      }, readAttributes);
      const own = new Set(Object.values(german));
      return found.filter((text) => german[text] !== undefined && !own.has(text));
    };
    expect(await tab.getAttribute('html', 'lang')).toBe('de');
    expect(await tab.textContent('[data-tool="hole"]')).toBe('Maske');
    expect(await tab.getAttribute('#undo', 'title')).toBe('Rück\u00ADgängig (Strg+Z)');
    expect(await page.result()).toMatch(/^l 0,50 · \d+,\d\d s · /);
    await tab.click('#results-so-far');
    await tab.waitForSelector('#results .sample');
    await tab.click('#results-dialog [data-icon="close"]');
    await tab.click('#recent');
    await tab.waitForSelector('#records .sample');
    await tab.click('#recent-dialog [data-icon="close"]');
    // Its worker speaks German, too.
    await page.open(Buffer.from('no image'));
    await tab.waitForSelector('#draw-notice:has-text("Das ist kein Bild, das der Browser lesen kann.")');
    expect(await englishTexts()).toEqual([]);

    await page.kept();
    await tab.click('#help');
    expect(await tab.textContent('#help-dialog .steps')).toContain('Übermalen, was sich ändern soll');
    await tab.selectOption('#language', 'en');
    await tab.waitForURL('**/?lang=en');
    await page.settled();
    expect(await page.result()).toMatch(/^l 0\.50/);
    await tab.goto(tested.editor.url);
    await page.ready();
    expect(await tab.textContent('[data-tool="hole"]')).toBe('Hole');
    await tab.goto(`${tested.editor.url}?lang=de`);
    await page.ready();
    expect(await tab.textContent('[data-tool="hole"]')).toBe('Maske');
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('says that the server is gone, and keeps the drawing', async () => {
    const page = await openWithDrawing();
    const sketch = await page.save('sketch');
    await tested.editor.close();
    await page.page.locator('#l').press('ArrowRight');
    await page.page.waitForSelector('#result-notice:not([hidden])');
    expect(await page.page.textContent('#result-notice')).toContain('does not answer');
    expect((await page.save('sketch')).equals(sketch)).toBe(true);
    await page.close();
  });
});
