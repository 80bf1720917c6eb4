import type { BrowserContext } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, EditorPage, noBrowser, prepareWorker } from './browser.ts';

if (noBrowser) console.log(`What the browser keeps is not tested: ${noBrowser}`);

const side = 96;
const photo = (background: string) =>
  sharp({ create: { width: side, height: side, channels: 3, background } })
    .png()
    .toBuffer();
const greyOf = async (png: Buffer) => sharp(png).extractChannel(0).raw().toBuffer();
const pixelsOf = async (png: Buffer) => sharp(png).removeAlpha().raw().toBuffer();

describe.skipIf(noBrowser)(`what the browser keeps${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  const newBrowser = () => tested.browser.newContext({ viewport: { width: 1280, height: 720 } });

  async function openTab(context: BrowserContext): Promise<EditorPage> {
    const page = new EditorPage(await context.newPage());
    await page.page.goto(tested.editor.url);
    await page.ready();
    return page;
  }

  const paint = (page: EditorPage, y: number) =>
    page.stroke(side, [
      [20, y],
      [70, y],
    ]);
  const holeSize = async (page: EditorPage) => (await greyOf(await page.save('hole'))).filter(Boolean).length;
  const titles = async (page: EditorPage) => {
    await page.page.click('#recent');
    await page.page.waitForSelector('#records .sample');
    return page.page.$$eval('.record-name', (inputs) =>
      inputs.map((input) => (input as HTMLInputElement).value),
    );
  };
  const card = (page: EditorPage, name: string) =>
    page.page.locator('#records .sample', { has: page.page.locator(`[aria-label="Open ${name}"]`) });
  it('loses nothing when two tabs draw in turns and are both loaded anew', async () => {
    const context = await newBrowser();
    const a = await openTab(context);
    await a.open(await photo('#a07050'), 'a.png');
    await paint(a, 30);
    const b = await openTab(context);
    // The other tab has the newest edit: this one begins empty.
    expect(await b.page.isVisible('#welcome')).toBe(true);
    await b.open(await photo('#5070a0'), 'b.png');
    await paint(b, 40);
    await a.page.bringToFront();
    await paint(a, 60);
    const sizes = [await holeSize(a), await holeSize(b)];
    expect(sizes[0]).toBeGreaterThan(1.5 * sizes[1]!);
    await a.reload();
    await b.reload();
    expect([await holeSize(a), await holeSize(b)]).toEqual(sizes);
    expect([a.errors, b.errors]).toEqual([[], []]);
    await context.close();
  });

  it('walks through photos, drawings, l and results by undo and redo, also after a reload', async () => {
    const page = await openTab(await newBrowser());
    const states: Buffer[] = [];
    const note = async () => {
      await page.result();
      states.push(await pixelsOf(await page.save('result')));
    };
    await page.open(await photo('#a07050'));
    await paint(page, 40);
    await note();
    await page.page.click('#strip button:last-child');
    await note();
    await page.page.selectOption('#region', 'whole');
    await note();
    await page.page.click('#use-result');
    await page.page.waitForSelector('#draw-notice:has-text("is the photo now")');
    await paint(page, 60);
    await note();
    await page.reload();
    expect(await page.result()).toMatch(/^l 1\.00/);
    // What was computed once is there: nothing can be computed now.
    await page.page.route('**/api/*', (route) => route.abort());
    expect((await pixelsOf(await page.save('result'))).equals(states[3]!)).toBe(true);
    await page.page.click('#undo');
    await page.page.click('#undo');
    await page.settled();
    for (const state of [2, 1, 0]) {
      await page.result();
      expect((await pixelsOf(await page.save('result'))).equals(states[state]!), `state ${state}`).toBe(true);
      await page.page.click('#undo');
    }
    expect(await page.page.isDisabled('#undo')).toBe(true);
    expect(await page.page.inputValue('#region')).toBe('face');
    for (let i = 0; i < 3; i++) await page.page.click('#redo');
    await page.page.click('#redo');
    await page.settled();
    await page.page.click('#redo');
    await page.result();
    expect((await pixelsOf(await page.save('result'))).equals(states[3]!)).toBe(true);
    expect(await page.page.isDisabled('#redo')).toBe(true);
    await page.close();
  });

  it('begins a record with every picture, and opens, renames and deletes them', async () => {
    const page = await openTab(await newBrowser());
    await page.open(await photo('#a07050'), 'one.png');
    await paint(page, 40);
    const size = await holeSize(page);
    await page.open(await photo('#5070a0'), 'two.png');
    expect(await page.page.textContent('#draw-notice')).toContain('“one.png” is kept under Recent');
    await page.page.click('#draw-notice button:has-text("Go back to it")');
    await page.settled();
    await page.page.waitForSelector('#undo:enabled');
    expect(await holeSize(page)).toBe(size);

    expect(await titles(page)).toEqual(['two.png', 'one.png']);
    expect(await card(page, 'one.png').innerText()).toContain('open here');
    expect(await page.seriousProblems()).toEqual([]);
    await card(page, 'two.png').locator('.record-name').fill('Second');
    await card(page, 'two.png').locator('.record-name').press('Enter');
    await page.page.keyboard.press('Escape');
    expect((await titles(page)).sort()).toEqual(['Second', 'one.png']);
    await card(page, 'Second').locator('.sample-photo').click();
    await page.page.waitForSelector('#undo:disabled');
    await page.settled();
    expect(await holeSize(page)).toBe(0);
    await titles(page);
    await card(page, 'one.png').locator('.chip').click();
    await card(page, 'one.png').locator('.chip:has-text("for good?")').click();
    await card(page, 'one.png').waitFor({ state: 'detached' });
    await page.page.keyboard.press('Escape');
    expect(await titles(page)).toEqual(['Second']);
    await page.close();
  });

  it('lets one tab lead an edit, and tells the other', async () => {
    const context = await newBrowser();
    const a = await openTab(context);
    await a.open(await photo('#a07050'), 'one.png');
    await paint(a, 30);
    await a.kept();
    const b = await openTab(context);
    expect(await titles(b)).toEqual(['one.png']);
    await card(b, 'one.png').locator('.sample-photo').click();
    await b.page.click('#draw-notice:has-text("is open in another tab") button:has-text("Go on here")');
    await b.settled();
    await a.page.waitForSelector('#draw-notice:has-text("goes on in another tab")');
    expect(await a.page.isVisible('#welcome')).toBe(true);
    const before = await holeSize(b);
    await paint(b, 60);
    await b.kept();
    await a.page.click('#draw-notice button:has-text("Go on here")');
    await a.settled();
    expect(await holeSize(a)).toBeGreaterThan(1.5 * before);
    await b.page.waitForSelector('#draw-notice:has-text("goes on in another tab")');
    await context.close();
  });

  it('keeps a copy of what is drawn in a tab that did not hear of another’s going on', async () => {
    const context = await newBrowser();
    const page = await openTab(context);
    await page.open(await photo('#a07050'), 'one.png');
    await paint(page, 30);
    // With its result, so that nothing more is to be kept until the next stroke.
    await page.result();
    await page.kept();
    // As a tab does it, but that it tells nobody.
    await page.page.evaluate(async () => {
      const request = indexedDB.open('deep-plastic-surgery');
      await new Promise((resolve) => {
        request.onsuccess = resolve;
      });
      const store = request.result.transaction('records', 'readwrite').objectStore('records');
      const rows = store.getAll();
      await new Promise((resolve) => {
        rows.onsuccess = resolve;
      });
      store.put({ ...rows.result[0], leader: 'another' }, rows.result[0].id);
      await new Promise((resolve) => {
        store.transaction.oncomplete = resolve;
      });
      request.result.close();
    });
    const before = await holeSize(page);
    await paint(page, 60);
    await page.page.waitForSelector('#draw-notice:has-text("kept as “one.png (copy)”")');
    const size = await holeSize(page);
    expect(size).toBeGreaterThan(1.5 * before);
    await page.reload();
    expect(await holeSize(page)).toBe(size);
    expect(await titles(page)).toEqual(['one.png (copy)', 'one.png']);
    await card(page, 'one.png').locator('.sample-photo').click();
    await page.page.waitForSelector('#draw-notice:has-text("“one.png (copy)” is kept")');
    expect(await holeSize(page)).toBe(before);
    await context.close();
  });

  it('says that nothing is kept where the browser has no storage, and asks before the page is left', async () => {
    const context = await newBrowser();
    await prepareWorker(context, "Object.defineProperty(self, 'indexedDB', { value: undefined })");
    const page = await openTab(context);
    await page.page.waitForSelector('#draw-notice:has-text("keeps nothing")');
    await page.open(await photo('#a07050'));
    await paint(page, 40);
    await page.result();
    // The notice goes with the next stroke, the mark stays.
    await page.page.waitForSelector('#unkept:visible');
    const asked = page.page.waitForEvent('dialog');
    const left = page.page.close({ runBeforeUnload: true });
    const question = await asked;
    expect(question.type()).toBe('beforeunload');
    await question.dismiss();
    await left;
    expect(await holeSize(page)).toBeGreaterThan(0);
    await context.close();
  });

  it('says that the storage is full, and stores all as soon as there is room', async () => {
    const context = await newBrowser();
    await prepareWorker(
      context,
      `let left = 2; const { put } = IDBObjectStore.prototype;
       IDBObjectStore.prototype.put = function (...given) {
         if (this.name === 'steps' && left-- > 0) throw new DOMException('full', 'QuotaExceededError');
         return put.apply(this, given);
       }`,
    );
    const page = await openTab(context);
    await page.open(await photo('#a07050'));
    await paint(page, 30);
    await page.page.waitForSelector('#draw-notice:has-text("storage for this page is full")');
    await page.page.waitForSelector('#unkept:visible');
    for (const y of [50, 70]) await paint(page, y);
    await page.page.waitForSelector('#unkept', { state: 'hidden' });
    const size = await holeSize(page);
    await page.reload();
    expect(await holeSize(page)).toBe(size);
    await context.close();
  });

  it('takes the oldest of forty away when another picture comes, and says so before and after', async () => {
    const page = await openTab(await newBrowser());
    await page.page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('deep-plastic-surgery');
        request.onsuccess = () => resolve(request.result);
      });
      const transaction = database.transaction('records', 'readwrite');
      for (let i = 0; i < 39; i++) {
        const start = { drawing: [], l: 0.5, region: 'hole' };
        const id = `old${i}`;
        const row = { id, name: `${i}.png`, changed: i, bytes: 9, start, position: 0, leader: '' };
        transaction.objectStore('records').put(row, id);
      }
      await new Promise((resolve) => {
        transaction.oncomplete = resolve;
      });
      database.close();
    });
    await page.open(await photo('#a07050'));
    await page.page.waitForSelector('#draw-notice:has-text("next picture takes the place of “0.png”")');
    await page.open(await photo('#5070a0'), 'b.png');
    await page.page.waitForSelector('#draw-notice:has-text("“0.png”, the oldest, was removed")');
    const names = await titles(page);
    expect(names).toHaveLength(40);
    expect(names).not.toContain('0.png');
    await page.close();
  });

  it('takes over the edit that an earlier version of the page kept', async () => {
    const page = new EditorPage(await (await newBrowser()).newPage());
    await page.page.goto(`${tested.editor.url}icon.svg`);
    const bytes = [...(await photo('#a07050'))];
    await page.page.evaluate(async (bytes) => {
      const request = indexedDB.open('deep-plastic-surgery', 2);
      request.onupgradeneeded = () => request.result.createObjectStore('edit');
      await new Promise((resolve) => {
        request.onsuccess = resolve;
      });
      const transaction = request.result.transaction('edit', 'readwrite');
      const source = new Blob([Uint8Array.from(bytes)], { type: 'image/png' });
      transaction.objectStore('edit').put({ key: 'x', name: 'old.png', source }, 'photo');
      const drawing = [{ layer: 'hole', runs: Uint32Array.of(100, 150), bits: 1 }];
      transaction.objectStore('edit').put({ key: 'x', drawing, l: 0.25 }, 'drawing');
      await new Promise((resolve) => {
        transaction.oncomplete = resolve;
      });
      request.result.close();
    }, bytes);
    await page.page.goto(tested.editor.url);
    await page.settled();
    expect(await page.result()).toMatch(/^l 0\.25/);
    expect(await holeSize(page)).toBe(50);
    await page.close();
  });
});
