/** What a key means, whatever the keyboard's layout. */
import { say } from '../texts/say.ts';

/** What is on an American keyboard where other layouts have letters of their own. */
const american: Readonly<Record<string, string>> = {
  BracketLeft: '[',
  BracketRight: ']',
  Comma: ',',
  Period: '.',
  Minus: '-',
  Equal: '=',
};

/** A key as people read it: it has another name on German keyboards. */
export const shownKey = (key: string): string =>
  key.replace('Ctrl', say`Ctrl`).replace('Shift', say`Shift`).replace('Delete', say`Del`);

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
