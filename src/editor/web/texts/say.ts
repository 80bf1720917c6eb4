/** What people read, in their language. English stands in the code, where it reads best; `de.ts` has the German. */
import { stored } from '../ui/stored.ts';
import { german } from './de.ts';

export type Language = 'en' | 'de';

const isLanguage = (value: unknown): value is Language => value === 'en' || value === 'de';

/** What was chosen in the settings; undefined: nothing. */
export const chosenLanguage = stored<Language | undefined>('language', undefined, isLanguage);

/** What is wanted, the most wanted first. A worker is named after the language of the page that has started it. */
const wishes =
  typeof document === 'undefined'
    ? [(globalThis as { name?: string }).name]
    : [new URLSearchParams(location.search).get('lang'), chosenLanguage.value, ...navigator.languages];

/** For as long as the page lives, as many texts are made when it is loaded. */
export const language: Language = wishes.map((wish) => wish?.slice(0, 2)).find(isLanguage) ?? 'en';

/** The language with the region that the browser's user has set, as British dates are not American ones. */
const locale = globalThis.navigator?.languages?.find((tag) => tag.startsWith(language)) ?? language;

/**
 * A text with its values: say`Result after ${seconds} s`.
 *
 * @throws Error when there is no such text in the page's language.
 */
export function say(english: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  let next = 0;
  return translated(english.join('{}')).replace(/\{(\d*)\}/g, (_, place) => {
    const index = place === '' ? next++ : Number(place) - 1;
    return String(values[index]);
  });
}

/** @throws Error when there is no such text in the page's language. */
export function translated(english: string): string {
  const text = language === 'en' ? english : german[english];
  if (text === undefined) throw new Error(`texts/de.ts lacks “${english}”.`);
  return text;
}

/** A number, whose point is a comma in German. @param digits after it, if they are to be so many. */
export const decimal = (value: number, digits?: number): string =>
  value.toLocaleString(locale, {
    useGrouping: false,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });

export const dateOf = (time: number): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short' }).format(time);
