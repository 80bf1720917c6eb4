/** The choice of the colour that the colour brush paints with: some to begin with, and any other. */
import type { Rgb } from '../drawing/changes.ts';
import { make } from './dom.ts';
import { preferences, strokeColours } from './preferences.ts';

const toHex = (rgb: Rgb): string => `#${rgb.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

function fromHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A row of buttons and a field for any colour, which follow what is chosen elsewhere, as by the pipette. */
export function strokeColourRow(): HTMLElement {
  const row = make('div', 'swatch-row');
  const any = document.createElement('input');
  any.type = 'color';
  any.id = 'stroke-colour';
  any.title = 'Any colour';
  any.setAttribute('aria-label', 'Colour of the brush');
  any.addEventListener('input', () => {
    preferences.stroke.value = fromHex(any.value);
  });
  const buttons = strokeColours.map(({ name, rgb }) => {
    const button = make('button', 'swatch');
    button.type = 'button';
    button.title = name;
    button.setAttribute('aria-label', name);
    const dot = make('span', '');
    dot.style.background = toHex(rgb);
    button.append(dot);
    button.addEventListener('click', () => {
      preferences.stroke.value = rgb;
    });
    return { rgb, button };
  });
  preferences.stroke.watch((chosen) => {
    any.value = toHex(chosen);
    for (const { rgb, button } of buttons)
      button.setAttribute('aria-pressed', String(toHex(rgb) === any.value));
  });
  row.append(any, ...buttons.map(({ button }) => button));
  return row;
}
