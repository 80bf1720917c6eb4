/** What the network makes of the drawn lines, S_gen: shown over the drawing, and taken as its lines. */
import { viewportOf } from '../view/viewport.ts';
import { button, div, element } from './dom.ts';
import type { Editor } from './editor.ts';
import { Signal } from './signal.ts';
import { context2d } from './stage.ts';

export function connectRefinedLines(editor: Editor): { toggle(): void; take(): void } {
  const stage = div('draw-stage');
  const actions = div('refined-actions');
  const [toggleButton, takeButton] = [button('refined-toggle'), button('refined-take')];
  const canvas = element('refined', HTMLCanvasElement);
  const context = context2d(canvas);
  const isOn = new Signal(false);

  const show = () => {
    const { photo } = editor;
    const { shown } = editor.results;
    actions.hidden = !editor.model.value.refinedSketch || !photo.value;
    toggleButton.setAttribute('aria-pressed', String(isOn.value));
    takeButton.hidden = !isOn.value;
    takeButton.disabled = !editor.results.isCurrent;
    const picture = isOn.value ? shown?.refined : undefined;
    canvas.hidden = !picture;
    if (!picture) return;
    [canvas.width, canvas.height] = [picture.width, picture.height];
    context.drawImage(picture, 0, 0);
    place();
  };
  const place = () => {
    const [region, drawing] = [editor.results.shown?.region, editor.photo.value?.drawing];
    if (!region || !drawing) return;
    const size = { width: Math.max(1, stage.clientWidth), height: Math.max(1, stage.clientHeight) };
    const { scale, x, y } = viewportOf(editor.camera.value, drawing, size);
    Object.assign(canvas.style, {
      left: `${region.x * scale + x}px`,
      top: `${region.y * scale + y}px`,
      width: `${region.size * scale}px`,
      height: `${region.size * scale}px`,
    });
  };
  new ResizeObserver(place).observe(stage);
  editor.camera.watch(place);
  for (const signal of [editor.photo, editor.results.outcome, editor.results.preview, editor.model, isOn])
    signal.watch(show);

  const toggle = () => {
    isOn.value = !isOn.value;
  };
  const take = () => {
    if (isOn.value) void editor.takeRefinedLines();
  };
  toggleButton.addEventListener('click', toggle);
  takeButton.addEventListener('click', take);
  return { toggle, take };
}
