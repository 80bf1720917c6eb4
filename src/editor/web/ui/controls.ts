/** Buttons and menus, the ways to open a photo, and the zoom. */

import { isLoopback } from '../../loopback.ts';
import type { LayerName } from '../drawing/changes.ts';
import { say } from '../texts/say.ts';
import { wholePhoto, zoomed } from '../view/viewport.ts';
import type { Saveable } from '../worker/saving.ts';
import { button, connectMenu, dialog, div, element, input, output, within } from './dom.ts';
import type { Editor } from './editor.ts';
import { preferences } from './preferences.ts';
import type { Records } from './records.ts';
import { type Need, takes } from './takes.ts';

/** Takes away what belongs to a control that the model does not have: elements say so by `data-needs`. */
export function hideUnusable(editor: Editor): void {
  const parts = document.querySelectorAll<HTMLElement>('[data-needs]');
  editor.model.watch((model) => {
    for (const part of parts) part.hidden = !takes(model, part.dataset.needs as Need);
  });
}

/** Photos, projects and layers come by button, drop or paste. */
export function connectOpening(editor: Editor, records: Records): { choose(): void; chooseLayer(): void } {
  const chooser = input('file');
  let wantsLayer = false;
  const choose = () => {
    wantsLayer = false;
    chooser.click();
  };
  const chooseLayer = () => {
    wantsLayer = true;
    chooser.click();
  };
  const { ask } = connectLayerDialog(editor, records);
  const open = async (file: File | null | undefined, isLayer = false) => {
    if (!file || editor.busy.value) return;
    const isPicture = file.type !== 'application/json' && editor.photo.value !== undefined;
    if (isPicture && (isLayer || (await editor.mayBeLayer(file)))) ask(file);
    else await records.open(file, file.name);
  };
  chooser.addEventListener('change', () => {
    void open(chooser.files?.[0], wantsLayer);
    // So that the same file can be chosen again.
    chooser.value = '';
  });
  button('open').addEventListener('click', choose);
  button('welcome-open').addEventListener('click', choose);
  const isHere = !editor.description.server || isLoopback(location.hostname.replace(/^\[|\]$/g, ''));
  element('photos-go', HTMLSpanElement).textContent = isHere
    ? say`Your photo stays on this device.`
    : say`Your photo goes to ${location.hostname} and nowhere else.`;

  const drop = div('drop');
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  document.addEventListener('drop', (event) => {
    drop.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    void open(event.dataTransfer?.files[0]);
  });
  document.addEventListener('paste', (event) => void open(event.clipboardData?.files[0]));
  return { choose, chooseLayer };
}

/** Asks as what a picture is meant: a photo or a layer of the one that is open. */
function connectLayerDialog(editor: Editor, records: Records): { ask(file: File): void } {
  const window = dialog('layer-dialog');
  const image = within(window, 'img', HTMLImageElement);
  let asked: File | undefined;
  const end = () => {
    asked = undefined;
    URL.revokeObjectURL(image.src);
    image.removeAttribute('src');
  };
  window.addEventListener('close', end);
  for (const choice of window.querySelectorAll<HTMLButtonElement>('[data-as]')) {
    choice.addEventListener('click', () => {
      const [file, as] = [asked, choice.dataset.as];
      window.close();
      if (!file) return;
      if (as === 'photo') void records.open(file, file.name);
      else void editor.importLayer(file, as as LayerName);
    });
  }
  return {
    ask(file) {
      asked = file;
      image.src = URL.createObjectURL(file);
      window.showModal();
    },
  };
}

/** The buttons of the page. Those that need a photo, a drawing or a result are disabled without it. */
export function connectButtons(editor: Editor): void {
  const on = (name: string, run: () => void) => {
    const found = button(name);
    found.addEventListener('click', run);
    return found;
  };
  const undo = on('undo', () => editor.undo());
  const redo = on('redo', () => editor.redo());
  const edges = on('edges', () => void editor.drawEdges());
  on('use-result', () => void editor.useResult());
  const save = on('save', () => void editor.save('result'));
  connectMenu(button('save-more'), div('save-menu'));
  const saves = [...document.querySelectorAll<HTMLButtonElement>('[data-save]')];
  for (const item of saves) {
    item.addEventListener('click', () => void editor.save(item.dataset.save as Saveable));
  }
  const { server, edgeModel } = editor.description;
  const canFindEdges = server || edgeModel !== undefined;
  const update = () => {
    const drawing = editor.photo.value?.drawing;
    const history = editor.photo.value?.history;
    undo.disabled = !history?.canUndo;
    redo.disabled = !history?.canRedo;
    edges.disabled = !drawing || drawing.hole.isEmpty || !canFindEdges;
    save.disabled = !editor.results.isCurrent;
    button('save-more').disabled = !drawing;
    for (const item of saves) if (item.dataset.save === 'result') item.disabled = !editor.results.isCurrent;
    div('welcome').hidden = drawing !== undefined || editor.busy.value !== undefined;
  };
  editor.revision.watch(update);
  editor.photo.watch(update);
  editor.results.outcome.watch(update);
  editor.busy.watch((busy) => {
    document.body.toggleAttribute('data-busy', busy !== undefined);
    update();
  });
}

/** Says while nothing is kept, and asks before the page is left with something that is not. */
export function connectKeeping(editor: Editor, records: Records): void {
  const mark = button('unkept');
  records.isStoring.watch((isStoring) => document.body.toggleAttribute('data-storing', isStoring));
  records.unkept.watch((problem) => {
    mark.hidden = problem === undefined;
  });
  mark.addEventListener('click', () => {
    editor.notice.value = { text: records.unkept.value ?? '', isProblem: true };
  });
  addEventListener('beforeunload', (event) => {
    editor.onInterrupt();
    const isLost = records.unkept.value !== undefined && editor.photo.value?.history.canUndo;
    if (isLost || records.isStoring.value) event.preventDefault();
  });
}

export function connectZoom(editor: Editor): { in(): void; out(): void; fit(): void } {
  const stage = div('draw-stage');
  const by = (factor: number) => () => {
    const drawing = editor.photo.value?.drawing;
    if (!drawing) return;
    const size = { width: stage.clientWidth, height: stage.clientHeight };
    const middle = { x: size.width / 2, y: size.height / 2 };
    editor.camera.value = zoomed(editor.camera.value, factor, middle, drawing, size);
  };
  const actions = {
    in: by(1.25),
    out: by(1 / 1.25),
    fit: () => {
      const drawing = editor.photo.value?.drawing;
      if (drawing) editor.camera.value = wholePhoto(drawing);
    },
  };
  button('zoom-in').addEventListener('click', actions.in);
  button('zoom-out').addEventListener('click', actions.out);
  button('zoom-fit').addEventListener('click', actions.fit);
  editor.camera.watch(({ zoom }) => {
    output('zoom-value').textContent = say`${Math.round(zoom * 100)}%`;
  });
  return actions;
}

/** What one sets once moves into the help where the bar has no room for it. */
export function connectSettings(): void {
  const narrow = matchMedia('(max-width: 760px)');
  const settings = [...div('bar-settings').children];
  const move = () => div(narrow.matches ? 'help-settings' : 'bar-settings').append(...settings);
  narrow.addEventListener('change', move);
  move();
}

/** Dark or light, and the options in the help dialog. */
export function connectTheme(): void {
  const { theme, pressure, fingersDraw, singleKeys } = preferences;
  theme.watch((value) => {
    if (value) document.documentElement.dataset.theme = value;
  });
  button('theme').addEventListener('click', () => {
    const isDark = theme.value ? theme.value === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    theme.value = isDark ? 'light' : 'dark';
  });
  for (const [id, preference] of [
    ['pressure', pressure],
    ['fingers-draw', fingersDraw],
    ['single-keys', singleKeys],
  ] as const) {
    const box = input(id);
    box.checked = preference.value;
    box.addEventListener('change', () => {
      preference.value = box.checked;
    });
  }
}
