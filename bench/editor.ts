/**
 * From pen-up to picture in the editor, and the longest task of the page's main thread meanwhile:
 * `node --import tsx bench/editor.ts PHOTO [URL]` with an editor that runs at URL, and Chromium.
 */
import { chromium } from 'playwright-core';

const [photo, url = 'http://127.0.0.1:4321/'] = process.argv.slice(2);
if (photo === undefined) throw new Error('Which photo? node --import tsx bench/editor.ts PHOTO [URL]');
const strokes = 12;

interface Recorded {
  readonly tasks: number[];
  readonly times: number[];
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
await page.goto(url);
await page.waitForSelector('body:not([data-busy])');
await page.setInputFiles('#file', photo);
await page.waitForSelector('#welcome', { state: 'hidden' });
await page.waitForTimeout(3000);
await page.evaluate(() => {
  const tasks: number[] = [];
  const times: number[] = [];
  Object.assign(window, { tasks, times });
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe(
    {
      entryTypes: ['longtask'],
    },
  );
  let lifted: number | undefined;
  document.addEventListener('pointerup', () => {
    lifted = performance.now();
  });
  const pane = document.getElementById('result-pane')!;
  new MutationObserver(() => {
    if (pane.dataset.state !== 'shown' || lifted === undefined) return;
    const begin = lifted;
    lifted = undefined;
    // The picture is painted in this frame.
    requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - begin)));
  }).observe(pane, { attributeFilter: ['data-state'] });
});
const box = (await page.locator('#draw-stage').boundingBox())!;
const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
for (let i = 0; i < strokes; i++) {
  if (i === 1) await page.click('[data-tool="lines"]');
  await page.mouse.move(x - 60, y - 60 + 8 * i);
  await page.mouse.down();
  await page.mouse.move(x + 60, y - 50 + 8 * i, { steps: 12 });
  await page.mouse.up();
  await page.waitForFunction((count) => (window as unknown as Recorded).times.length === count, i + 1);
}
const { tasks, times } = await page.evaluate(() => {
  const { tasks, times } = window as unknown as Recorded;
  return { tasks, times };
});
const sorted = times.slice(1).sort((a, b) => a - b);
console.log(`pen-up to picture, ms: ${times.map((time) => time.toFixed(0)).join(' ')}`);
console.log(`median ${sorted[sorted.length >> 1].toFixed(0)} ms, worst ${sorted.at(-1)!.toFixed(0)} ms`);
console.log(
  `main thread: ${tasks.length} tasks over 50 ms${tasks.length ? `, the longest ${Math.max(...tasks)} ms` : ''}`,
);
console.log(await page.textContent('#status'));
await browser.close();
