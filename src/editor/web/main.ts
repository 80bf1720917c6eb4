/** The page's entry: connects the editor's parts. */
import type { EditorDescription } from '../wire.ts';
import { layerNames } from './drawing/changes.ts';
import { BrushSizes, connectBrush } from './ui/brush-panel.ts';
import {
  connectButtons,
  connectOpening,
  connectTheme,
  connectTools,
  connectZoom,
  hideUnusable,
} from './ui/controls.ts';
import { button, dialog, drawIcons } from './ui/dom.ts';
import { DrawStage } from './ui/draw-stage.ts';
import { Editor, layerOf } from './ui/editor.ts';
import { connectRecent } from './ui/recent.ts';
import { connectEngines, connectL, connectRegion, showOutcome } from './ui/result-panel.ts';
import { ResultStage } from './ui/result-stage.ts';
import { connectSamples } from './ui/samples.ts';
import { connectShortcuts, type Shortcut } from './ui/shortcuts.ts';

async function start(): Promise<void> {
  drawIcons(document);
  connectTheme();
  const description: EditorDescription = await (await fetch('editor.json')).json();
  const editor = new Editor(description);
  const sizes = new BrushSizes();
  editor.photo.watch((photo) => photo && sizes.suit(photo.drawing));
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
  const recent = connectRecent(editor);
  const help = dialog('help-dialog');
  const zoom = connectZoom(editor);
  connectButtons(editor);
  button('help').addEventListener('click', () => help.showModal());

  const resize = (direction: 1 | -1) => {
    const layer = layerOf(editor.tool.value);
    if (layer) sizes.change(layer, direction);
  };
  const changeL = (by: number) => {
    editor.setL(editor.l.value + by);
    editor.commitL();
  };
  const useTool = (tool: typeof editor.tool.value) => () => {
    editor.tool.value = tool;
  };
  const shortcuts: Shortcut[] = [
    { keys: ['O', 'Ctrl+O'], name: 'Open', run: choose },
    { keys: ['X'], name: 'Examples', run: () => samples.open() },
    { keys: ['R'], name: 'Recent work', run: () => recent.open() },
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
      run: () => changeL(-0.05),
    },
    {
      keys: ['.'],
      name: 'More refinement',
      needs: 'l',
      run: () => changeL(0.05),
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

await start();
