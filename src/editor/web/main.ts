/** The page's entry: connects the editor's parts. */
import type { EditorDescription } from '../wire.ts';
import { type LayerName, layerNames } from './drawing/changes.ts';
import { BrushSizes, connectBrush } from './ui/brush-panel.ts';
import { connectOpening, connectTools, hideUnusable } from './ui/controls.ts';
import { button, connectMenu, dialog, div, drawIcons, input, output } from './ui/dom.ts';
import { DrawStage } from './ui/draw-stage.ts';
import { Editor, layerOf } from './ui/editor.ts';
import { preferences } from './ui/preferences.ts';
import { connectEngines, connectL, connectRegion, showOutcome } from './ui/result-panel.ts';
import { ResultStage } from './ui/result-stage.ts';
import { connectSamples } from './ui/samples.ts';
import { connectShortcuts, type Shortcut } from './ui/shortcuts.ts';
import { wholePhoto, zoomed } from './view/viewport.ts';
import type { Saveable } from './worker/worker.ts';

async function start(): Promise<void> {
  drawIcons(document);
  followTheme();
  const description: EditorDescription = await (await fetch('editor.json')).json();
  const editor = new Editor(description);
  const sizes = new BrushSizes();
  editor.picture.watch((picture) => picture && sizes.suit(picture.drawing));
  hideUnusable(editor);
  new DrawStage(editor, sizes);
  const result = new ResultStage(editor);
  connectTools(editor);
  connectBrush(editor, sizes);
  connectL(editor);
  connectRegion(editor);
  connectEngines(editor);
  showOutcome(editor);
  const { choose } = connectOpening(editor);
  const samples = connectSamples(editor);
  const help = dialog('help-dialog');
  const zoom = connectZoom(editor);
  connectButtons(editor);
  button('help').addEventListener('click', () => help.showModal());

  const resize = (direction: 1 | -1) => {
    const layer = layerOf(editor.tool.value);
    if (layer) sizes.change(layer, direction);
  };
  const useTool = (tool: typeof editor.tool.value) => () => {
    editor.tool.value = tool;
  };
  const shortcuts: Shortcut[] = [
    { keys: ['O', 'Ctrl+O'], name: 'Open', run: choose },
    { keys: ['X'], name: 'Examples', run: () => samples.open() },
    { keys: ['Ctrl+S'], name: 'Save the project', run: () => void editor.save('project') },
    { keys: ['Shift+S'], name: 'Save the result', run: () => void editor.save('result') },
    { keys: ['Ctrl+Z'], name: 'Undo', run: () => editor.undo() },
    { keys: ['Ctrl+Shift+Z', 'Ctrl+Y'], name: 'Redo', run: () => editor.redo() },
    { keys: ['H'], name: 'Hole brush', run: useTool('hole') },
    { keys: ['Shift+H'], name: 'Erase hole', run: useTool('hole-eraser') },
    { keys: ['L'], name: 'Line brush', needs: 'sketch', run: useTool('lines') },
    { keys: ['Shift+L'], name: 'Erase lines', needs: 'sketch', run: useTool('lines-eraser') },
    { keys: ['C'], name: 'Colour brush', needs: 'colour', run: useTool('colour') },
    { keys: ['Shift+C'], name: 'Erase colour', needs: 'colour', run: useTool('colour-eraser') },
    { keys: ['I'], name: 'Pick a colour from the photo', needs: 'colour', run: useTool('pipette') },
    { keys: ['M'], name: 'Move the view', run: useTool('pan') },
    { keys: ['['], name: 'Smaller brush', run: () => resize(-1) },
    { keys: [']'], name: 'Larger brush', run: () => resize(1) },
    { keys: ['S'], name: 'Lines from photo', needs: 'sketch', run: () => void editor.drawEdges() },
    { keys: ['Delete'], name: 'Clear everything', run: () => editor.clear(layerNames) },
    {
      keys: [','],
      name: 'Less refinement',
      needs: 'l',
      run: () => editor.setL(editor.l.value - 0.05),
    },
    {
      keys: ['.'],
      name: 'More refinement',
      needs: 'l',
      run: () => editor.setL(editor.l.value + 0.05),
    },
    { keys: ['B'], name: 'Before or after', run: () => result.toggleBefore() },
    { keys: ['U'], name: 'Use the result as photo', run: () => void editor.useResult() },
    { keys: ['+', '='], name: 'Zoom in', run: zoom.in },
    { keys: ['-'], name: 'Zoom out', run: zoom.out },
    { keys: ['0'], name: 'Whole photo', run: zoom.fit },
    { keys: ['?'], name: 'Help', run: () => help.showModal() },
  ];
  connectShortcuts(shortcuts, description.model.controls);
  await editor.restore();
}

/** Buttons that need a photo, a drawing or a result are off without it. */
function connectButtons(editor: Editor): void {
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
    const drawing = editor.picture.value?.drawing;
    undo.disabled = !drawing?.canUndo;
    redo.disabled = !drawing?.canRedo;
    edges.disabled = !drawing || drawing.hole.isEmpty || !canFindEdges;
    button('clear').disabled = !drawing || drawing.isEmpty;
    button('save').disabled = !drawing;
    for (const item of saves) if (item.dataset.save === 'result') item.disabled = !editor.isCurrent;
    div('welcome').hidden = drawing !== undefined || editor.busy.value !== undefined;
  };
  editor.revision.watch(update);
  editor.picture.watch(update);
  editor.outcome.watch(update);
  editor.busy.watch((busy) => {
    document.body.toggleAttribute('data-busy', busy !== undefined);
    update();
  });
}

function connectZoom(editor: Editor): { in(): void; out(): void; fit(): void } {
  const stage = div('draw-stage');
  const by = (factor: number) => () => {
    const drawing = editor.picture.value?.drawing;
    if (!drawing) return;
    const size = { width: stage.clientWidth, height: stage.clientHeight };
    const middle = { x: size.width / 2, y: size.height / 2 };
    editor.camera.value = zoomed(editor.camera.value, factor, middle, drawing, size);
  };
  const actions = {
    in: by(1.25),
    out: by(1 / 1.25),
    fit: () => {
      const drawing = editor.picture.value?.drawing;
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

function followTheme(): void {
  const { theme, pressure, singleKeys } = preferences;
  theme.watch((value) => {
    if (value) document.documentElement.dataset.theme = value;
  });
  button('theme').addEventListener('click', () => {
    const isDark = theme.value ? theme.value === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    theme.value = isDark ? 'light' : 'dark';
  });
  for (const [id, preference] of [
    ['pressure', pressure],
    ['single-keys', singleKeys],
  ] as const) {
    const box = input(id);
    box.checked = preference.value;
    box.addEventListener('change', () => {
      preference.value = box.checked;
    });
  }
}

await start();
