/** The size and the colours of the brush in hand. */
import type { Size } from '../../../infer/raster.ts';
import { type LayerName, layerNames, type Rgb } from '../drawing/changes.ts';
import { decimal, say } from '../texts/say.ts';
import { groupOf } from '../tools/tools.ts';
import { element, input, make, output } from './dom.ts';
import type { Editor } from './editor.ts';
import { type Colour, holeColours, lineColours, preferences, strokeColours } from './preferences.ts';
import { Signal } from './signal.ts';
import { needOf, takes } from './takes.ts';

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

/** Size and colours of the brush in hand, or what one does with a tool that has no size. */
export function connectBrush(editor: Editor, sizes: BrushSizes): void {
  const slider = input('size');
  const value = output('size-value');
  const swatches = element('swatches', HTMLFieldSetElement);
  const name = element('size-name', HTMLSpanElement);
  const help = element('tool-help', HTMLParagraphElement);
  const showSize = () => {
    const { value: layer } = editor.layer;
    slider.value = String(sizes.step(layer));
    value.textContent = `${decimal(sizes[layer].value)} px`;
    slider.setAttribute('aria-valuetext', say`${decimal(sizes[layer].value)} pixels`);
  };
  const rows = {
    hole: swatchRow('hole', holeColours),
    lines: swatchRow('lines', lineColours),
    colour: strokeColourRow(),
  };
  const erased = erasedRow(editor);
  swatches.append(...Object.values(rows), erased);
  slider.max = String(sizeSteps);
  slider.addEventListener('input', () => sizes.setStep(editor.layer.value, Number(slider.value)));
  for (const each of layerNames) sizes[each].watch(showSize);
  editor.photo.watch(showSize);
  const showTool = () => {
    const { tool, layer } = editor;
    const isBrush = tool.value.cursor === 'brush';
    element('size-field', HTMLLabelElement).hidden = !isBrush;
    help.hidden = isBrush;
    help.textContent = tool.value.help;
    name.textContent = tool.value.name;
    const isEraser = groupOf(tool.value)?.id === 'eraser';
    erased.hidden = !isEraser;
    for (const each of layerNames) rows[each].hidden = isEraser || layer.value !== each;
    showSize();
  };
  editor.tool.watch(showTool);
  editor.layer.watch(showTool);
}

/** What the eraser erases: at first what was drawn on last. */
function erasedRow(editor: Editor): HTMLElement {
  const row = make('div', 'choice');
  const buttons = layerNames.map((layer) => {
    const button = make('button', 'choice-button', erasedNames[layer]);
    button.type = 'button';
    button.dataset.erases = layer;
    button.addEventListener('click', () => {
      editor.layer.value = layer;
    });
    return { layer, button };
  });
  editor.layer.watch((chosen) => {
    for (const { layer, button } of buttons) button.setAttribute('aria-pressed', String(layer === chosen));
  });
  editor.model.watch((model) => {
    for (const { layer, button } of buttons) button.hidden = !takes(model, needOf[layer]);
  });
  row.append(...buttons.map(({ button }) => button));
  return row;
}

const erasedNames: Record<LayerName, string> = {
  hole: say`Hole`,
  lines: say`Lines`,
  colour: say`Colours`,
};

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
  any.title = say`Any colour`;
  any.setAttribute('aria-label', say`Colour of the brush`);
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
