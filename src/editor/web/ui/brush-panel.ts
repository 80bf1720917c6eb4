/** The size and the colours of the brush in hand. */
import type { Size } from '../../../infer/raster.ts';
import { type LayerName, layerNames, type Rgb } from '../drawing/changes.ts';
import { element, input, make, output } from './dom.ts';
import { type Editor, layerOf } from './editor.ts';
import { type Colour, holeColours, lineColours, preferences, strokeColours } from './preferences.ts';
import { Signal } from './signal.ts';

const sizeSteps = 100;

/** The brushes' diameters in px of the photo, set on a scale on which equal steps are equal factors. */
export class BrushSizes {
  readonly hole = new Signal(40);
  readonly lines = new Signal(3);
  readonly colour = new Signal(8);
  #largest = 512;

  /** Sizes that suit a photo. */
  suit({ width, height }: Size): void {
    const side = Math.min(width, height);
    this.#largest = Math.max(16, side / 2);
    this.hole.value = Math.max(6, Math.round(side / 10));
    this.lines.value = Math.max(1, Math.round(side / 160));
    // As wide as the strokes of training.
    this.colour.value = Math.max(2, Math.round(side / 32));
  }

  /** Position on the scale, 0 to {@link sizeSteps}. */
  step(layer: LayerName): number {
    return Math.round((Math.log(this[layer].value) / Math.log(this.#largest)) * sizeSteps);
  }

  setStep(layer: LayerName, step: number): void {
    const share = Math.min(Math.max(step, 0), sizeSteps) / sizeSteps;
    const size = this.#largest ** share;
    this[layer].value = size < 10 ? Math.round(size * 2) / 2 : Math.round(size);
  }

  /** The next larger or smaller size that differs. */
  change(layer: LayerName, direction: 1 | -1): void {
    const before = this[layer].value;
    for (let step = this.step(layer) + direction; step >= 0 && step <= sizeSteps; step += direction) {
      this.setStep(layer, step);
      if (Math.abs(Math.log(this[layer].value / before)) >= 0.1) return;
    }
  }
}

const brushNames: Record<LayerName, string> = {
  hole: 'Hole brush',
  lines: 'Line brush',
  colour: 'Colour brush',
};

/** Size and colours of the brush in hand. */
export function connectBrush(editor: Editor, sizes: BrushSizes): void {
  const slider = input('size');
  const value = output('size-value');
  const swatches = element('swatches', HTMLFieldSetElement);
  const name = element('size-name', HTMLSpanElement);
  let layer: LayerName = 'hole';
  const showSize = () => {
    slider.value = String(sizes.step(layer));
    value.textContent = `${sizes[layer].value} px`;
    slider.setAttribute('aria-valuetext', `${sizes[layer].value} pixels`);
  };
  const rows = {
    hole: swatchRow('hole', holeColours),
    lines: swatchRow('lines', lineColours),
    colour: strokeColourRow(),
  };
  swatches.append(...Object.values(rows));
  slider.max = String(sizeSteps);
  slider.addEventListener('input', () => sizes.setStep(layer, Number(slider.value)));
  for (const each of layerNames) sizes[each].watch(showSize);
  editor.photo.watch(showSize);
  editor.tool.watch((tool) => {
    layer = tool === 'pipette' ? 'colour' : (layerOf(tool) ?? layer);
    name.textContent = brushNames[layer];
    for (const each of layerNames) rows[each].hidden = layer !== each;
    showSize();
  });
}

function swatchRow(layer: 'hole' | 'lines', colours: readonly Colour[]): HTMLElement {
  const row = make('div', 'swatch-row');
  colours.forEach(({ name, rgb }, index) => {
    const label = make('label', 'swatch');
    const radio = document.createElement('input');
    Object.assign(radio, {
      type: 'radio',
      name: `${layer}-colour`,
      checked: index === preferences[layer].value,
    });
    radio.setAttribute('aria-label', name);
    radio.addEventListener('change', () => {
      preferences[layer].value = index;
    });
    const dot = make('span', '');
    dot.style.background = `rgb(${rgb.join(' ')})`;
    label.title = name;
    label.append(radio, dot);
    row.append(label);
  });
  return row;
}

const toHex = (rgb: Rgb): string => `#${rgb.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

function fromHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The colours of the colour brush: buttons, and a field for any colour. Both follow what the pipette picks. */
function strokeColourRow(): HTMLElement {
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
