import type { CDPSession } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EditorInBrowser, noBrowser } from './browser.ts';

if (noBrowser) console.log(`Pens, hands and keyboards are not tested: ${noBrowser}`);

const side = 96;
type Place = readonly [x: number, y: number];

describe.skipIf(noBrowser)(`pens, hands and keyboards${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  const tested = new EditorInBrowser();

  /** A page with a photo, and its devices. Places are px of the photo. */
  async function openPage() {
    const page = await tested.open({ hasTouch: true });
    await page.open(
      await sharp({ create: { width: side, height: side, channels: 3, background: '#a07050' } })
        .png()
        .toBuffer(),
    );
    const devtools: CDPSession = await page.page.context().newCDPSession(page.page);
    const box = (await page.page.locator('#draw-stage').boundingBox())!;
    const scale = Math.min((box.width - 32) / side, (box.height - 32) / side, 8);
    const at = ([x, y]: Place) => ({
      x: box.x + box.width / 2 + (x - side / 2) * scale,
      y: box.y + box.height / 2 + (y - side / 2) * scale,
    });
    const begin = Date.now() / 1000;
    /** Where fingers are now, and when, s. */
    const touch = (
      type: 'touchStart' | 'touchMove' | 'touchEnd' | 'touchCancel',
      fingers: Record<number, Place>,
      time: number,
    ) =>
      devtools.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: Object.entries(fingers).map(([id, place]) => ({ ...at(place), id: Number(id) })),
        timestamp: begin + time,
      });
    const pointer = (
      type: 'mousePressed' | 'mouseMoved' | 'mouseReleased',
      place: Place,
      {
        button = 'left',
        buttons = 1,
        pointerType = 'mouse',
      }: {
        button?: 'none' | 'left' | 'right';
        buttons?: number;
        pointerType?: 'mouse' | 'pen';
      } = {},
    ) =>
      devtools.send('Input.dispatchMouseEvent', {
        type,
        ...at(place),
        button,
        buttons,
        pointerType,
        clickCount: 1,
      });
    /** The hole's pixels, as whether one is marked. */
    const hole = async () => {
      const png = await page.save('hole');
      const marks = await sharp(png).extractChannel(0).raw().toBuffer();
      return (x: number, y: number) => marks[y * side + x] !== 0;
    };
    return { page, at, touch, pointer, hole, zoom: () => page.page.textContent('#zoom-value') };
  }

  it('lets a pen draw beside a resting hand, which neither draws nor zooms', async () => {
    const { page, touch, pointer, hole, zoom } = await openPage();
    const pen = { pointerType: 'pen' } as const;
    // The hand comes down before the page knows of a pen.
    await touch('touchStart', { 1: [80, 80] }, 0);
    await touch('touchMove', { 1: [78, 80] }, 0.1);
    await pointer('mousePressed', [20, 20], pen);
    await touch('touchStart', { 1: [78, 80], 2: [70, 88] }, 0.2);
    await pointer('mouseMoved', [40, 20], pen);
    await touch('touchMove', { 1: [60, 80], 2: [80, 88] }, 0.3);
    await pointer('mouseReleased', [40, 20], { ...pen, buttons: 0 });
    await touch('touchEnd', {}, 0.4);
    const drawn = await hole();
    expect([drawn(30, 20), drawn(80, 80), drawn(70, 88)]).toEqual([true, false, false]);
    // Afterwards fingers do not draw, and one that joins a resting hand does not zoom.
    await touch('touchStart', { 1: [80, 80] }, 1);
    await touch('touchStart', { 1: [80, 80], 2: [40, 60] }, 3);
    await touch('touchMove', { 1: [80, 80], 2: [20, 60] }, 3.1);
    await touch('touchEnd', {}, 3.2);
    expect([(await hole())(80, 80), await zoom()]).toEqual([false, '100%']);
    // Nor does a hand that touches at two places.
    await touch('touchStart', { 1: [80, 80], 2: [70, 88] }, 4);
    await touch('touchMove', { 1: [80, 80], 2: [69.5, 88.5] }, 4.1);
    await touch('touchEnd', {}, 4.2);
    expect(await zoom()).toBe('100%');
    // Two that come together do.
    await touch('touchStart', { 1: [40, 50], 2: [60, 50] }, 5);
    await touch('touchMove', { 1: [35, 50], 2: [65, 50] }, 5.1);
    await touch('touchMove', { 1: [20, 50], 2: [80, 50] }, 5.2);
    await touch('touchEnd', {}, 5.3);
    expect(await zoom()).not.toBe('100%');
    await page.page.click('#undo');
    expect(await page.page.isDisabled('#undo')).toBe(true);
    // Who wishes draws with both.
    await page.page.keyboard.press('0');
    await page.page.click('#help');
    await page.page.check('#fingers-draw');
    await page.page.keyboard.press('Escape');
    await touch('touchStart', { 1: [50, 50] }, 7);
    await touch('touchEnd', {}, 7.1);
    expect((await hole())(50, 50)).toBe(true);
    expect(page.errors).toEqual([]);
    await page.close();
  });

  it('erases by the right button, and opens no menu of the browser', async () => {
    const { page, pointer, hole } = await openPage();
    await page.page.evaluate(() => {
      const menus: boolean[] = [];
      Object.assign(window, { menus });
      addEventListener('contextmenu', (event) => menus.push(event.defaultPrevented));
    });
    for (const [button, buttons] of [
      ['left', 1],
      ['right', 2],
    ] as const) {
      await pointer('mousePressed', [20, 50], { button, buttons });
      await pointer('mouseMoved', [button === 'left' ? 80 : 50, 50], { button, buttons });
      await pointer('mouseReleased', [button === 'left' ? 80 : 50, 50], { button, buttons: 0 });
    }
    const drawn = await hole();
    expect([drawn(30, 50), drawn(75, 50)]).toEqual([false, true]);
    await page.page.locator('#result-stage').click({ button: 'right' });
    const menus = await page.page.evaluate(() => (window as unknown as { menus: boolean[] }).menus);
    expect(menus.length).toBeGreaterThan(0);
    expect(menus).not.toContain(false);
    await page.close();
  });

  it.each([
    ['the window loses the focus', () => dispatchEvent(new Event('blur'))],
    ['the tab is left', () => document.dispatchEvent(new Event('visibilitychange'))],
  ])('finishes a stroke when %s', async (_, interrupt) => {
    const { page, pointer, hole } = await openPage();
    await pointer('mousePressed', [20, 20]);
    await pointer('mouseMoved', [40, 20]);
    await page.page.evaluate(interrupt);
    // What the mouse does until it is pressed again draws nothing.
    await pointer('mouseMoved', [70, 70]);
    await pointer('mouseReleased', [70, 70], { buttons: 0 });
    const drawn = await hole();
    expect([drawn(30, 20), drawn(70, 70)]).toEqual([true, false]);
    await page.page.click('#undo');
    expect(await page.page.isDisabled('#undo')).toBe(true);
    await page.close();
  });

  it.each([
    ['behind an alert', () => alert('Something else')],
    ['elsewhere', () => {}],
  ])('finishes a stroke whose end was %s, and begins another after it', async (_, happens) => {
    const { page, pointer, hole } = await openPage();
    await pointer('mousePressed', [20, 20]);
    await pointer('mouseMoved', [40, 20]);
    await page.page.evaluate(happens);
    await pointer('mouseMoved', [70, 70], { button: 'none', buttons: 0 });
    await pointer('mouseMoved', [80, 70], { button: 'none', buttons: 0 });
    let drawn = await hole();
    expect([drawn(30, 20), drawn(75, 70)]).toEqual([true, false]);
    await page.page.mouse.up();
    await page.stroke(side, [
      [20, 80],
      [40, 80],
    ]);
    drawn = await hole();
    expect([drawn(30, 20), drawn(30, 80)]).toEqual([true, true]);
    await page.close();
  });

  it('takes a finger’s stroke back that the browser cancels, and undo in a stroke undoes that one', async () => {
    const { page, touch, pointer, hole } = await openPage();
    await touch('touchStart', { 1: [30, 30] }, 0);
    await touch('touchMove', { 1: [60, 30] }, 0.1);
    await touch('touchCancel', {}, 0.2);
    expect((await hole())(45, 30)).toBe(false);
    await pointer('mousePressed', [20, 20]);
    await pointer('mouseMoved', [40, 20]);
    await page.page.keyboard.press('Control+z');
    await pointer('mouseMoved', [70, 20]);
    await pointer('mouseReleased', [70, 20], { buttons: 0 });
    expect(await page.page.isDisabled('#undo')).toBe(true);
    await page.page.click('#redo');
    const drawn = await hole();
    expect([drawn(30, 20), drawn(65, 20)]).toEqual([true, false]);
    await page.close();
  });

  it('knows its shortcuts on a Russian keyboard', async () => {
    const { page } = await openPage();
    const press = (key: string, code: string, ctrlKey = false) =>
      page.page.evaluate(
        (given) =>
          document.body.dispatchEvent(
            new KeyboardEvent('keydown', { ...given, bubbles: true, cancelable: true }),
          ),
        { key, code, ctrlKey },
      );
    await press('д', 'KeyL');
    expect(await page.page.getAttribute('[data-tool="lines"]', 'aria-pressed')).toBe('true');
    await press('р', 'KeyH');
    await page.stroke(side, [
      [20, 20],
      [40, 20],
    ]);
    await press('я', 'KeyZ', true);
    expect(await page.page.isDisabled('#undo')).toBe(true);
    await page.close();
  });
});
