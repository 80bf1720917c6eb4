import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, noBrowser } from './browser.ts';

if (noBrowser) console.log(`The choice among several faces is not tested: ${noBrowser}`);

/** An astronaut (Eileen Collins, NASA) twice, side by side. */
const portrait = readFileSync('src/editor/samples/pictures/astronaut.jpg');
const [width, height] = [480, 240];
const pair = sharp({ create: { width, height, channels: 3, background: '#888' } })
  .composite([
    { input: portrait, left: 0, top: 0 },
    { input: portrait, left: 240, top: 0 },
  ])
  .png()
  .toBuffer();

describe.skipIf(noBrowser)(`a photo with two faces${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  it('has the face edited that a hole is over, and one that is pressed is gone to and stays chosen', async () => {
    const page = await tested.open();
    await page.open(await pair);
    const current = () => page.page.locator('.face-tag[aria-pressed="true"]').allInnerTexts();
    const untilCurrent = (name: string) =>
      page.page.waitForSelector(`.face-tag[aria-pressed="true"]:has-text("${name}")`);
    await page.page.waitForSelector('.face-tag:has-text("Face 2")');
    expect(await page.page.locator('.face-tag').allInnerTexts()).toEqual(['Face 1', 'Face 2']);
    expect(await current()).toEqual([]);
    expect(await page.seriousProblems()).toEqual([]);
    const frames = await page.page.locator('.face-frame').all();
    const box = async (index: number) => (await frames[index]!.boundingBox())!;
    const whole = await box(1);
    const mouths = await Promise.all(
      [0, 1].map(async (index) => {
        const { x, y, width, height } = await box(index);
        return [x + width / 2, y + 0.8 * height] as const;
      }),
    );

    // Without a choice: 1. paint over its mouth.
    await page.page.mouse.click(...mouths[1]!);
    await untilCurrent('Face 2');
    await page.result();
    await page.page.keyboard.press('Control+z');
    await page.page.waitForSelector('.face-tag[aria-pressed="true"]', { state: 'detached' });

    // With one: 1. press its frame's name, 2. and 3. take Face of Hole, 4. press the mouth.
    await page.page.click('.face-tag:has-text("Face 2")');
    await untilCurrent('Face 2');
    const near = await box(1);
    expect(near.width).toBeGreaterThan(1.3 * whole.width);
    await page.tool('hole');
    await page.way('hole-face-part');
    await page.page.mouse.click(near.x + near.width / 2, near.y + 0.8 * near.height);
    await page.result();
    await untilCurrent('Face 2');
    const { data } = await sharp(await page.save('hole'))
      .extractChannel(0)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const columns = [...data.keys()].filter((i) => data[i]).map((i) => i % width);
    expect(columns.length).toBeGreaterThan(100);
    expect(Math.min(...columns)).toBeGreaterThan(width / 2);
    // What is kept of the history is the choice, too.
    await page.reload();
    await untilCurrent('Face 2');

    // The other face, while the hole is not over it: the page says how one goes on.
    await page.page.click('#zoom-fit');
    await page.page.click('.face-tag:has-text("Face 1")');
    await page.page.waitForSelector(
      '#draw-notice:has-text("over another face") button:has-text("Use as photo")',
    );
    expect(await current()).toEqual(['Face 2']);
    // A hole over it, too.
    await page.page.click('#zoom-fit');
    await page.page.mouse.click(...mouths[0]!);
    await page.page.waitForSelector('#faces-hint:has-text("over 2 faces")');
    // The choice of before still holds.
    await untilCurrent('Face 2');
    await page.page.click('.face-tag:has-text("Face 1")');
    await untilCurrent('Face 1');
    await page.page.keyboard.press('Control+z');
    await untilCurrent('Face 2');
    await page.result();

    // Something else than faces.
    await page.page.selectOption('#region', 'whole');
    await page.page.waitForSelector('.face-tag', { state: 'detached' });
    expect(await page.page.isVisible('#faces-hint')).toBe(false);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('is edited by a model that says what it is', async () => {
    const page = await tested.open();
    const line = /^.+, 64 px, 1 steps: a demonstration$/;
    expect(await page.page.textContent('#welcome-model')).toMatch(line);
    expect(await page.page.getAttribute('#model', 'title')).toMatch(line);
    await page.page.click('#welcome-model');
    await page.page.waitForSelector('#model-dialog[open]:has-text("It has seen drawn people alone")');
    expect(await page.page.locator('#model-facts dd').allInnerTexts()).toContain('64 x 64 px');
    expect(await page.seriousProblems()).toEqual([]);
    await page.close();
  });

  it('has one edited by programs, by its number', async () => {
    const mask = await sharp({ create: { width, height, channels: 3, background: '#000' } })
      .composite([
        {
          input: { create: { width: 60, height: 40, channels: 3, background: '#fff' } },
          left: 330,
          top: 130,
        },
      ])
      .png()
      .toBuffer();
    const edit = async (fields: Record<string, string>) => {
      const data = new FormData();
      for (const [name, file] of Object.entries({ photo: await pair, mask }))
        data.append(name, new Blob([new Uint8Array(file)]));
      for (const [name, value] of Object.entries(fields)) data.append(name, value);
      const headers = { Accept: 'application/json' };
      return (await fetch(`${tested.editor.url}api/v1/edit`, { method: 'POST', body: data, headers })).json();
    };
    const nearest = await edit({ region: 'face' });
    expect(nearest).toMatchObject({ face: 2, warnings: [] });
    expect(nearest.faces).toHaveLength(2);
    expect(nearest.faces[0].x).toBeLessThan(nearest.faces[1].x);
    const chosen = await edit({ face: '2' });
    expect(chosen).toMatchObject({ face: 2, result: nearest.result });
    const other = await edit({ face: '1' });
    expect(other).toMatchObject({ face: 1, warnings: [expect.stringContaining('not over face 1')] });
    expect(other.result).not.toBe(nearest.result);
    expect(await edit({ face: '3' })).toMatchObject({
      status: 422,
      where: 'face 3',
      expected: '1 to 2, counted from the left',
      got: '3, and 2 faces are found',
    });
    expect(await edit({ face: 'left' })).toMatchObject({ status: 400, where: 'face' });
    expect(await edit({ face: '1', region: 'whole' })).toMatchObject({ status: 422, where: 'face 1' });
    expect(await edit({})).toMatchObject({ faces: [], face: null });
  });
});
