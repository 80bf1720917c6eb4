/** What is kept in the browser's storage, where that is allowed. */
import { Signal } from './signal.ts';

/** @param isValid whether a value that was found may be one. */
export function stored<T>(key: string, fallback: T, isValid: (value: unknown) => boolean): Signal<T> {
  const name = `deep-plastic-surgery.${key}`;
  let value = fallback;
  try {
    const found = JSON.parse(localStorage.getItem(name) ?? 'null');
    if (isValid(found)) value = found;
  } catch {
    // Storage is forbidden, or holds something else: the choice is forgotten with the page.
  }
  const signal = new Signal(value);
  let first = true;
  signal.watch((now) => {
    if (!first) {
      try {
        localStorage.setItem(name, JSON.stringify(now));
      } catch {
        // As above.
      }
    }
    first = false;
  });
  return signal;
}
