/** The menu with what one does to the whole hole, and to whole layers. */
import { layerNames } from '../drawing/changes.ts';
import type { Drawing } from '../drawing/drawing.ts';
import type { Steps } from '../drawing/steps.ts';
import { say } from '../texts/say.ts';
import { button, connectMenu, div, within } from './dom.ts';
import type { Editor } from './editor.ts';
import type { Shortcut } from './shortcuts.ts';

/** Share of the photo's shorter side by which the hole grows at once. */
const growth = 1 / 100;

interface Entry {
  /** In `data-edit`. */
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  readonly run: (drawing: Drawing) => Steps;
  readonly isUsable: (drawing: Drawing) => boolean;
}

const hasHole = ({ hole }: Drawing): boolean => !hole.isEmpty;
const grow = (direction: 1 | -1) => (drawing: Drawing) =>
  drawing.growHole(direction * Math.max(1, Math.round(Math.min(drawing.width, drawing.height) * growth)));

const clearNames = { hole: say`Clear hole`, lines: say`Clear lines`, colour: say`Clear colours` };

const entries: readonly Entry[] = [
  { id: 'grow', name: say`Grow hole`, key: 'G', run: grow(1), isUsable: hasHole },
  { id: 'shrink', name: say`Shrink hole`, key: 'Shift+G', run: grow(-1), isUsable: hasHole },
  {
    id: 'invert',
    name: say`Invert hole`,
    key: 'Shift+I',
    run: (drawing) => drawing.invertHole(),
    isUsable: () => true,
  },
  ...layerNames.map((layer) => ({
    id: `clear-${layer}`,
    name: clearNames[layer],
    run: (drawing: Drawing) => drawing.clear([layer]),
    isUsable: (drawing: Drawing) => !drawing[layer].isEmpty,
  })),
  {
    id: 'clear-all',
    name: say`Clear everything`,
    key: 'Delete',
    run: (drawing) => drawing.clear(layerNames),
    isUsable: (drawing) => !drawing.isEmpty,
  },
];

export function connectEditMenu(editor: Editor): { shortcuts: Shortcut[] } {
  const menu = div('edit-menu');
  const items = entries.map((entry) => {
    const item = within(menu, `[data-edit="${entry.id}"]`, HTMLButtonElement);
    if (entry.key) item.dataset.shortcut = entry.key;
    item.addEventListener('click', () => void editor.change(entry.run));
    return { entry, item };
  });
  const opener = button('edit');
  connectMenu(opener, menu);
  const update = () => {
    const drawing = editor.photo.value?.drawing;
    opener.disabled = !drawing;
    for (const { entry, item } of items) item.disabled = !drawing || !entry.isUsable(drawing);
  };
  editor.revision.watch(update);
  editor.photo.watch(update);
  return {
    shortcuts: entries.flatMap(({ key, name, run }) =>
      key ? [{ keys: [key], name, run: () => void editor.change(run) }] : [],
    ),
  };
}
