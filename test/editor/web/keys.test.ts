import { describe, expect, it } from 'vitest';
import { keyOf } from '../../../src/editor/web/ui/keys.ts';

type Held = 'shift' | 'ctrl' | 'meta' | 'alt' | 'AltGraph';

const event = (key: string, code: string, ...held: Held[]) =>
  ({
    key,
    code,
    shiftKey: held.includes('shift'),
    // Windows tells of AltGr as of Ctrl and Alt.
    ctrlKey: held.includes('ctrl') || held.includes('AltGraph'),
    metaKey: held.includes('meta'),
    altKey: held.includes('alt') || held.includes('AltGraph'),
    getModifierState: (name: string) => held.includes(name as Held),
  }) as KeyboardEvent;

describe('the keys of shortcuts', () => {
  it.each([
    ['American', event('h', 'KeyH'), 'H'],
    ['with Shift', event('H', 'KeyH', 'shift'), 'Shift+H'],
    ['with caps lock', event('H', 'KeyH'), 'H'],
    ['with Ctrl', event('z', 'KeyZ', 'ctrl'), 'Ctrl+Z'],
    ['on a Mac', event('z', 'KeyZ', 'meta', 'shift'), 'Ctrl+Shift+Z'],
    ['German Z, where Americans have Y', event('z', 'KeyY', 'ctrl'), 'Ctrl+Z'],
    ['German [, by AltGr', event('[', 'Digit8', 'AltGraph'), '['],
    ['German [ on a Mac, by Alt', event('[', 'Digit5', 'alt'), '['],
    ['French A, where Americans have Q', event('a', 'KeyQ'), 'A'],
    ['French 0, which needs Shift', event('0', 'Digit0', 'shift'), '0'],
    ['the same key without Shift', event('à', 'Digit0'), '0'],
    ['Russian H', event('р', 'KeyH'), 'H'],
    ['Russian undo', event('я', 'KeyZ', 'ctrl'), 'Ctrl+Z'],
    ['Russian redo', event('Я', 'KeyZ', 'ctrl', 'shift'), 'Ctrl+Shift+Z'],
    ['Russian brush size', event('х', 'BracketLeft'), '['],
    ['Greek, Arabic, Hebrew alike', event('ה', 'KeyV'), 'V'],
    ['while an input method listens', event('Process', 'KeyL'), 'L'],
    ['Delete', event('Delete', 'Delete'), 'Delete'],
  ])('%s', (_, given, expected) => {
    expect(keyOf(given)).toBe(expected);
  });

  it.each([
    ['Alt and a letter opens menus', event('h', 'KeyH', 'alt')],
    ['Alt and a letter on a Mac writes a sign', event('ñ', 'KeyN', 'alt')],
    ['Polish letters by AltGr', event('ą', 'KeyA', 'AltGraph')],
  ])('none: %s', (_, given) => {
    expect(keyOf(given)).toBeUndefined();
  });
});
