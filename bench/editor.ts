/**
 * How fast the editor is on photos of 1, 12 and 24 megapixels: `node --import tsx bench/editor.ts URL...`, with an editor
 * that runs at each URL, and Chromium. Several are measured in turns, to be compared.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';

const urls = process.argv.slice(2);
if (urls.length === 0) throw new Error('Where do editors run? node --import tsx bench/editor.ts URL...');
const sizes = (process.env.MEGAPIXELS ?? '1,12,24').split(',').map(Number);
const lineStrokes = 5;
const quickStrokes = 30;

const settled = 'body:not([data-busy]):not([data-storing])';

interface Recorded {
  /** From pen-up to picture, ms. */
  readonly times: number[];
  /** From pen-down to the first picture of the unfinished stroke, ms. */
  readonly previews: number[];
  /** From what had been drawn to its picture, while the pen moves, ms. */
  readonly moving: number[];
}

/** A photo of 4 x 3, smooth with some grain, as cameras make them. */
async function photoOf(megapixels: number): Promise<Buffer> {
  const height = Math.round(Math.sqrt((megapixels * 1e6 * 3) / 4));
  const width = Math.round((height * 4) / 3);
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
  const blobs = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'grey', noise } })
    .resize(width, height)
    .jpeg()
    .toBuffer();
  const grain = await sharp({
    create: { width: 512, height: 512, channels: 3, background: 'grey', noise: { ...noise, sigma: 8 } },
  })
    .png()
    .toBuffer();
  return sharp(blobs)
    .composite([{ input: grain, tile: true, blend: 'soft-light' }])
    .jpeg({ quality: 90 })
    .toBuffer();
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const round = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(' ');

/** @param photo a file */
async function measure(browser: Browser, url: string, photo: string): Promise<string> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.setDefaultTimeout(120_000);
  let requests = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/api/predict')) requests += 1;
  });
  await page.addInitScript(recordTasks);
  await page.addInitScript(recordPreviews);
  await page.goto(url);
  await page.waitForSelector('body:not([data-busy])');
  const started = await page.evaluate(takeTasks);
  // A path: a buffer would come through the page's main thread.
  await page.setInputFiles('#file', photo);
  await page.waitForSelector('#welcome', { state: 'hidden' });
  await page.waitForSelector(settled);
  const opened = await page.evaluate(takeTasks);
  await page.evaluate(record);
  const recorded = () =>
    page.evaluate(() => {
      const { times, previews, moving } = window as unknown as Recorded;
      return { times, previews, moving };
    });
  const box = (await page.locator('#draw-stage').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const stroke = async (dy: number, steps: number) => {
    await page.mouse.move(x - 60, y - 60 + dy);
    await page.mouse.down();
    await page.mouse.move(x + 60, y - 50 + dy, { steps });
    await page.mouse.up();
  };
  const shown = (count: number) =>
    page.waitForFunction((most) => (window as unknown as Recorded).times.length >= most, count);

  await stroke(0, 12);
  await shown(1);
  await page.click('[data-tool="lines"]');
  for (let i = 0; i < lineStrokes; i++) {
    await stroke(4 * i, 12);
    await shown(i + 2);
  }
  // As a hand draws: a move every frame.
  await page.mouse.move(x - 60, y - 60);
  await page.mouse.down();
  for (let i = 0; i < 60; i++) {
    await page.mouse.move(x - 60 + 2 * i, y - 60 + (i % 20));
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  await page.mouse.up();
  await shown(lineStrokes + 2);
  const { times, previews, moving } = await recorded();

  const before = requests;
  const begin = performance.now();
  for (let i = 0; i < quickStrokes; i++) await stroke(i, 3);
  await idle(page);
  const quick = performance.now() - begin;
  const last = (await recorded()).times.at(-1)!;
  const drawn = await page.evaluate(takeTasks);
  await page.keyboard.press('Shift+I');
  await page.waitForSelector('#result-pane[data-state="computing"]');
  await idle(page);
  await page.waitForSelector(settled);
  const inverted = await page.evaluate(takeTasks);
  await page.reload();
  await page.waitForSelector('#welcome', { state: 'hidden' });
  await idle(page);
  await page.waitForSelector(settled);
  const reloaded = await page.evaluate(takeTasks);
  await page.context().close();
  const tasks = { start: started, opening: opened, drawing: drawn, inverting: inverted, reload: reloaded };
  return [
    `pen-up to picture ${median(times.slice(1)).toFixed(0)} ms (hole ${times[0].toFixed(0)}; lines ${round(times.slice(1))})`,
    `preview ${previews.length ? `${round(previews)} ms after pen-down, then ${median(moving).toFixed(0)} ms after the pen (of ${moving.length}; most ${Math.max(...moving).toFixed(0)})` : 'none'}`,
    `${quickStrokes} quick strokes ${quick.toFixed(0)} ms, ${last.toFixed(0)} ms after the last, ${requests - before} requests`,
    `main thread, tasks over 50 ms: ${Object.entries(tasks)
      .map(([when, long]) => `${when} ${round(long) || 'none'}`)
      .join(', ')}`,
  ].join('\n    ');
}

/** Waits until the result of all that was drawn is seen. */
async function idle(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  await page.waitForSelector('#result-pane[data-state="shown"]');
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
}

/** Runs in the page before its own scripts: notes tasks of the main thread over 50 ms. */
function recordTasks(): void {
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) =>
    tasks.push(...list.getEntries().map(({ duration }) => duration)),
  );
  observer.observe({ entryTypes: ['longtask'] });
  Object.assign(window, {
    takeTasks() {
      tasks.push(...observer.takeRecords().map(({ duration }) => duration));
      return tasks.splice(0);
    },
  });
}
/** Runs in the page before its own scripts: looks at what page and worker tell each other of previews. One is asked for at a time. */
function recordPreviews(): void {
  const moving: number[] = [];
  Object.assign(window, { moving });
  const { postMessage, addEventListener } = MessagePort.prototype;
  let asked = 0;
  MessagePort.prototype.postMessage = function (this: MessagePort, ...args: unknown[]) {
    if ((args[0] as { path?: string[] }).path?.includes('preview')) asked = performance.now();
    Reflect.apply(postMessage, this, args);
  };
  MessagePort.prototype.addEventListener = function (this: MessagePort, ...args: unknown[]) {
    Reflect.apply(addEventListener, this, args);
    Reflect.apply(addEventListener, this, [
      args[0],
      ({ data }: MessageEvent) => {
        if (data?.argumentList?.[0]?.value?.kind !== 'preview') return;
        const since = asked;
        // The picture is painted in the next frame.
        requestAnimationFrame(() => setTimeout(() => moving.push(performance.now() - since)));
      },
    ]);
  };
}

/** Runs in the page: what was noted since it was asked last, ms. */
function takeTasks(): number[] {
  return (window as unknown as { takeTasks(): number[] }).takeTasks();
}

/** Runs in the page. */
function record(): void {
  const [times, previews] = [[], []] as number[][];
  Object.assign(window, { times, previews });
  let lifted: number | undefined;
  let down: number | undefined;
  document.addEventListener('pointerdown', () => {
    down = performance.now();
  });
  document.addEventListener('pointerup', () => {
    lifted = performance.now();
    down = undefined;
  });
  const pane = document.getElementById('result-pane')!;
  new MutationObserver(() => {
    const isPreview = down !== undefined && 'preview' in pane.dataset;
    const isResult = lifted !== undefined && pane.dataset.state === 'shown';
    if (!isPreview && !isResult) return;
    const [list, since] = isPreview ? [previews, down!] : [times, lifted!];
    if (isPreview) down = undefined;
    else lifted = undefined;
    // The picture is painted in this frame.
    requestAnimationFrame(() => setTimeout(() => list.push(performance.now() - since)));
  }).observe(pane, { attributeFilter: ['data-state', 'data-preview'] });
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox', '--disable-gpu'],
});
const folder = await mkdtemp(join(tmpdir(), 'bench-editor-'));
for (const megapixels of sizes) {
  const photo = join(folder, `${megapixels}.jpg`);
  await writeFile(photo, await photoOf(megapixels));
  for (const url of urls) {
    console.log(`${megapixels} megapixels, ${url}\n    ${await measure(browser, url, photo)}`);
  }
}
await browser.close();
await rm(folder, { recursive: true });
