/** The editor's page in Firefox. By Puppeteer, as Playwright wants commands of browsers that Debian's Firefox does not have. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TinyEditor, tinyEditor } from './tiny-editor.ts';

const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const noFirefox = existsSync(executablePath)
  ? undefined
  : `no browser at ${executablePath}: install Debian's firefox-esr, or set FIREFOX`;
if (noFirefox) console.log(`The editor's page is not tested in Firefox: ${noFirefox}`);

/** As slow as a machine may be that does other things as well. */
const timeout = 100_000;

async function settled(page: Page): Promise<void> {
  await page.waitForSelector('#welcome', { hidden: true });
  await page.waitForSelector('body:not([data-busy]):not([data-storing])');
}

const result = (page: Page) => page.waitForSelector('#result-pane[data-state="shown"]');

/** Draws a line around the middle of the photo, px of the page. */
async function stroke(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
  const stage = (await (await page.$('#draw-stage'))!.boundingBox())!;
  const place = ([x, y]: readonly [number, number]) =>
    [stage.x + stage.width / 2 + x, stage.y + stage.height / 2 + y] as const;
  await page.mouse.move(...place(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...place(point), { steps: 4 });
  await page.mouse.up();
}

/** What the page shows of the drawing, or of the result. */
const shown = (page: Page, pane: 'draw' | 'result'): Promise<string> =>
  page.$$eval(`#${pane}-stage canvas.layer`, (layers) =>
    layers.map((layer) => (layer as HTMLCanvasElement).toDataURL()).join(' '),
  );

describe.skipIf(noFirefox)(`the page in Firefox${noFirefox ? ` (${noFirefox})` : ''}`, () => {
  let editor: TinyEditor;
  let firefox: Browser;
  beforeAll(async () => {
    [editor, firefox] = await Promise.all([
      tinyEditor(),
      puppeteer.launch({ browser: 'firefox', executablePath, headless: true, timeout }),
    ]);
  });
  afterAll(async () => {
    await firefox?.close();
    await editor?.close();
  });

  it('shows the result of a hole and a line, and finds both again after a reload', async () => {
    const page = await firefox.newPage();
    page.setDefaultTimeout(timeout);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) errors.push(message.text());
    });
    await page.setViewport({ width: 1280, height: 720 });
    await page.goto(editor.url);
    await page.waitForSelector('body:not([data-busy])');

    const side = 160;
    const background = { width: side, height: side, channels: 3, background: '#a07050' } as const;
    const photo = join(editor.folder, 'photo.png');
    writeFileSync(photo, await sharp({ create: background }).png().toBuffer());
    await (await page.$('input#file'))!.uploadFile(photo);
    await settled(page);
    const before = await shown(page, 'result');
    await page.click('[data-tool="hole"]');
    await stroke(page, [
      [-40, 0],
      [40, 0],
    ]);
    await result(page);
    const hole = await shown(page, 'draw');
    expect(await shown(page, 'result')).not.toBe(before);
    await page.click('[data-tool="lines"]');
    await stroke(page, [
      [-40, -5],
      [0, 5],
      [40, -5],
    ]);
    await result(page);
    await settled(page);
    const drawn = [await shown(page, 'draw'), await shown(page, 'result')];
    expect(drawn[0]).not.toBe(hole);

    await page.reload();
    await settled(page);
    await result(page);
    expect([await shown(page, 'draw'), await shown(page, 'result')]).toEqual(drawn);
    expect(errors).toEqual([]);
  });
});
