/** The page's elements by their ids. */

/** @throws Error when the page has no such element, or another kind of it. */
export function element<T extends HTMLElement>(id: string, kind: { new (): T; prototype: T }): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} "${id}".`);
  return found;
}

export const button = (id: string): HTMLButtonElement => element(id, HTMLButtonElement);
export const div = (id: string): HTMLDivElement => element(id, HTMLDivElement);
export const input = (id: string): HTMLInputElement => element(id, HTMLInputElement);
export const output = (id: string): HTMLOutputElement => element(id, HTMLOutputElement);
export const dialog = (id: string): HTMLDialogElement => element(id, HTMLDialogElement);

/** A new element with text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = '',
): HTMLElementTagNameMap[K] {
  const result = document.createElement(tag);
  if (className) result.className = className;
  result.textContent = text;
  return result;
}
