import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, EditorPage, noBrowser } from './browser.ts';

if (noBrowser) console.log(`The drawing tools are not tested: ${noBrowser}`);

const side = 160;
type Place = readonly [x: number, y: number];

describe.skipIf(noBrowser)(`the drawing tools${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  async function openPage(): Promise<EditorPage> {
    const page = await tested.open();
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#a07050' } })
        .png()
        .toBuffer(),
    );
    return page;
  }

  const marks = (page: EditorPage, layer: 'hole' | 'sketch') => page.marks(layer, side);

  /** A task of which the documentation says how many actions it takes: each of these is one. */
  async function task(...actions: (() => Promise<void>)[]): Promise<void> {
    expect(actions.length).toBeLessThanOrEqual(5);
    for (const act of actions) await act();
  }

  const square: readonly Place[] = [
    [40, 40],
    [120, 40],
    [120, 120],
    [40, 120],
  ];

  it('mark the hole with a lasso and erase part of it, and undo and redo walk through both', async () => {
    const page = await openPage();
    await task(
      () => page.way('hole-lasso'),
      () => page.stroke(side, square),
    );
    const marked = await marks(page, 'hole');
    expect([marked.at(80, 80), marked.at(44, 116), marked.at(30, 80)]).toEqual([true, true, false]);
    expect(Math.abs(marked.count - 80 * 80)).toBeLessThan(350);
    await task(
      () => page.tool('eraser'),
      () => page.way('eraser-lasso'),
      () =>
        page.stroke(side, [
          [60, 60],
          [100, 60],
          [80, 100],
        ]),
    );
    const erased = await marks(page, 'hole');
    expect([erased.at(80, 70), erased.at(50, 110)]).toEqual([false, true]);
    await page.page.click('#undo');
    expect((await marks(page, 'hole')).count).toBe(marked.count);
    await page.page.click('#undo');
    expect((await marks(page, 'hole')).count).toBe(0);
    await page.page.click('#redo');
    await page.page.click('#redo');
    expect((await marks(page, 'hole')).count).toBe(erased.count);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('mark the hole corner by corner; corners are taken back, and what is begun can be left', async () => {
    const page = await openPage();
    const corner = (place: Place) => () => page.stroke(side, [place]);
    await page.way('hole-polygon');
    await corner([20, 20])();
    await corner([60, 20])();
    await page.page.keyboard.press('Escape');
    expect((await marks(page, 'hole')).count).toBe(0);
    // A triangle: a corner that was wrong is taken back, and the first one again closes it.
    for (const place of [
      [40, 40],
      [120, 40],
      [150, 150],
    ] as const)
      await corner(place)();
    await page.page.keyboard.press('Backspace');
    await corner([40, 120])();
    await corner([40, 40])();
    const triangle = await marks(page, 'hole');
    expect([triangle.at(50, 50), triangle.at(110, 110)]).toEqual([true, false]);
    expect(Math.abs(triangle.count - 3200)).toBeLessThan(200);
    // The last corner twice closes it, too; and another tool completes it.
    await page.page.click('#undo');
    for (const place of [
      [40, 40],
      [120, 40],
      [40, 120],
      [40, 120],
    ] as const)
      await corner(place)();
    expect((await marks(page, 'hole')).count).toBe(triangle.count);
    await page.page.click('#undo');
    for (const place of square.slice(0, 3)) await corner(place)();
    await page.tool('lines');
    expect((await marks(page, 'hole')).at(100, 60)).toBe(true);
    await page.close();
  });

  it('mark rectangles, ellipses, squares and circles', async () => {
    const page = await openPage();
    const drag = () =>
      page.stroke(side, [
        [40, 60],
        [120, 100],
      ]);
    await task(() => page.way('hole-rectangle'), drag);
    const rectangle = await marks(page, 'hole');
    expect([rectangle.at(42, 62), rectangle.at(118, 98), rectangle.at(80, 104)]).toEqual([true, true, false]);
    await page.page.click('#undo');
    await task(() => page.way('hole-ellipse'), drag);
    const ellipse = await marks(page, 'hole');
    expect([ellipse.at(80, 80), ellipse.at(42, 62)]).toEqual([true, false]);
    expect(Math.abs(ellipse.count - Math.PI * 40 * 20)).toBeLessThan(150);
    await page.page.click('#undo');
    await page.page.keyboard.down('Shift');
    await drag();
    await page.page.keyboard.up('Shift');
    expect(Math.abs((await marks(page, 'hole')).count - Math.PI * 40 * 40)).toBeLessThan(250);
    await page.close();
  });

  it('fill a closed line, and say where it has a gap', async () => {
    const page = await openPage();
    await page.tool('lines');
    await page.page.click('[data-option="own-hole"]');
    await page.stroke(side, square);
    await page.tool('hole');
    await page.way('fill');
    await page.stroke(side, [[80, 80]]);
    await page.page.waitForSelector('#draw-notice:has-text("no closed line")');
    expect((await marks(page, 'hole')).count).toBe(0);
    await page.tool('lines');
    await page.stroke(side, [
      [40, 120],
      [40, 40],
    ]);
    await task(
      () => page.tool('hole'),
      () => page.way('fill'),
      () => page.stroke(side, [[80, 80]]),
    );
    const filled = await marks(page, 'hole');
    const lines = await marks(page, 'sketch');
    // The line is part of the hole, or it would not count.
    expect([filled.at(80, 80), filled.at(40, 80), filled.at(20, 80)]).toEqual([true, true, false]);
    for (let i = 0; i < side * side; i++) {
      const [x, y] = [i % side, Math.floor(i / side)];
      if (lines.at(x, y) && !filled.at(x, y)) expect.fail(`the line at ${x}, ${y} is outside the hole`);
    }
    await page.result();
    await page.close();
  });

  it('erase what was drawn last, or what one chooses', async () => {
    const page = await openPage();
    await page.stroke(side, [
      [40, 80],
      [120, 80],
    ]);
    await page.tool('lines');
    await page.stroke(side, [
      [40, 80],
      [120, 80],
    ]);
    const hole = (await marks(page, 'hole')).count;
    await task(
      () => page.page.keyboard.press('e'),
      () =>
        page.stroke(side, [
          [70, 80],
          [90, 80],
        ]),
    );
    const lines = await marks(page, 'sketch');
    expect([lines.at(50, 80), lines.at(80, 80)]).toEqual([true, false]);
    expect((await marks(page, 'hole')).count).toBe(hole);
    await task(
      () => page.page.click('[data-erases="hole"]'),
      () => page.stroke(side, [[80, 80]]),
    );
    expect((await marks(page, 'hole')).at(80, 80)).toBe(false);
    expect((await marks(page, 'sketch')).count).toBe(lines.count);
    await page.close();
  });

  it('grow, shrink and invert the hole, and undo and redo walk through that', async () => {
    const page = await openPage();
    await page.way('hole-rectangle');
    await page.stroke(side, [
      [40, 40],
      [120, 120],
    ]);
    const drawn = (await marks(page, 'hole')).count;
    // The photo has 160 px a side: 2 px at once.
    await task(
      () => page.page.click('#edit'),
      () => page.page.click('[data-edit="grow"]'),
      () => page.page.click('[data-edit="grow"]'),
    );
    const grown = await marks(page, 'hole');
    expect([grown.at(37, 80), grown.at(35, 80), grown.at(36, 36)]).toEqual([true, false, false]);
    await page.page.keyboard.press('Shift+g');
    await page.page.keyboard.press('Shift+g');
    const shrunk = await marks(page, 'hole');
    expect(shrunk.count).toBe(drawn);
    await page.page.keyboard.press('Shift+i');
    const inverted = await marks(page, 'hole');
    expect([inverted.at(80, 80), inverted.at(5, 5), inverted.count]).toEqual([
      false,
      true,
      side * side - drawn,
    ]);
    for (let i = 0; i < 5; i++) await page.page.keyboard.press('Control+z');
    expect((await marks(page, 'hole')).count).toBe(drawn);
    await page.page.keyboard.press('Control+y');
    await page.page.keyboard.press('Control+y');
    expect((await marks(page, 'hole')).count).toBe(grown.count);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('draw straight lines, with Shift or as a tool', async () => {
    const page = await openPage();
    const bend = () =>
      page.stroke(side, [
        [40, 80],
        [80, 20],
        [120, 80],
      ]);
    await page.tool('lines');
    await page.page.keyboard.down('Shift');
    await bend();
    await page.page.keyboard.up('Shift');
    const held = await marks(page, 'sketch');
    expect([held.at(80, 80), held.at(80, 20), held.at(60, 50)]).toEqual([true, false, false]);
    await page.page.keyboard.press('Control+z');
    await task(() => page.way('lines-straight'), bend);
    expect((await marks(page, 'sketch')).count).toBe(held.count);
    await page.close();
  });

  it('taper lines, and pull the brush on a string', async () => {
    const page = await openPage();
    const size = page.page.locator('#size');
    await page.tool('lines');
    await size.fill('45');
    const line = () =>
      page.stroke(side, [
        [30, 80],
        [130, 80],
      ]);
    /** How thick the line is at a column. */
    const thickness = async () => {
      const lines = await marks(page, 'sketch');
      return (x: number) => Array.from({ length: side }, (_, y) => lines.at(x, y)).filter(Boolean).length;
    };
    await line();
    const even = await thickness();
    await page.page.keyboard.press('Control+z');
    await task(() => page.page.click('[data-option="taper"]'), line);
    const tapered = await thickness();
    expect(even(80)).toBeGreaterThan(3);
    expect(even(32)).toBe(even(80));
    // Rims that go through the centres of pixels may be rounded either way.
    expect(even(80) - tapered(80)).toBeLessThanOrEqual(2);
    expect(tapered(32)).toBeLessThanOrEqual(even(80) / 2);
    // It nowhere breaks.
    for (let x = 30; x < 130; x++) expect(tapered(x)).toBeGreaterThan(0);
    await page.page.keyboard.press('Control+z');
    await page.page.keyboard.press('t');
    expect((await marks(page, 'sketch')).count).toBe(0);
    // 24 px of the screen: the photo is enlarged by about 3.4, so the line ends about 7 px before the pointer.
    await task(() => page.page.click('[data-option="steady"]'), line);
    const pulled = await thickness();
    expect([pulled(100) > 0, pulled(118) > 0, pulled(129)]).toEqual([true, true, 0]);
    expect(await page.page.getAttribute('[data-option="steady"]', 'aria-pressed')).toBe('true');
    await page.close();
  });

  it('make a hole for lines that have none, in the same act', async () => {
    const page = await openPage();
    const smile: readonly Place[] = [
      [50, 80],
      [80, 100],
      [110, 80],
    ];
    await task(
      () => page.tool('lines'),
      () => page.stroke(side, smile),
    );
    const hole = await marks(page, 'hole');
    // Also between its ends, and a margin of the hole brush's radius, 8 px.
    expect([hole.at(80, 100), hole.at(80, 85), hole.at(80, 75), hole.at(80, 60)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    await page.result();
    // A line inside it leaves it alone, as does one that begins outside.
    await page.stroke(side, [
      [60, 82],
      [100, 82],
    ]);
    expect((await marks(page, 'hole')).count).toBe(hole.count);
    await page.page.click('#undo');
    await page.page.click('#undo');
    expect([(await marks(page, 'hole')).count, (await marks(page, 'sketch')).count]).toEqual([0, 0]);
    // Who wants to mark the hole alone says so.
    await page.page.keyboard.press('a');
    await page.stroke(side, smile);
    expect((await marks(page, 'hole')).count).toBe(0);
    await page.close();
  });

  it('lead from the hole to lines and l, each where it is done, and only once', async () => {
    const page = await openPage();
    const hint = page.page.locator('#draw-hint');
    await hint.filter({ hasText: 'Paint over what should change' }).waitFor();
    await page.stroke(side, [
      [50, 80],
      [110, 80],
    ]);
    await hint.filter({ hasText: 'take Line (L)' }).waitFor();
    await page.tool('lines');
    await hint.filter({ hasText: 'Draw inside the hole' }).waitFor();
    const line = (y: number) =>
      page.stroke(side, [
        [60, y],
        [100, y],
      ]);
    await line(80);
    await page.page.locator('#l-hint').filter({ hasText: 'at 0' }).waitFor();
    expect(await hint.isVisible()).toBe(false);
    await line(84);
    await page.page.locator('#l-hint').waitFor({ state: 'hidden' });
    await page.page.click('#edit');
    await page.page.click('[data-edit="clear-lines"]');
    expect(await hint.isVisible()).toBe(false);
    await page.close();
  });

  it('save the finished photo at its full size by one press', async () => {
    const page = await openPage();
    expect(await page.page.isDisabled('#save')).toBe(true);
    await page.stroke(side, [
      [50, 80],
      [110, 80],
    ]);
    await page.result();
    const [download] = await Promise.all([page.page.waitForEvent('download'), page.page.click('#save')]);
    expect(download.suggestedFilename()).toBe('photo-edited.png');
    const { width, height } = await sharp(await download.path()).metadata();
    expect([width, height]).toEqual([side, side]);
    await page.close();
  });

  it('take a hole and lines from files, and a photo as a photo', async () => {
    const page = await openPage();
    /** A black square, of twice the photo's size, on white. */
    const picture = await sharp({ create: { width: 320, height: 320, channels: 3, background: 'white' } })
      .composite([
        { input: { create: { width: 80, height: 80, channels: 3, background: 'black' } }, left: 40, top: 40 },
      ])
      .png()
      .toBuffer();
    await task(
      () => page.open(picture, 'layer.png'),
      () => page.page.click('[data-as="hole"]'),
    );
    await page.settled();
    const hole = await marks(page, 'hole');
    expect([hole.at(10, 10), hole.at(40, 40), hole.count]).toEqual([true, false, side * side - 40 * 40]);
    await page.result();
    await page.open(picture, 'layer.png');
    await page.page.click('[data-as="lines"]');
    await page.settled();
    const lines = await marks(page, 'sketch');
    expect([lines.at(10, 10), lines.at(40, 40), lines.count]).toEqual([false, true, 40 * 40]);
    await page.page.click('#undo');
    expect([(await marks(page, 'sketch')).count, (await marks(page, 'hole')).count]).toEqual([0, hole.count]);
    // Escape leaves all as it is; a picture of another shape is not asked about.
    await page.open(picture, 'layer.png');
    await page.page.keyboard.press('Escape');
    expect((await marks(page, 'hole')).count).toBe(hole.count);
    await page.open(await sharp(picture).resize(200, 100, { fit: 'fill' }).png().toBuffer(), 'wide.png');
    await page.page.waitForSelector('#draw-notice:has-text("is kept under Recent")');
    expect((await sharp(await page.save('hole')).metadata()).width).toBe(200);
    // Any picture can be a layer for who says so.
    await page.page.click('#edit');
    const [chooser] = await Promise.all([
      page.page.waitForEvent('filechooser'),
      page.page.click('#open-layer'),
    ]);
    await chooser.setFiles({ name: 'layer.png', mimeType: 'image/png', buffer: picture });
    await page.page.click('[data-as="hole"]');
    await page.settled();
    await page.result();
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('leave their results, of which any can be compared with any other and gone back to', async () => {
    const page = await openPage();
    const line = (y: number) =>
      page.stroke(side, [
        [50, y],
        [110, y],
      ]);
    const counts: number[] = [];
    const results: Buffer[] = [];
    for (const y of [40, 80, 120]) {
      await line(y);
      await page.result();
      counts.push((await marks(page, 'hole')).count);
      results.push(await page.save('result'));
    }
    await page.kept();
    const card = (number: number) => page.page.locator(`#results .sample`, { hasText: `${number} ·` });
    await task(
      () => page.page.click('#results-so-far'),
      () => card(1).locator('.sample-photo').click(),
    );
    await page.settled();
    await page.result();
    expect((await marks(page, 'hole')).count).toBe(counts[0]);
    expect((await page.save('result')).equals(results[0]!)).toBe(true);
    // Later ones are there, too, and the first is compared with the last.
    await task(
      () => page.page.keyboard.press('p'),
      () => card(3).locator('.chip').click(),
    );
    await page.page.locator('#end-compare').filter({ hasText: 'result 3' }).waitFor();
    expect(await page.seriousProblems()).toEqual([]);
    /** The stage's pixel where the third line's result is, left or right of the divider. */
    const pixel = async (x: number) => {
      const shot = await page.page.locator('#result-stage').screenshot();
      const { data, info } = await sharp(shot).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      const scale = Math.min((info.width - 32) / side, (info.height - 32) / side, 8);
      const place = (at: number, length: number) => Math.round(length / 2 + (at - side / 2) * scale);
      const at = 3 * (place(120, info.height) * info.width + place(x, info.width));
      return [...data.subarray(at, at + 3)];
    };
    const photo = [0xa0, 0x70, 0x50];
    expect(await pixel(100)).toEqual(photo);
    expect(await pixel(60)).not.toEqual(photo);
    await page.page.click('#end-compare');
    await page.page.waitForSelector('#end-compare', { state: 'hidden' });
    expect(await pixel(60)).toEqual(photo);
    await page.page.click('#redo');
    await page.page.click('#redo');
    expect((await marks(page, 'hole')).count).toBe(counts[2]);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('have nothing serious for axe-core to find, on a phone either', async () => {
    const page = await openPage();
    for (const tool of ['hole', 'lines', 'eraser']) {
      await page.tool(tool);
      expect(await page.seriousProblems(), tool).toEqual([]);
    }
    await page.page.setViewportSize({ width: 390, height: 844 });
    await page.page.click('#edit');
    expect(await page.seriousProblems(), 'on a phone').toEqual([]);
    await page.close();
  });

  it('are large enough for fingers on a phone, have words there, and share it with nothing', async () => {
    const context = await tested.browser.newContext({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    const page = new EditorPage(await context.newPage());
    await page.page.goto(tested.editor.url);
    await page.ready();
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#a07050' } })
        .png()
        .toBuffer(),
    );
    await page.tool('lines');
    await page.stroke(side, [
      [40, 80],
      [120, 80],
    ]);
    await page.result();
    const check = async (state: string, width: number) => {
      for (const button of await page.page.locator('button:visible, .swatch:visible').all()) {
        const box = (await button.boundingBox())!;
        const name = `${state}: ${(await button.getAttribute('aria-label')) ?? (await button.textContent())}`;
        expect(Math.min(box.width, box.height), name).toBeGreaterThanOrEqual(44);
        expect(box.x + box.width, name).toBeLessThanOrEqual(width);
        // Fingers see no tooltips.
        if ((await button.getAttribute('class'))?.includes('icon-only'))
          expect((await button.innerText()).trim(), name).not.toBe('');
      }
      expect(await page.seriousProblems(), state).toEqual([]);
    };
    for (const [width, height] of [
      [390, 844],
      [844, 390],
    ] as const) {
      await page.page.setViewportSize({ width, height });
      for (const tool of ['hole', 'lines', 'eraser']) {
        await page.tool(tool);
        await check(`${width}, ${tool}`, width);
      }
      // One pane at a time has room for something.
      for (const view of ['result', 'drawing'] as const) {
        await page.view(view);
        const stages = page.page.locator('.stage:visible');
        expect(await stages.count()).toBe(1);
        const box = (await stages.boundingBox())!;
        expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(290);
        await check(`${width}, ${view}`, width);
      }
    }
    await page.close();
  });

  it('work by keyboard alone', async () => {
    const page = await openPage();
    const keyboard = page.page.keyboard;
    const press = async (key: string, times: number) => {
      for (let i = 0; i < times; i++) await keyboard.press(key);
    };
    await page.page.focus('#draw-stage');
    // From the middle: a rectangle.
    await keyboard.press('4');
    await keyboard.press('Enter');
    await press('ArrowRight', 10);
    await press('ArrowDown', 10);
    await keyboard.press('Enter');
    const rectangle = await marks(page, 'hole');
    expect([rectangle.at(84, 84), rectangle.at(76, 76)]).toEqual([true, false]);
    // A polygon of three corners beside it.
    await page.page.focus('#draw-stage');
    await keyboard.press('3');
    await keyboard.press('Enter');
    await press('ArrowRight', 10);
    await keyboard.press('Enter');
    await press('ArrowDown', 10);
    await keyboard.press('Enter');
    await keyboard.press('Enter');
    expect((await marks(page, 'hole')).count).toBeGreaterThan(rectangle.count);
    await page.close();
  });
});
