import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../src/data/prepare.ts';
import { startInspection } from '../../src/editor/inspect/inspect.ts';
import { silent } from '../../src/runtime/progress.ts';
import { recorder, smallConfig, temporaryFolder, writePhoto } from '../data/support.ts';
import { EditorPage, launch, noBrowser } from './browser.ts';

if (noBrowser) console.log(`The page of a data set is not opened: ${noBrowser}`);

const COUNT = 14;
const folder = await temporaryFolder();
const list = join(folder, 'small.exclude.txt');
const source = { kind: 'celeba-hq', path: join(folder, 'pairs') };
const cache = join(folder, 'cache');
const config = smallConfig({ source, cache });
let inspection: Awaited<ReturnType<typeof startInspection>>;
let browser: Browser | undefined;

beforeAll(async () => {
  // A photo on the left, and where its sketch belongs a line.
  for (let i = 10; i < 10 + COUNT; i++) {
    const photo = join(folder, `${i}.png`);
    await writePhoto(photo, 128, 64, i);
    const line = Buffer.from(
      '<svg width="64" height="64"><rect width="64" height="64" fill="white"/><path d="M32 0V64" stroke="black"/></svg>',
    );
    await writePair(photo, line, join(source.path, `${i}.png`));
  }
  inspection = await startInspection({ config, list, port: 0, reporter: silent });
});
afterAll(async () => {
  await browser?.close();
  await inspection.close();
});

async function writePair(photo: string, line: Buffer, path: string): Promise<void> {
  await writePhoto(path, 8, 8);
  const pair = sharp(photo).composite([{ input: line, left: 64, top: 0 }]);
  writeFileSync(path, await pair.png().toBuffer());
}

const ids = async (exclude: string) => {
  const reporter = recorder();
  const { samples } = await prepare({ config: smallConfig({ source, cache, exclude }), reporter });
  const all = [...samples.train, ...samples.validation, ...samples.test];
  return { ids: all.map(({ id }) => id).sort(), said: reporter.infos.join('\n') };
};

describe('a data set on its page', () => {
  it('shows photo, hole and sketches that are the rougher the higher l is', async () => {
    const answer = await fetch(`${inspection.url}samples/3.png`);
    expect(answer.headers.get('content-type')).toBe('image/png');
    const image = sharp(Buffer.from(await answer.arrayBuffer()));
    const { width } = await image.metadata();
    // Six columns of 128 px and the gaps between them.
    expect(width).toBe(6 * 132 + 4);
    const column = async (i: number) =>
      image
        .clone()
        .extract({ left: 4 + 132 * i, top: 24, width: 128, height: 128 })
        .greyscale()
        .raw()
        .toBuffer();
    const [, hole, filled, fine, , rough] = await Promise.all([0, 1, 2, 3, 4, 5].map(column));
    expect(new Set(hole)).toEqual(new Set([0, 255]));
    // Where the hole is white, so is the photo; sketches are there alone.
    expect(hole!.every((value, i) => value === 0 || filled![i] === 255)).toBe(true);
    expect(hole!.every((value, i) => value === 255 || fine![i] === 128)).toBe(true);
    const ink = (picture: Buffer) => picture.filter((value) => value < 100).length;
    expect(ink(fine!)).toBeGreaterThan(50);
    expect(ink(rough!)).toBeGreaterThan(1.5 * ink(fine!));
  });

  it('answers neither other names nor other sites', async () => {
    const post = (headers: Record<string, string>) =>
      fetch(`${inspection.url}samples/0`, {
        method: 'POST',
        body: new URLSearchParams({ exclude: 'yes' }),
        headers,
      });
    expect((await post({ Origin: 'https://x.example' })).status).toBe(403);
    expect((await post({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await fetch(`${inspection.url}samples/99.png`)).status).toBe(404);
  });

  it.skipIf(noBrowser)('leaves samples out of the training, and takes them back', async () => {
    browser = await launch();
    const editor = new EditorPage(await browser.newPage({ viewport: { width: 1280, height: 720 } }));
    const { page, errors } = editor;
    await page.goto(inspection.url);
    expect(await page.textContent('header')).toContain('White is the hole');
    expect(await page.textContent('header')).toContain(`data: { exclude: '${list}' }`);
    expect(await page.locator('section').count()).toBe(12);
    await page.click('text=Next');
    expect(await page.locator('section h2').allTextContents()).toEqual(['22.png', '23.png']);
    await page.click('[aria-label="Leave out: 23.png"]');
    await page.waitForSelector('#sample-13.left-out');
    await page.click('nav >> text=Previous');
    await page.click('[aria-label="Leave out: 11.png"]');
    await page.waitForSelector('#sample-1.left-out');
    await page.click('[aria-label="Leave out: 12.png"]');
    await page.waitForSelector('#sample-2.left-out');
    await page.click('[aria-label="Take back: 12.png"]');
    await page.waitForSelector('#sample-2:not(.left-out)');
    expect(await page.textContent('header')).toContain('2 left out.');
    await page.locator('#sample-1 img').evaluate((image) => (image as HTMLImageElement).decode());
    expect(await editor.seriousProblems()).toEqual([]);
    expect(errors).toEqual([]);
    expect(readFileSync(list, 'utf8')).toBe(
      '# Samples that training leaves out (data.exclude).\n23.png\n11.png\n',
    );
  });
});

describe('data.exclude', () => {
  const other = join(folder, 'other.txt');

  it('leaves out what it names, and says how many that are', async () => {
    writeFileSync(other, '# of those that blink\r\n\r\n12.png\r\n20.png\r\n');
    const { ids: left, said } = await ids(other);
    expect(left).toHaveLength(COUNT - 2);
    expect(left).not.toContain('12.png');
    expect(left).not.toContain('20.png');
    expect(said).toContain(`Left out by data.exclude (${other}): 2 files`);
  });

  it('refuses ids that no source has, lists that are not there, and those of all files', async () => {
    writeFileSync(other, '12.png\nnobody.png\n');
    await expect(ids(other)).rejects.toThrow(/1 of 2 that are not there: nobody\.png/);
    await expect(ids(join(folder, 'none.txt'))).rejects.toThrow(/nothing of that name/);
    writeFileSync(other, Array.from({ length: COUNT }, (_, i) => `${i + 10}.png`).join('\n'));
    await expect(ids(other)).rejects.toThrow(/Of a source all files are left out/);
  });
});
