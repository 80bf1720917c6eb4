/** The page's entry: connects the editor's parts. */
import type { EditorDescription } from '../wire.ts';
import { say } from './texts/say.ts';
import { connectAboutModel } from './ui/about-model.ts';
import { BrushSizes, connectBrush } from './ui/brush-panel.ts';
import {
  connectButtons,
  connectKeeping,
  connectOpening,
  connectSettings,
  connectTheme,
  connectZoom,
  hideUnusable,
} from './ui/controls.ts';
import { connectDetail } from './ui/detail.ts';
import { button, dialog, drawIcons, element } from './ui/dom.ts';
import { DrawStage } from './ui/draw-stage.ts';
import { connectEditMenu } from './ui/edit-menu.ts';
import { Editor } from './ui/editor.ts';
import { connectFaces } from './ui/faces.ts';
import { connectGuide } from './ui/guide.ts';
import { connectLanguage, translatePage } from './ui/language.ts';
import { connectModels } from './ui/models-dialog.ts';
import { keepForOffline } from './ui/offline.ts';
import { connectRecent } from './ui/recent.ts';
import { Records } from './ui/records.ts';
import { connectRefinedLines } from './ui/refined-lines.ts';
import { connectEngines, connectL, connectRegion, showOutcome } from './ui/result-panel.ts';
import { ResultStage } from './ui/result-stage.ts';
import { connectResults } from './ui/results-dialog.ts';
import { connectSamples } from './ui/samples.ts';
import { connectShortcuts, type Shortcut } from './ui/shortcuts.ts';
import { Tabs } from './ui/tabs.ts';
import { connectTools } from './ui/tool-panel.ts';
import { connectViews } from './ui/views.ts';

async function start(): Promise<void> {
  translatePage();
  connectLanguage();
  connectTheme();
  connectSettings();
  const description: EditorDescription = await (await fetch('editor.json')).json();
  const tabs = new Tabs();
  const editor = new Editor(description, tabs.id);
  const records = new Records(editor, tabs);
  const sizes = new BrushSizes();
  editor.photo.watch((photo) => photo && sizes.suit(photo.drawing));
  new DrawStage(editor, sizes);
  const result = new ResultStage(editor);
  const { shortcuts: toolShortcuts } = connectTools(editor);
  drawIcons(document);
  hideUnusable(editor);
  connectBrush(editor, sizes);
  connectL(editor);
  connectRegion(editor);
  connectDetail(editor);
  connectEngines(editor);
  connectAboutModel(editor);
  showOutcome(editor);
  connectViews(editor);
  const refined = connectRefinedLines(editor);
  connectGuide(editor);
  connectFaces(editor);
  keepForOffline(editor);
  const { choose, chooseLayer } = connectOpening(editor, records);
  button('open-layer').addEventListener('click', chooseLayer);
  const samples = connectSamples(editor, records);
  const recent = connectRecent(records);
  const results = connectResults(editor);
  const models = editor.models.length > 1 ? connectModels(editor) : undefined;
  const help = dialog('help-dialog');
  const zoom = connectZoom(editor);
  connectButtons(editor);
  connectKeeping(editor, records);
  const { shortcuts: editShortcuts } = connectEditMenu(editor);
  button('help').addEventListener('click', () => help.showModal());

  const resize = (direction: 1 | -1) => sizes.change(editor.layer.value, direction);
  const changeL = (by: number) => {
    editor.setL(editor.l.value + by);
    editor.commitL();
  };
  const shortcuts: Shortcut[] = [
    { keys: ['O', 'Ctrl+O'], name: say`Open`, run: choose },
    { keys: ['Shift+O'], name: say`Hole or lines from a file`, run: chooseLayer },
    { keys: ['X'], name: say`Examples`, run: () => samples.open() },
    { keys: ['R'], name: say`Recent work`, run: () => recent.open() },
    { keys: ['Ctrl+S'], name: say`Save the project`, run: () => void editor.save('project') },
    { keys: ['Shift+S'], name: say`Save the result`, run: () => void editor.save('result') },
    { keys: ['Ctrl+Z'], name: say`Undo`, run: () => editor.undo() },
    { keys: ['Ctrl+Shift+Z', 'Ctrl+Y'], name: say`Redo`, run: () => editor.redo() },
    ...toolShortcuts,
    { keys: ['['], name: say`Smaller brush`, run: () => resize(-1) },
    { keys: [']'], name: say`Larger brush`, run: () => resize(1) },
    { keys: ['S'], name: say`Lines from photo`, needs: 'sketch', run: () => void editor.drawEdges() },
    ...editShortcuts,
    {
      keys: [','],
      name: say`Less refinement`,
      needs: 'l',
      run: () => changeL(-0.05),
    },
    {
      keys: ['.'],
      name: say`More refinement`,
      needs: 'l',
      run: () => changeL(0.05),
    },
    { keys: ['N'], name: say`Refined lines`, needs: 'refinedSketch', run: refined.toggle },
    { keys: ['Shift+N'], name: say`Take the refined lines`, needs: 'refinedSketch', run: refined.take },
    { keys: ['P'], name: say`Results so far`, run: () => results.open() },
    ...(models ? [{ keys: ['Shift+M'], name: say`Models side by side`, run: models.open }] : []),
    { keys: ['B'], name: say`Before or after`, run: () => result.toggleBefore() },
    { keys: ['U'], name: say`Use the result as photo`, run: () => void editor.useResult() },
    { keys: ['+', '='], name: say`Zoom in`, run: zoom.in },
    { keys: ['-'], name: say`Zoom out`, run: zoom.out },
    { keys: ['0'], name: say`Whole photo`, run: zoom.fit },
    { keys: ['?'], name: say`Help`, run: () => help.showModal() },
  ];
  connectShortcuts(editor, shortcuts);
  // It shows itself after a while: to be seen where this script, or what it needs, could not be loaded.
  element('late', HTMLParagraphElement).remove();
  await records.restore();
}

await start();
