/** What a user has chosen and keeps: in the browser's storage, where that is allowed. */
import type { Rgb } from '../drawing/changes.ts';
import { say } from '../texts/say.ts';
import { stored } from './stored.ts';

export interface Colour {
  readonly name: string;
  readonly rgb: Rgb;
}

/** Each differs from skin, hair and most backgrounds. Lines also get an edge of the opposite brightness. */
export const holeColours: readonly Colour[] = [
  { name: say`Teal`, rgb: [0, 190, 170] },
  { name: say`Violet`, rgb: [140, 90, 255] },
  { name: say`Magenta`, rgb: [255, 40, 160] },
  { name: say`White`, rgb: [255, 255, 255] },
];
export const lineColours: readonly Colour[] = [
  { name: say`White`, rgb: [255, 255, 255] },
  { name: say`Black`, rgb: [15, 17, 20] },
  { name: say`Yellow`, rgb: [255, 225, 40] },
  { name: say`Magenta`, rgb: [255, 40, 160] },
];

/** To begin with; any other can be chosen, or taken from the photo. */
export const strokeColours: readonly Colour[] = [
  { name: say`Light skin`, rgb: [240, 200, 175] },
  { name: say`Brown skin`, rgb: [150, 98, 70] },
  { name: say`Red lips`, rgb: [185, 50, 60] },
  { name: say`Blond`, rgb: [215, 175, 110] },
];

const isIndexOf = (list: readonly unknown[]) => (value: unknown) =>
  typeof value === 'number' && value in list;
const isRgb = (value: unknown) =>
  Array.isArray(value) &&
  value.length === 3 &&
  value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
const isBoolean = (value: unknown) => typeof value === 'boolean';

export const preferences = {
  theme: stored<'light' | 'dark' | undefined>(
    'theme',
    undefined,
    (value) => value === 'light' || value === 'dark',
  ),
  hole: stored('hole-colour', 0, isIndexOf(holeColours)),
  lines: stored('line-colour', 0, isIndexOf(lineColours)),
  /** What the colour brush paints with. */
  stroke: stored<Rgb>('stroke-colour', strokeColours[2].rgb, isRgb),
  /** Whether lines and colours are drawn on a string. */
  steady: stored('steady', false, isBoolean),
  /** Whether lines end thin. */
  taper: stored('taper', false, isBoolean),
  /** Whether lines that are drawn outside the hole bring one along. */
  proposesHole: stored('proposes-hole', true, isBoolean),
  /** Whether one has followed the hints to the last. */
  isGuided: stored('guided', false, isBoolean),
  /** Whether results are sharpened where they are enlarged. */
  detail: stored('detail', true, isBoolean),
  pressure: stored('pressure', true, isBoolean),
  /** Whether fingers draw beside a pen. */
  fingersDraw: stored('fingers-draw', false, isBoolean),
  singleKeys: stored('single-keys', true, isBoolean),
};
