/** The page in its language, which is chosen in the settings. */
import { chosenLanguage, type Language, language, translated } from '../texts/say.ts';
import { element } from './dom.ts';

/** What of an element's attributes people read. */
const attributes = ['title', 'aria-label', 'alt', 'placeholder', 'data-word'] as const;

/** Translates what index.html says, but for elements that `translate="no"` names. Comes before all that reads or adds texts. */
export function translatePage(): void {
  document.documentElement.lang = language;
  if (language === 'en') return;
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode as Text;
    if (parentElement?.translate && /\p{Letter}/u.test(data))
      (walker.currentNode as Text).data = data.replace(/\S.*\S|\S/s, (text) => translated(oneLine(text)));
  }
  for (const name of attributes) {
    for (const each of document.querySelectorAll(`[${name}]`)) {
      const text = each.getAttribute(name);
      if (text) each.setAttribute(name, translated(text));
    }
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** Another language loads the page anew, with the edit that the browser has kept. */
export function connectLanguage(): void {
  const select = element('language', HTMLSelectElement);
  select.value = language;
  select.addEventListener('change', () => {
    chosenLanguage.value = select.value as Language;
    const address = new URL(location.href);
    // Where the browser keeps no choices, the address does.
    address.searchParams.set('lang', select.value);
    location.assign(address);
  });
}
