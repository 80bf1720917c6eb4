/** Keys for everything, and the list of them. */
import { say } from '../texts/say.ts';
import { element, make } from './dom.ts';
import type { Editor } from './editor.ts';
import { keyOf, shownKey } from './keys.ts';
import { preferences } from './preferences.ts';
import { type Need, takes } from './takes.ts';

export interface Shortcut {
  /** As it is written: `Ctrl+Shift+Z`, `[`. Ctrl is also the command key of a Mac. */
  readonly keys: readonly string[];
  /** How the list writes the keys, where the first does not stand for all. */
  readonly shown?: string;
  readonly name: string;
  /** What the model must have for it. */
  readonly needs?: Need;
  run(key: string): void;
}

/** Keys that the stages and lists handle themselves, to be shown with the others. */
const elsewhere: readonly (readonly [string, string])[] = [
  [say`Arrows`, say`Move the brush, on the drawing`],
  [say`Alt + arrows`, say`Move it by one pixel`],
  [say`Enter`, say`Put the brush down, lift it`],
  [say`Shift + arrows`, say`Move the view`],
  [say`Space + drag`, say`Move the view`],
  [say`Right button`, say`Erase`],
];

export function connectShortcuts(editor: Editor, shortcuts: readonly Shortcut[]): void {
  const byKey = new Map(
    shortcuts.flatMap((shortcut) => shortcut.keys.map((key) => [key, shortcut] as const)),
  );
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const key = keyOf(event);
    if (key === undefined) return;
    const isSingle = !key.startsWith('Ctrl+');
    if (isSingle && (!preferences.singleKeys.value || isTyping(event.target))) return;
    const shortcut = byKey.get(key);
    if (!shortcut || !takes(editor.model.value, shortcut.needs)) return;
    event.preventDefault();
    shortcut.run(key);
  });
  const list = element('keys', HTMLDListElement);
  const rows = [
    ...shortcuts.map(({ keys, shown = shownKey(keys[0]), name, needs }) => [shown, name, needs] as const),
    ...elsewhere,
  ];
  for (const [key, name, needs] of rows) {
    const row = document.createElement('div');
    const term = make('dt', '', name);
    const definition = document.createElement('dd');
    definition.append(make('kbd', '', key));
    row.append(term, definition);
    editor.model.watch((model) => {
      row.hidden = !takes(model, needs);
    });
    list.append(row);
  }
}

/** Letters choose an entry in a list, and are written in a field. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'text');
