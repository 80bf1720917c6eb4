/** Keys for everything, and the list of them. */
import type { Control } from '../../../core/vocabulary.ts';
import { element, make } from './dom.ts';
import { preferences } from './preferences.ts';

export interface Shortcut {
  /** As it is written: `Ctrl+Shift+Z`, `[`. Ctrl is also the command key of a Mac. */
  readonly keys: readonly string[];
  readonly name: string;
  /** What the model must have for it. */
  readonly needs?: Control;
  run(): void;
}

/** Keys that the stages and lists handle themselves, to be shown with the others. */
const elsewhere: readonly (readonly [string, string])[] = [
  ['Arrows', 'Move the brush, on the drawing'],
  ['Alt + arrows', 'Move it by one pixel'],
  ['Enter', 'Put the brush down, lift it'],
  ['Shift + arrows', 'Move the view'],
  ['Space + drag', 'Move the view'],
  ['Right button', 'Erase'],
];

/** @param controls of the model. */
export function connectShortcuts(all: readonly Shortcut[], controls: readonly Control[]): void {
  const shortcuts = all.filter(({ needs }) => needs === undefined || controls.includes(needs));
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
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  });
  const list = element('keys', HTMLDListElement);
  const rows = [...shortcuts.map(({ keys, name }) => [keys[0], name] as const), ...elsewhere];
  for (const [key, name] of rows) {
    const row = document.createElement('div');
    const term = make('dt', '', name);
    const definition = document.createElement('dd');
    definition.append(make('kbd', '', key));
    row.append(term, definition);
    list.append(row);
  }
}

/** What is on an American keyboard where other layouts have letters of their own. */
const american: Readonly<Record<string, string>> = {
  BracketLeft: '[',
  BracketRight: ']',
  Comma: ',',
  Period: '.',
  Minus: '-',
  Equal: '=',
};

/**
 * A key as shortcuts write it: `H`, `Shift+H`, `Ctrl+Z`, `[`. It is what the layout writes; where that is no letter of ours,
 * as in Russian, on the number row in French or while an input method listens, it is what an American keyboard has
 * there. Undefined: a key of the system's.
 */
export function keyOf(event: KeyboardEvent): string | undefined {
  const { key, code, shiftKey, altKey } = event;
  // AltGr, with which other layouts write [ and ], counts as Ctrl and Alt on Windows.
  const writesSign = event.getModifierState('AltGraph') || (altKey && /^[^\p{Letter}\d ]$/u.test(key));
  if (altKey && !writesSign) return undefined;
  const isOurs = /^[!-~]$/.test(key) || key === 'Delete' || key === 'Enter';
  if (writesSign && !isOurs) return undefined;
  const letter = /^(?:Key|Digit)(\w)$/.exec(code)?.[1] ?? american[code];
  const name = isOurs ? key : (letter ?? key);
  const isLetter = /^[a-z]$/i.test(name);
  const parts = [
    (event.ctrlKey || event.metaKey) && !writesSign ? 'Ctrl' : '',
    isLetter && shiftKey ? 'Shift' : '',
    isLetter ? name.toUpperCase() : name,
  ];
  return parts.filter((part) => part !== '').join('+');
}

/** Letters choose an entry in a list, and are written in a field. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'text');
