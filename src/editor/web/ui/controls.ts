/** Tools, buttons and menus, the ways to open a photo, and the zoom. */

import type { Control } from '../../../core/vocabulary.ts';
import { type LayerName, layerNames } from '../drawing/changes.ts';
import { wholePhoto, zoomed } from '../view/viewport.ts';
import type { Saveable } from '../worker/worker.ts';
import { button, connectMenu, div, input, output } from './dom.ts';
import type { Editor, Tool } from './editor.ts';
import { preferences } from './preferences.ts';

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

/** Photos and projects come by button, drop or paste. */
export function connectOpening(editor: Editor): { choose(): void } {
  const chooser = input('file');
  const choose = () => chooser.click();
  const open = (file: File | null | undefined) => {
    if (file) void editor.open(file, file.name);
  };
  chooser.addEventListener('change', () => {
    open(chooser.files?.[0]);
    // So that the same file can be chosen again.
    chooser.value = '';
  });
  button('open').addEventListener('click', choose);
  button('welcome-open').addEventListener('click', choose);

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
    open(event.dataTransfer?.files[0]);
  });
  document.addEventListener('paste', (event) => open(event.clipboardData?.files[0]));
  return { choose };
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
  connectMenu(button('save'), div('save-menu'));
  connectMenu(button('clear'), div('clear-menu'));
  const saves = [...document.querySelectorAll<HTMLButtonElement>('[data-save]')];
  for (const item of saves) {
    item.addEventListener('click', () => void editor.save(item.dataset.save as Saveable));
  }
  for (const item of document.querySelectorAll<HTMLButtonElement>('[data-clear]')) {
    const { clear } = item.dataset;
    item.addEventListener('click', () => editor.clear(clear === 'all' ? layerNames : [clear as LayerName]));
  }
  const { server, edgeModel } = editor.description;
  const canFindEdges = server || edgeModel !== undefined;
  const update = () => {
    const drawing = editor.photo.value?.drawing;
    const history = editor.photo.value?.history;
    undo.disabled = !history?.canUndo;
    redo.disabled = !history?.canRedo;
    edges.disabled = !drawing || drawing.hole.isEmpty || !canFindEdges;
    button('clear').disabled = !drawing || drawing.isEmpty;
    button('save').disabled = !drawing;
    for (const item of saves) if (item.dataset.save === 'result') item.disabled = !editor.isCurrent;
    div('welcome').hidden = drawing !== undefined || editor.busy.value !== undefined;
  };
  editor.revision.watch(update);
  editor.photo.watch(update);
  editor.outcome.watch(update);
  editor.busy.watch((busy) => {
    document.body.toggleAttribute('data-busy', busy !== undefined);
    update();
  });
  connectKeeping(editor);
}

/** Says while nothing is kept, and asks before the page is left with something that is not. */
function connectKeeping(editor: Editor): void {
  const mark = button('unkept');
  editor.isStoring.watch((isStoring) => document.body.toggleAttribute('data-storing', isStoring));
  editor.unkept.watch((problem) => {
    mark.hidden = problem === undefined;
  });
  mark.addEventListener('click', () => {
    editor.notice.value = { text: editor.unkept.value ?? '', isProblem: true };
  });
  addEventListener('beforeunload', (event) => {
    editor.onInterrupt();
    const isLost = editor.unkept.value !== undefined && editor.photo.value?.history.canUndo;
    if (isLost || editor.isStoring.value) event.preventDefault();
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
    output('zoom-value').textContent = `${Math.round(zoom * 100)}%`;
  });
  return actions;
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
