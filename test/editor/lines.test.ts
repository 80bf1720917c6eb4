import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { faceFrame } from '../../src/editor/wire.ts';
import { EditorInBrowser, type EditorPage, noBrowser } from './browser.ts';
import { upright } from './landmarks.ts';

if (noBrowser) console.log(`Selected lines and parts of faces are not tested: ${noBrowser}`);

const side = 160;
type Place = readonly [x: number, y: number];

describe.skipIf(noBrowser)(`the drawing${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  /** A photo with two dark rectangles side by side, all of it hole. */
  async function openPage(): Promise<EditorPage> {
    const page = await tested.open();
    const dark = { create: { width: 30, height: 60, channels: 3, background: '#301808' } } as const;
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#e0c0a0' } })
        .composite([
          { input: dark, left: 30, top: 50 },
          { input: dark, left: 100, top: 50 },
        ])
        .png()
        .toBuffer(),
    );
    return page;
  }

  /** A task of which the documentation says how many actions it takes: each of these is one. */
  async function task(most: number, ...actions: (() => Promise<void>)[]): Promise<void> {
    expect(actions.length).toBeLessThanOrEqual(most);
    for (const act of actions) await act();
  }

  it('has lines that are selected, moved, scaled and deleted, each a step that undo takes back', async () => {
    const page = await openPage();
    const { keyboard } = page.page;
    const drag = (...places: Place[]) => page.stroke(side, places);
    const lines = () => page.marks('sketch', side);
    await keyboard.press('Shift+i');
    await page.tool('lines');
    await drag([40, 40], [120, 40]);
    await drag([40, 100], [120, 100]);
    const drawn = (await lines()).count;
    await task(
      2,
      () => keyboard.press('v'),
      () => drag([80, 40], [80, 60]),
    );
    const moved = await lines();
    expect([moved.at(80, 60), moved.at(80, 40), moved.at(80, 100), moved.at(118, 60)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(Math.abs(moved.count - drawn)).toBeLessThan(0.1 * drawn);
    // Saving, by which this test looks at the drawing, ends the selection.
    await drag([80, 60]);
    // Its box's lower right corner is pulled in, which makes it three quarters as long.
    const { scale } = await page.placement(side);
    const margin = 16 / scale;
    await drag([119.5 + margin, 60 + margin], [99.5 + margin, 60 + margin]);
    const scaled = await lines();
    expect([scaled.at(95, 60), scaled.at(110, 60), scaled.at(44, 60)]).toEqual([true, false, true]);
    await drag([70, 60]);
    await keyboard.press('ArrowDown');
    await keyboard.press('Shift+ArrowDown');
    const lowered = await lines();
    expect([lowered.at(80, 71), lowered.at(80, 60)]).toEqual([true, false]);
    expect(Math.abs(lowered.count - scaled.count)).toBeLessThan(10);
    await page.result();
    // What was selected is part of the drawing alone after undo, and each of these was a step.
    for (let i = 0; i < 4; i++) await keyboard.press('Control+z');
    expect((await lines()).at(80, 40)).toBe(true);
    expect((await lines()).count).toBe(drawn);
    for (let i = 0; i < 4; i++) await keyboard.press('Control+y');
    expect((await lines()).count).toBe(lowered.count);
    // A second line is added, and both go up together.
    await task(
      3,
      () => drag([80, 71]),
      async () => {
        await keyboard.down('Shift');
        await drag([80, 100]);
        await keyboard.up('Shift');
      },
      () => drag([60, 100], [60, 90]),
    );
    const both = await lines();
    expect([both.at(80, 61), both.at(80, 90), both.at(80, 71), both.at(80, 100)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(await page.seriousProblems()).toEqual([]);
    await page.reload();
    expect((await lines()).count).toBe(both.count);
    await page.page.click('#undo');
    expect((await lines()).count).toBe(lowered.count);
    // A drag around both selects them; nothing is left to select then.
    await page.tool('lines');
    await task(
      3,
      () => page.way('lines-select'),
      () => drag([20, 60], [140, 120]),
      () => keyboard.press('Delete'),
    );
    expect((await lines()).count).toBe(0);
    await page.page.focus('#draw-stage');
    await keyboard.press('Delete');
    await page.page.waitForSelector('#draw-notice:has-text("Nothing is selected")');
    expect((await page.marks('hole', side)).count).toBe(side * side);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('has lines of the photo that are selected one by one, and lines that were moved out of the hole bring one along', async () => {
    const page = await openPage();
    const drag = (...places: Place[]) => page.stroke(side, places);
    const lines = () => page.marks('sketch', side);
    await page.way('hole-rectangle');
    await drag([10, 10], [150, 150]);
    await page.page.click('#edges');
    await page.settled();
    const found = await lines();
    expect(found.count).toBeGreaterThan(100);
    const inHalf = (marks: Awaited<ReturnType<typeof lines>>, from: number) => {
      let count = 0;
      for (let y = 0; y < side; y++)
        for (let x = from; x < from + side / 2; x++) count += Number(marks.at(x, y));
      return count;
    };
    const right = inHalf(found, side / 2);
    expect(right).toBeGreaterThan(50);
    await task(
      4,
      () => page.tool('lines'),
      () => page.way('lines-select'),
      () => drag([12, 12], [79, 148]),
      () => page.page.click('#delete-lines'),
    );
    const rest = await lines();
    expect([inHalf(rest, 0), inHalf(rest, side / 2)]).toEqual([0, right]);
    await page.page.waitForSelector('#delete-lines', { state: 'hidden' });
    await page.page.click('#undo');
    expect((await lines()).count).toBe(found.count);
    const hole = await page.marks('hole', side);
    expect(hole.at(4, 80)).toBe(false);
    await drag([12, 12], [79, 148]);
    for (let i = 0; i < 5; i++) await page.page.keyboard.press('Shift+ArrowLeft');
    expect((await page.marks('hole', side)).count).toBeGreaterThan(hole.count);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('has parts of the face, which a press marks as hole and Alt takes away', async () => {
    const page = await openPage();
    // The face of the landmarks is in the photo's middle. What a detector finds is tested with it.
    const landmarks = upright().map(({ x, y }) => ({ x: x / 3 + 13, y: y / 3 + 25 }));
    const enlarged = landmarks.map(({ x, y }) => ({ x: (x * faceFrame) / side, y: (y * faceFrame) / side }));
    const face = { region: { x: 0, y: 0, size: faceFrame }, landmarks: enlarged };
    await page.page.context().route('**/api/faces', (route) => route.fulfill({ json: { faces: [face] } }));
    await page.reload();
    const hole = () => page.marks('hole', side);
    const at = (x: number, y: number): Place => [x / 3 + 13, y / 3 + 25];
    const [mouth, eye] = [at(200, 240), at(155, 125)];
    const { place } = await page.placement(side);
    await task(
      2,
      () => page.way('hole-face-part'),
      () => page.stroke(side, [mouth]),
    );
    await page.page.waitForSelector('#result-pane[data-state="shown"]');
    const marked = await hole();
    expect([marked.at(...mouth), marked.at(...eye)]).toEqual([true, false]);
    // The pointer shows what it would mark.
    const outline = page.page.locator('.outline polygon').first();
    await page.page.mouse.move(...place(eye));
    await page.page.waitForFunction(
      () => document.querySelector('.outline polygon')?.getAttribute('points') !== '',
    );
    await page.page.mouse.move(...place([2, 150]));
    await page.page.waitForFunction(
      () => document.querySelector('.outline polygon')?.getAttribute('points') === '',
    );
    expect(await outline.getAttribute('points')).toBe('');
    await page.stroke(side, [eye]);
    expect((await hole()).at(...eye)).toBe(true);
    await page.page.keyboard.down('Alt');
    await page.stroke(side, [mouth]);
    await page.page.keyboard.up('Alt');
    const both = await hole();
    expect([both.at(...mouth), both.at(...eye)]).toEqual([false, true]);
    await page.page.click('#undo');
    await page.page.click('#undo');
    expect((await hole()).count).toBe(marked.count);
    await page.tool('eraser');
    await page.way('eraser-face-part');
    await page.stroke(side, [mouth]);
    expect((await hole()).count).toBe(0);
    await page.stroke(side, [[2, 150]]);
    await page.page.waitForSelector('#draw-notice:has-text("no part of the face here")');
    expect(await page.seriousProblems()).toEqual([]);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('has lines that a finger selects and deletes', async () => {
    const page = await tested.open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#e0c0a0' } })
        .png()
        .toBuffer(),
    );
    await page.tool('lines');
    await page.stroke(side, [
      [40, 80],
      [120, 80],
    ]);
    await page.way('lines-select');
    const { place } = await page.placement(side);
    // A little beside it.
    const [x, y] = place([80, 80]);
    await page.page.touchscreen.tap(x, y + 15);
    const box = (await page.page.locator('#delete-lines').boundingBox())!;
    expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
    await page.page.locator('#delete-lines').tap();
    expect((await page.marks('sketch', side)).count).toBe(0);
    await page.close();
  });
});
