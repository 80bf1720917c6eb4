/** Tools, brush sizes, colours, l and its strip. */

import type { Control } from '../../../core/control.ts';
import type { RegionChoice } from '../../../infer/region.ts';
import { type LayerName, layerNames } from '../drawing/changes.ts';
import { stripValues } from '../studio/protocol.ts';
import { type BrushSizes, sizeSteps } from './brush-size.ts';
import { context2d } from './canvas.ts';
import { div, element, input, make, output } from './dom.ts';
import { layerOf } from './draw-stage.ts';
import type { Editor } from './editor.ts';
import { type Colour, holeColours, lineColours, preferences } from './preferences.ts';
import type { Tool } from './state.ts';
import { strokeColourRow } from './stroke-colour.ts';

/** Takes away what belongs to a control that the model does not have: elements say so by `data-needs`. */
export function hideUnusable({ description }: Editor): void {
  for (const part of document.querySelectorAll<HTMLElement>('[data-needs]'))
    part.hidden = !description.model.controls.includes(part.dataset.needs as Control);
}

/** Tools as buttons of which one is pressed. */
export function connectTools(editor: Editor): void {
  const tools = [...div('tools').querySelectorAll<HTMLButtonElement>('[data-tool]')];
  for (const tool of tools) {
    tool.addEventListener('click', () => {
      editor.tool.value = tool.dataset.tool as Tool;
    });
  }
  editor.tool.watch((value) => {
    for (const tool of tools) tool.setAttribute('aria-pressed', String(tool.dataset.tool === value));
  });
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
  const name = document.getElementById('size-name')!;
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
  editor.picture.watch(showSize);
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

/** The slider of l, and small results at some values of it. */
export function connectL(editor: Editor): void {
  const slider = input('l');
  const value = output('l-value');
  slider.addEventListener('input', () => editor.setL(Number(slider.value)));
  const strip = div('strip');
  const buttons = stripValues.map((l) => {
    const item = make('button', '');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [104, 104];
    item.type = 'button';
    item.setAttribute('aria-label', `Refinement ${l}`);
    item.append(canvas, make('span', '', String(l)));
    item.addEventListener('click', () => editor.setL(l));
    strip.append(item);
    return { l, item, context: context2d(canvas) };
  });
  editor.l.watch((l) => {
    slider.value = String(l);
    value.textContent = l.toFixed(2);
    for (const { l: own, item } of buttons) item.setAttribute('aria-pressed', String(own === l));
  });
  editor.onThumbnail = (l, picture) => {
    const found = buttons.find((each) => each.l === l);
    found?.context.drawImage(picture, 0, 0, 104, 104);
    picture.close();
  };
  editor.outcome.watch(({ kind }) => {
    for (const { item, context } of buttons) {
      item.disabled = kind === 'none';
      if (kind === 'none') context.clearRect(0, 0, 104, 104);
    }
  });
}

/** What the network is shown of the photo. */
export function connectRegion(editor: Editor): void {
  const select = element('region', HTMLSelectElement);
  const face = [...select.options].find(({ value }) => value === 'face')!;
  if (!editor.description.server) face.remove();
  select.addEventListener('change', () => editor.setRegion(select.value as RegionChoice));
  const field = element('region-field', HTMLLabelElement);
  editor.picture.watch((picture) => {
    field.hidden = picture === undefined;
  });
  editor.region.watch((region) => {
    select.value = region;
  });
  editor.hasFace.watch((hasFace) => {
    face.textContent = hasFace === false ? 'no face found: the hole’s surroundings' : 'the face';
  });
}
