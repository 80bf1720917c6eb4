/** Headless Chromium for tests of the page. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll } from 'vitest';
import { type TinyEditor, tinyEditor } from './tiny-editor.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why the browser's tests cannot run; undefined when they can. */
export const noBrowser = existsSync(executablePath)
  ? undefined
  : `no browser at ${executablePath}: install Debian's chromium, or set CHROMIUM`;

const quiet = [
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  // Tests read the page in English, whatever this machine speaks.
  '--accept-lang=en-US',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** WebGPU without a GPU. */
export const webGpuInSoftware = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
];

export function launch(flags: readonly string[] = ['--disable-gpu']): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...quiet, ...flags] });
}

/** An editor and Chromium for the tests of a file, which are there while they run. */
export class EditorInBrowser {
  #editor: TinyEditor | undefined;
  #browser: Browser | undefined;

  constructor(start: () => Promise<TinyEditor> = tinyEditor, flags?: readonly string[]) {
    beforeAll(async () => {
      [this.#editor, this.#browser] = await Promise.all([start(), launch(flags)]);
    });
    afterAll(async () => {
      await this.#browser?.close();
      await this.#editor?.close();
    });
  }

  get editor(): TinyEditor {
    return this.#editor!;
  }
  get browser(): Browser {
    return this.#browser!;
  }

  /** The page in a window of its own, ready to be used. @param prepare its worker by code that runs before its own */
  async open(options: BrowserContextOptions = {}, prepare?: string): Promise<EditorPage> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
    if (prepare) await prepareWorker(context, prepare);
    const page = new EditorPage(await context.newPage());
    await page.page.goto(this.editor.url);
    await page.ready();
    return page;
  }
}

/** Runs code in the page's worker before its own. */
export async function prepareWorker(context: BrowserContext, code: string): Promise<void> {
  await context.route('**/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code};\n${await response.text()}` });
  });
}

/** Tests act through these as a user does: on what the page shows. */
export class EditorPage {
  readonly page: Page;
  /** What the page logged as errors. */
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    // Half a minute otherwise, which a busy machine may need.
    page.setDefaultTimeout(120_000);
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  /** Waits until the page can be used. */
  async ready(): Promise<void> {
    await this.page.waitForSelector('body:not([data-busy])');
  }

  async open(picture: Buffer, name = 'photo.png', mimeType = 'image/png'): Promise<void> {
    await this.page.setInputFiles('#file', { name, mimeType, buffer: picture });
    await this.settled();
  }

  /** Waits until nothing is being opened or written. */
  async settled(): Promise<void> {
    await this.ready();
    await this.page.waitForSelector('#welcome', { state: 'hidden' });
  }

  /** Waits until all that was done is stored. */
  async kept(): Promise<void> {
    await this.page.waitForSelector('body:not([data-busy]):not([data-storing])');
  }

  /** Loads the page anew, once all is stored, and waits until it shows what was there. */
  async reload(): Promise<void> {
    await this.kept();
    await this.page.reload();
    await this.settled();
  }

  /** What is drawn of a layer on a photo of `side`, as whether a place is marked. */
  async marks(layer: 'hole' | 'sketch', side: number) {
    const data = await sharp(await this.save(layer))
      .extractChannel(0)
      .raw()
      .toBuffer();
    const marked = layer === 'hole' ? 255 : 0;
    return {
      at: (x: number, y: number) => data[Math.floor(y) * side + Math.floor(x)] === marked,
      count: data.filter((value) => value === marked).length,
    };
  }

  /** Shows the drawing or the result, where there is room for one alone. */
  async view(name: 'drawing' | 'result'): Promise<void> {
    await this.page.click(`.view-switch [data-view="${name}"]`);
  }

  async tool(name: string): Promise<void> {
    await this.page.click(`[data-tool="${name}"]`);
  }

  /** Chooses one of the ways to draw of the tool in hand. */
  async way(name: string): Promise<void> {
    await this.page.click(`[data-way="${name}"]`);
  }

  /** Where a photo of `side` that is shown whole stands in the window, and how many px of it one of the photo takes. */
  async placement(side: number) {
    const box = (await this.page.locator('#draw-stage').boundingBox())!;
    const scale = Math.min((box.width - 32) / side, (box.height - 32) / side, 8);
    const place = ([x, y]: readonly [number, number]) =>
      [
        box.x + box.width / 2 + (x - side / 2) * scale,
        box.y + box.height / 2 + (y - side / 2) * scale,
      ] as const;
    return { place, scale };
  }

  /** Draws through points, px of a photo of `side` that is shown whole. */
  async stroke(side: number, points: readonly (readonly [number, number])[]): Promise<void> {
    const { place } = await this.placement(side);
    await this.page.mouse.move(...place(points[0]));
    await this.page.mouse.down();
    for (const point of points.slice(1)) await this.page.mouse.move(...place(point), { steps: 4 });
    await this.page.mouse.up();
  }

  /** Waits for the result of what is drawn and set now, and returns its status line. */
  async result(): Promise<string> {
    // Phones may show the drawing alone.
    await this.page.waitForSelector('#result-pane[data-state="shown"]', { state: 'attached' });
    return (await this.page.textContent('#status')) ?? '';
  }

  /** What axe-core finds that is serious or worse. */
  async seriousProblems(): Promise<string[]> {
    await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof import('axe-core') }).axe.run();
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** What a saving menu item downloads. */
  async save(what: 'result' | 'project' | 'hole' | 'sketch' | 'colour'): Promise<Buffer> {
    await this.page.click('#save-more');
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.click(`[data-save="${what}"]`),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
}
