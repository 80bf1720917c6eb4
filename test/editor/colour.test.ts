import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/runtime/seed.ts';
import { EditorInBrowser, type EditorPage, noBrowser } from './browser.ts';
import { tinyColourCheckpoint, tinyEditor } from './tiny-editor.ts';

const side = 160;
if (noBrowser) console.log(`Strokes of colour on the page are not tested: ${noBrowser}`);

/** Blue on the left half, green on the right. */
const photo = sharp({ create: { width: side, height: side, channels: 3, background: '#2040c0' } })
  .composite([
    {
      input: { create: { width: side / 2, height: side, channels: 3, background: '#30a050' } },
      left: side / 2,
      top: 0,
    },
  ])
  .png()
  .toBuffer();

/** The colours of strokes, RGBA in hex, and how many pixels each has; what is transparent does not count. */
async function coloursOf(png: Buffer): Promise<Record<string, number>> {
  const data = await sharp(png).ensureAlpha().raw().toBuffer();
  const found: Record<string, number> = {};
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 0) continue;
    const colour = data.subarray(i, i + 4).toString('hex');
    found[colour] = (found[colour] ?? 0) + 1;
  }
  return found;
}

describe.skipIf(noBrowser)(`strokes of colour on the page${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser(() => tinyEditor(tinyColourCheckpoint));

  async function openWithHole(options: Parameters<Browser['newContext']>[0] = {}): Promise<EditorPage> {
    const page = await tested.open(options);
    await page.open(await photo);
    await page.tool('hole');
    await page.stroke(side, [
      [60, 80],
      [100, 80],
    ]);
    await page.result();
    return page;
  }

  const draw = async (page: EditorPage, y = 80) => {
    await page.stroke(side, [
      [65, y],
      [95, y],
    ]);
    await page.result();
  };

  it('change the result inside the hole, are undone, done again and erased', async () => {
    const page = await openWithHole();
    expect(await page.page.isVisible('#l')).toBe(false);
    const plain = await page.save('result');
    expect(await coloursOf(await page.save('colour'))).toEqual({});
    await page.tool('colour');
    await page.page.click('button[aria-label="Red lips"]');
    await draw(page);
    const strokes = await coloursOf(await page.save('colour'));
    expect(Object.keys(strokes)).toEqual(['b9323cff']);
    expect(strokes.b9323cff).toBeGreaterThan(100);
    const coloured = await page.save('result');
    expect(coloured.equals(plain)).toBe(false);

    await page.page.keyboard.press('Control+z');
    await page.result();
    expect(await coloursOf(await page.save('colour'))).toEqual({});
    expect((await page.save('result')).equals(plain)).toBe(true);
    await page.page.keyboard.press('Control+y');
    await page.result();
    expect((await page.save('result')).equals(coloured)).toBe(true);

    await page.page.fill('#stroke-colour', '#0a0b0c');
    await draw(page);
    // Drawn over the other, of which nothing is left.
    expect(Object.keys(await coloursOf(await page.save('colour')))).toEqual(['0a0b0cff']);
    await page.page.keyboard.press('Control+z');
    expect(await coloursOf(await page.save('colour'))).toEqual(strokes);

    await page.tool('eraser');
    await draw(page);
    expect(await coloursOf(await page.save('colour'))).toEqual({});
    await page.page.keyboard.press('Control+z');
    await page.page.click('#edit');
    await page.page.click('[data-edit="clear-colour"]');
    await page.result();
    expect((await page.save('result')).equals(plain)).toBe(true);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('take a colour from the photo, by keyboard too', async () => {
    const page = await openWithHole();
    await page.tool('colour');
    await page.way('pipette');
    await page.stroke(side, [[20, 20]]);
    expect(await page.page.inputValue('#stroke-colour')).toBe('#2040c0');
    expect(await page.page.getAttribute('[data-tool="colour"]', 'aria-pressed')).toBe('true');
    await draw(page);
    expect(Object.keys(await coloursOf(await page.save('colour')))).toEqual(['2040c0ff']);

    await page.stroke(side, [[120, 20]]);
    await page.page.keyboard.press('i');
    await page.page.keyboard.press('Enter');
    expect(await page.page.inputValue('#stroke-colour')).toBe('#30a050');
    await page.page.keyboard.press('Enter');
    for (let i = 0; i < 4; i++) await page.page.keyboard.press('ArrowDown');
    await page.page.keyboard.press('Enter');
    expect(Object.keys(await coloursOf(await page.save('colour')))).toContain('30a050ff');
    await page.close();
  });

  it('come back after a reload, and with a project in another browser', async () => {
    const page = await openWithHole();
    await page.tool('colour');
    await draw(page, 78);
    await page.page.click('button[aria-label="Blond"]');
    await draw(page, 86);
    const strokes = await page.save('colour');
    expect(Object.keys(await coloursOf(strokes))).toHaveLength(2);
    const result = await page.save('result');
    const project = await page.save('project');
    await page.reload();
    await page.result();
    expect((await page.save('colour')).equals(strokes)).toBe(true);
    expect((await page.save('result')).equals(result)).toBe(true);
    await page.close();

    const other = await openWithHole();
    await other.open(project, 'x.project.json', 'application/json');
    await other.result();
    expect((await other.save('colour')).equals(strokes)).toBe(true);
    expect((await other.save('result')).equals(result)).toBe(true);
    const { colour, ...rest } = JSON.parse(project.toString());
    const foreign = { ...rest, colour: { ...colour, data: (await noise()).toString('base64') } };
    await other.open(Buffer.from(JSON.stringify(foreign)), 'x.project.json', 'application/json');
    await other.page.waitForSelector('#draw-notice:has-text("at most 4096")');
    await other.close();
  });

  it('have nothing serious for axe-core to find', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openWithHole({ colorScheme });
      await page.tool('colour');
      await draw(page);
      expect(await page.seriousProblems(), colorScheme).toEqual([]);
      await page.close();
    }
  });

  it('make the same picture for programs', async () => {
    const page = await openWithHole();
    await page.tool('colour');
    await draw(page);
    const form = new FormData();
    form.append('photo', new Blob([new Uint8Array(await photo)]));
    for (const [field, saved] of [
      ['mask', 'hole'],
      ['sketch', 'sketch'],
      ['colour', 'colour'],
    ] as const)
      form.append(field, new Blob([new Uint8Array(await page.save(saved))]));
    const answer = await fetch(`${tested.editor.url}api/v1/edit`, { method: 'POST', body: form });
    expect(answer.status).toBe(200);
    const pixels = (png: Buffer) => sharp(png).removeAlpha().raw().toBuffer();
    const result = await pixels(Buffer.from(await answer.arrayBuffer()));
    expect(result.equals(await pixels(await page.save('result')))).toBe(true);
    await page.close();
  });

  it('reach the model in the page as they reach the server', async () => {
    const page = await openWithHole();
    await page.tool('colour');
    await draw(page);
    const onServer = await sharp(await page.save('result'))
      .removeAlpha()
      .raw()
      .toBuffer();
    await page.page.selectOption('#engine', 'wasm');
    await page.page.waitForSelector('#result-pane[data-state="shown"] #status:has-text("WebAssembly")');
    const inPage = await sharp(await page.save('result'))
      .removeAlpha()
      .raw()
      .toBuffer();
    expect(Math.max(...onServer.map((value, i) => Math.abs(value - inPage[i])))).toBeLessThanOrEqual(1);
    await page.close();
  });
});

/** A picture of more colours than anyone draws with. */
function noise(): Promise<Buffer> {
  const random = stream(1, 'noise');
  const data = Uint8Array.from({ length: side * side * 3 }, () => random.integer(0, 256));
  return sharp(data, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
}
