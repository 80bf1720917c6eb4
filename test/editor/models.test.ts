import { renameSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { said } from '../infer/said.ts';
import { EditorInBrowser, type EditorPage, noBrowser } from './browser.ts';
import { tinyCheckpoints, tinyEditor } from './tiny-editor.ts';

if (noBrowser) console.log(`Several models on the page are not tested: ${noBrowser}`);

const side = 160;
const photo = sharp(
  Buffer.from(Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 7 + (i >> 5) * 13) % 200)),
  { raw: { width: side, height: side, channels: 3 } },
)
  .png()
  .toBuffer();
const pixelsOf = (png: Buffer) => sharp(png).removeAlpha().raw().toBuffer();

describe.skipIf(noBrowser)(`several models on one drawing${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser(() => tinyEditor(tinyCheckpoints));

  /** What is said below each picture, once all are there, and whether they differ. */
  async function frames({ page }: EditorPage) {
    await page.waitForFunction(() => {
      const notes = Array.from(document.querySelectorAll('#models-list .sample > :last-child'));
      return notes.length > 0 && notes.every(({ textContent }) => textContent !== 'Computing …');
    });
    return page.evaluate(() => {
      const texts = Array.from(document.querySelectorAll('#models-list .sample')).map((frame) =>
        Array.from(frame.querySelectorAll('span')).map(({ textContent }) => textContent),
      );
      const pictures = Array.from(document.querySelectorAll<HTMLCanvasElement>('#models-list canvas')).map(
        (canvas) => canvas.toDataURL(),
      );
      return { texts, isEach: new Set(pictures).size === pictures.length };
    });
  }

  it('are shown side by side, and one goes on with any of them', async () => {
    const page = await tested.open();
    const [first, second] = await modelsOf(tested.editor.url);
    await page.open(await photo);
    await page.page.keyboard.press('Shift+M');
    await page.page.waitForSelector('#models-state:has-text("the hole")');
    await page.page.keyboard.press('Escape');
    await page.way('hole-rectangle');
    await page.stroke(side, [
      [50, 60],
      [110, 100],
    ]);
    await page.result();
    await page.tool('lines');
    await page.stroke(side, [
      [60, 75],
      [100, 75],
    ]);
    await page.result();
    const byFirst = await pixelsOf(await page.save('result'));

    // What goes wrong with one model is said in its frame.
    const { others } = tested.editor;
    renameSync(others[0], `${others[0]}-away`);
    await page.page.click('#models');
    const { texts: withProblem } = await frames(page);
    expect(withProblem[1].at(-1)).toContain('has been removed');
    await page.page.keyboard.press('Escape');
    renameSync(`${others[0]}-away`, others[0]);

    // The task: two actions.
    await page.page.click('#models');
    const { texts, isEach } = await frames(page);
    expect(texts).toEqual([
      [first.name, `${first.method} · sees ${first.resolution} px · in use`, ''],
      [second.name, `${second.method} · sees ${second.resolution} px`, 'Has no l.'],
    ]);
    expect(isEach).toBe(true);
    expect(await page.seriousProblems()).toEqual([]);
    await page.page.click(`[aria-label="Go on with ${second.name}"]`);

    await page.result();
    expect(await page.page.isVisible('#l')).toBe(false);
    const saved = await page.save('result');
    expect((await said(saved)).statement).toContain(second.name);
    expect(await pixelsOf(saved)).toEqual(await byProgram(page, second.name));

    // What one of them does not take.
    await page.tool('colour');
    await page.stroke(side, [
      [60, 90],
      [100, 90],
    ]);
    await page.result();
    await page.page.click('#models');
    expect((await frames(page)).texts[0].at(-1)).toBe('Takes no colours.');
    await page.page.keyboard.press('Escape');
    await page.page.click('#results-so-far');
    const makers = await page.page.locator('#results .model-note').allTextContents();
    expect(makers).toEqual([second.name, second.name, first.name, first.name]);
    await page.page.keyboard.press('Escape');

    // The choice is kept with the edit, and undone as other steps are.
    await page.reload();
    await page.result();
    expect(await page.page.isVisible('[data-tool="colour"]')).toBe(true);
    await page.page.click('#undo');
    await page.page.click('#undo');
    await page.result();
    expect(await page.page.isVisible('#l')).toBe(true);
    expect(await page.page.isVisible('[data-tool="colour"]')).toBe(false);
    expect((await pixelsOf(await page.save('result'))).equals(byFirst)).toBe(true);
    expect(page.errors.filter((error) => !error.includes('422'))).toEqual([]);
    await page.close();
  });

  async function byProgram(page: EditorPage, model: string): Promise<Buffer> {
    const form = new FormData();
    form.append('photo', new Blob([new Uint8Array(await photo)]));
    form.append('mask', new Blob([new Uint8Array(await page.save('hole'))]));
    form.append('sketch', new Blob([new Uint8Array(await page.save('sketch'))]));
    form.append('model', model);
    const answer = await fetch(`${tested.editor.url}api/v1/edit`, { method: 'POST', body: form });
    return pixelsOf(Buffer.from(await answer.arrayBuffer()));
  }
});

async function modelsOf(url: string): Promise<{ name: string; method: string; resolution: number }[]> {
  return (await (await fetch(`${url}api/v1/model`)).json()).models;
}
