import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSite } from '../../src/editor/site.ts';
import { silent } from '../../src/runtime/progress.ts';
import { EditorPage, launch, noBrowser } from './browser.ts';
import { tinyCheckpoint } from './tiny-editor.ts';

if (noBrowser) console.log(`The static site is written, but not opened: ${noBrowser}`);

/** Of the examples' photos. */
const side = 512;
const folder = mkdtempSync(join(tmpdir(), 'site-'));
const out = join(folder, 'site');
let server: Server;
/** What a newer export would have in place of the site's own files. */
const newer = new Map<string, string>();
let browser: Browser | undefined;

beforeAll(async () => {
  const { checkpoint } = await tinyCheckpoint(folder);
  await writeSite({ checkpoint, out, reporter: silent });
  // A server that knows nothing of the editor, and sets no headers but the type.
  const types: Record<string, string> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.mjs': 'text/javascript',
    '.css': 'text/css',
    '.wasm': 'application/wasm',
  };
  server = createServer((request, response) => {
    const name = request.url === '/' ? 'index.html' : request.url!.slice(1);
    try {
      const body = newer.get(name) ?? readFileSync(join(out, name));
      response
        .writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the static site', () => {
  it('needs a new folder', async () => {
    await expect(writeSite({ checkpoint: 'x', out, reporter: silent })).rejects.toThrow('exists already');
  });

  it.skipIf(noBrowser)(`works on any web server${noBrowser ? ` (${noBrowser})` : ''}`, async () => {
    browser = await launch();
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
    const page = new EditorPage(await context.newPage());
    await page.page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.ready();
    // The results were made when the site was.
    await page.page.waitForSelector('#welcome-samples .example:last-child img:not(.waiting) + .example-name');
    await page.page.click('#examples');
    await page.page.click('#samples .chip >> nth=0');
    await page.settled();
    await page.stroke(side, [
      [120, 256],
      [240, 256],
    ]);
    expect(await page.result()).toContain('WebAssembly');
    const lines = async () => {
      const pixels = await sharp(await page.save('sketch'))
        .extractChannel(0)
        .raw()
        .toBuffer();
      return pixels.filter((value) => value === 0).length;
    };
    expect(await lines()).toBe(0);
    // What needs a server says so.
    const facePart = page.page.locator('[data-way="hole-face-part"]');
    expect(await facePart.isDisabled()).toBe(true);
    expect(await facePart.getAttribute('title')).toContain('the editor’s server finds the face');
    await page.page.click('#edges');
    await page.ready();
    await page.result();
    expect(await lines()).toBeGreaterThan(10);
    expect(page.errors).toEqual([]);

    // The browser keeps the site, which goes on without its server.
    const { port } = server.address() as AddressInfo;
    await page.page.evaluate(async () => {
      const worker = (await navigator.serviceWorker.ready).active!;
      if (worker.state !== 'activated')
        await new Promise<void>((resolve) =>
          worker.addEventListener('statechange', () => worker.state === 'activated' && resolve()),
        );
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    await page.reload();
    await page.result();
    await page.tool('hole');
    await page.stroke(side, [
      [120, 360],
      [240, 360],
    ]);
    expect(await page.result()).toContain('WebAssembly');
    const kept = () => page.page.evaluate(() => caches.keys());
    const [before] = await kept();

    // A newer export takes its place when no page shows the older one.
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const script = readFileSync(join(out, 'service-worker.js'), 'utf8');
    newer.set('service-worker.js', script.replace(/"version":"\w+"/, '"version":"newer"'));
    await page.page.evaluate(async () => {
      const registration = (await navigator.serviceWorker.getRegistration())!;
      await registration.update();
      const worker = registration.installing ?? registration.waiting!;
      if (worker.state !== 'installed')
        await new Promise<void>((resolve) =>
          worker.addEventListener('statechange', () => worker.state === 'installed' && resolve()),
        );
    });
    expect(await kept()).toHaveLength(2);
    expect(before).toMatch(/ [0-9a-f]{16}$/);
    const { page: next } = new EditorPage(await context.newPage());
    const devtools = await context.newCDPSession(next);
    // A page that is opened while the one takes the place of the other may wait for it.
    let waiting: string | undefined;
    const activated = new Promise<void>((resolve) =>
      devtools.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
        for (const { versionId, status } of versions) {
          if (status === 'installed') waiting = versionId;
          if (status === 'activated' && versionId === waiting) resolve();
        }
      }),
    );
    await devtools.send('ServiceWorker.enable');
    await page.page.close();
    await activated;
    await next.goto(`http://127.0.0.1:${port}/`);
    const isReplaced = async () => {
      const names = await caches.keys();
      return names.length === 1 && names[0].endsWith(' newer');
    };
    await next.waitForFunction(isReplaced);
  });
});
