/** The site of the documentation: it builds, its links lead somewhere, and its pages ask nobody else for anything. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cliPage } from '../../src/cli/reference.ts';
import { launch, noBrowser } from '../editor/browser.ts';

/** The site is not at its server's root, as on hosts that serve many projects. */
const BASE = '/surgery/';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const folder = mkdtempSync(join(tmpdir(), 'docs-'));
const out = join(folder, 'site');
let pages: readonly string[];
let server: Server;
let browser: Browser | undefined;

/** The file of the site that an address stands for; undefined where there is none. */
function fileAt(path: string): string | undefined {
  if (!path.startsWith(BASE)) return undefined;
  const file = join(out, decodeURIComponent(path.slice(BASE.length)), path.endsWith('/') ? 'index.html' : '');
  return existsSync(file) && statSync(file).isFile() ? file : undefined;
}

const textOf = (page: string): string => readFileSync(join(out, page), 'utf8');

beforeAll(() => {
  const args = ['--import', 'tsx', 'scripts/docs.ts', 'docs', '--base', BASE, '--out', out];
  const built = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(built.status, built.stdout + built.stderr).toBe(0);
  pages = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.html') && name !== '404.html',
  );
  server = createServer(({ url = '' }, response) => {
    const file = fileAt(url.replace(/[?#].*/, ''));
    if (file === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'text/plain' })
        .end(readFileSync(file));
  }).listen(0, '127.0.0.1');
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('docs/cli.md is current', () => {
  expect(readFileSync('docs/cli.md', 'utf8'), 'run `npm run cli-reference`').toBe(cliPage());
});

it('every link leads to a page or file, and to a place in it', () => {
  const dead: string[] = [];
  for (const page of pages) {
    for (const [, href] of textOf(page).matchAll(/<a [^>]*href="([^"]+)"/g)) {
      const { origin, pathname, hash } = new URL(href, `http://site${BASE}${page}`);
      if (origin !== 'http://site') continue;
      const file = fileAt(pathname);
      const id = decodeURIComponent(hash.slice(1));
      if (file === undefined || (id !== '' && !readFileSync(file, 'utf8').includes(`id="${id}"`)))
        dead.push(`${page}: ${href}`);
    }
  }
  expect(pages.length).toBeGreaterThan(50);
  expect(dead).toEqual([]);
});

it('every page of the guide stands in the sidebar', () => {
  const start = textOf('index.html');
  const missing = pages.filter(
    (page) =>
      !page.startsWith('docs/library/') &&
      !start.includes(`href="${BASE}${page.replace(/index\.html$/, '')}"`),
  );
  expect(missing).toEqual([]);
});

it('no page asks another host for a script, a style, a font or a picture', () => {
  const foreign = pages.filter((page) =>
    /<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(?:https?:)?\/\//.test(textOf(page)),
  );
  expect(foreign).toEqual([]);
});

it.skipIf(noBrowser)(
  `pages show, and are found, without the network${noBrowser ? ` (${noBrowser})` : ''}`,
  async () => {
    browser = await launch();
    const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`;
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!/^(data|blob):/.test(url) && !url.startsWith(site)) faults.push(url);
    });
    for (const name of ['docs/config', 'docs/speed', 'docs/cli', 'docs/library/index', 'index']) {
      await page.goto(`${site}${name}.html`, { waitUntil: 'networkidle' });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wider > 0) faults.push(`${name} is ${wider} px wider than a phone.`);
    }
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.keyboard.press('Control+k');
    await page.locator('#localsearch-input').fill('Which CUDA do I need');
    await page.locator('.VPLocalSearchBox .result[href*="/docs/faq.html"]').first().click();
    await page.locator('h1', { hasText: 'Questions' }).waitFor();
    expect(faults).toEqual([]);
  },
);
