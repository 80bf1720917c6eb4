/** The page's elements, menus and icons. */
import { shownKey } from './keys.ts';

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

/** The first element in `parent` that matches. @throws Error when there is none, or another kind of it. */
export function within<T extends Element>(
  parent: Element,
  selector: string,
  kind: { new (): T; prototype: T },
): T {
  const found = parent.querySelector(selector);
  if (!(found instanceof kind))
    throw new Error(`index.html has no ${kind.name} "${selector}" in #${parent.id}.`);
  return found;
}

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

/** Connects a button with its menu: click or arrow opens it, arrows move in it, Escape and a click elsewhere close it. */
export function connectMenu(button: HTMLButtonElement, menu: HTMLElement): void {
  const items = () => [...menu.querySelectorAll<HTMLButtonElement>('[role="menuitem"]:not(:disabled)')];
  const toggle = (open: boolean) => {
    menu.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
  };
  const open = () => {
    toggle(true);
    items()[0]?.focus();
  };
  const close = () => {
    toggle(false);
    button.focus();
  };
  for (const item of menu.querySelectorAll<HTMLElement>('[role="menuitem"]')) {
    item.tabIndex = -1;
    const { shortcut } = item.dataset;
    if (shortcut) {
      const key = document.createElement('kbd');
      key.textContent = shownKey(shortcut);
      key.setAttribute('aria-hidden', 'true');
      item.append(key);
    }
  }
  button.addEventListener('click', () => (menu.hidden ? open() : close()));
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    open();
  });
  // What one does several times in a row leaves the menu open.
  menu.addEventListener('click', ({ target }) => {
    if (!(target as Element).closest('[data-stays]')) close();
  });
  menu.addEventListener('keydown', (event) => {
    const list = items();
    const at = list.indexOf(document.activeElement as HTMLButtonElement);
    const next: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: list.length - 1,
    };
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === 'Tab') close();
    else if (event.key in next) {
      event.preventDefault();
      list[(next[event.key] + list.length) % list.length]?.focus();
    }
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (!menu.hidden && !menu.parentElement?.contains(target as Node)) toggle(false);
  });
}

/** Icons, drawn for a square of 20 px with lines of 1.6 px. */
const paths = {
  open: 'M3 15.5V5a1.5 1.5 0 0 1 1.5-1.5h11A1.5 1.5 0 0 1 17 5v10a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 15.5zM3.5 14l4-4 3.5 3.5 2.5-2.5 3 3M12.7 7.3h.01',
  examples: 'M3.5 3.5h5.5V9H3.5zM11 3.5h5.5V9H11zM3.5 11H9v5.5H3.5zM11 13.75h5.5M13.75 11v5.5',
  recent: 'M10 17a7 7 0 1 0-6.3-4M3.5 16.5V13H7M10 6v4.3l2.8 1.7',
  save: 'M10 3v9.5M6 9l4 4 4-4M3.5 14v2A1.5 1.5 0 0 0 5 17.5h10a1.5 1.5 0 0 0 1.5-1.5v-2',
  undo: 'M7.5 4 4 7.5 7.5 11M4.5 7.5H12a4.5 4.5 0 0 1 0 9H8',
  redo: 'M12.5 4 16 7.5 12.5 11M15.5 7.5H8a4.5 4.5 0 0 0 0 9h4',
  theme: 'M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14M12.5 4.5v11M15 6.5v7',
  help: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM8 8.2a2 2 0 1 1 2.8 1.9c-.6.3-.8.7-.8 1.4M10 13.7h.01',
  hole: 'M4.5 8c0-2.5 2-4.5 5.5-4.5s5.5 2 5.5 4.5c0 4-2 8.5-5.5 8.5S4.5 12 4.5 8zM7 8.5l5-3.5M7.5 12l7-4.8M9.5 14.5l4.5-3',
  eraser:
    'M8 16.5 3.8 12.3a1.2 1.2 0 0 1 0-1.7l6.8-6.8a1.2 1.2 0 0 1 1.7 0l3.9 3.9a1.2 1.2 0 0 1 0 1.7L9 16.5h7.5M7 7.5l5.5 5.5',
  straight: 'M4.5 15.5l11-11M3 17h.01M17 3h.01',
  steady: 'M3.5 13.5c3-7 5-7 6.5-3.5s3.5 3.5 6.5-3.5M5 17h10',
  taper: 'M2.5 11.5C7 7.5 13 7.5 17.5 11.5 13 10.5 7 10.5 2.5 11.5z',
  ownHole: 'M6.5 12c2.5 2 5 2 7 0M10 4c4.5 0 7 2.8 7 6.5S14 17 10 17s-7-2.8-7-6.5S5.5 4 10 4z',
  down: 'M6 8.5l4 4 4-4',
  pencil: 'M3.5 16.5l.8-3.6L13 4.2a1.3 1.3 0 0 1 1.8 0l1 1a1.3 1.3 0 0 1 0 1.8l-8.7 8.7zM11.5 5.7l2.8 2.8',
  brush:
    'M16.8 3.2c-3.6 1.2-6.6 3.8-8.6 7.3l2 2c3.5-2 6.1-5 7.3-8.6zM7.5 11.5c-1.8 0-2.7 1.2-2.9 2.7-.1.900-.6 1.600-1.600 2 2.800 1 6.300.2 6.300-2.300 0-1.300-.8-2.400-1.800-2.400z',
  lasso:
    'M6.2 12.3C4.3 11.4 3 9.9 3 8.2 3 5.6 6.1 3.5 10 3.5s7 2.1 7 4.7-3.1 4.7-7 4.7c-.8 0-1.6-.1-2.3-.3M7.5 12.5a1.6 1.6 0 1 1-1.5-1.6M7.3 13.2c.5 1.3 0 2.7-1.3 3.8',
  polygon: 'M4 8.5 10.5 3.5 16.5 8 14 16H6.5z',
  rectangle: 'M3.5 5.5h13v9h-13z',
  ellipse: 'M10 15.5c4 0 7-2.4 7-5.5s-3-5.5-7-5.5S3 6.9 3 10s3 5.5 7 5.5z',
  facePart:
    'M10 17.5c-3.5 0-6-4-6-8.5S6.5 2.5 10 2.5s6 2 6 6.5-2.5 8.5-6 8.5zM6.5 9c1-1 2.2-1 3 0M12.3 8.5h.01M8 13.5c1.3.8 2.7.8 4 0',
  select: 'M4.5 3.5l11 5-4.6 1.7L9 15zM3 17c4.5 1.5 9.5 1.5 14-1.5',
  fill: 'M8.5 4 15 10.5 9.3 16.2a1.200 1.200 0 0 1-1.700 0L3.800 12.400a1.200 1.200 0 0 1 0-1.700L10 5.5M6.8 2.3 8.5 4M3.7 11.5H14M16.8 13.5c.8 1.200 1.200 1.900 1.200 2.400a1.200 1.200 0 0 1-2.400 0c0-.5.4-1.200 1.200-2.400z',
  pipette: 'M9.8 5.2l5 5M10.8 6.2l-6.5 6.5-1 4 4-1 6.5-6.5M12 5.5l1.8-1.8a1.6 1.6 0 0 1 2.4 2.4L14.5 8',
  hand: 'M10 2.5v15M2.5 10h15M8 4.5l2-2 2 2M8 15.5l2 2 2-2M4.5 8l-2 2 2 2M15.5 8l2 2-2 2',
  plus: 'M10 4.5v11M4.5 10h11',
  minus: 'M4.5 10h11',
  fit: 'M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13',
  edges: 'M3.5 14.5c2-6 4-9 6.5-9s4.5 3 6.5 9M7 14.5c.8-3 1.8-5 3-5s2.2 2 3 5M4.5 4.5h.01M15.5 4.5h.01',
  edit: 'M3.5 5.5h7M14 5.5h2.5M3.5 10H6M9.5 10h7M3.5 14.5h7M14 14.5h2.5M12.2 3.7v3.6M7.7 8.2v3.6M12.2 12.7v3.6',
  clear: 'M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5',
  use: 'M4 9a6 6 0 0 1 10.5-3M16 11a6 6 0 0 1-10.5 3M14.8 2.8V6h-3.2M5.2 17.2V14h3.2',
  models: 'M3 4.5h6v11H3zM11 4.5h6v11h-6zM4.5 8.5h3M12.5 8.5h3',
  close: 'M5 5l10 10M15 5 5 15',
} as const;
export type IconName = keyof typeof paths;

const svg = 'http://www.w3.org/2000/svg';

function icon(name: IconName): SVGSVGElement {
  const image = document.createElementNS(svg, 'svg');
  image.setAttribute('viewBox', '0 0 20 20');
  image.setAttribute('class', 'icon');
  image.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', paths[name]);
  image.append(path);
  return image;
}

/**
 * Gives every element with `data-icon` its icon, and a tooltip with its name, key and help. What is an icon alone has the
 * word of `data-word` below it on phones, where there are no tooltips.
 */
export function drawIcons(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>('[data-icon]')) {
    const label = element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '';
    const { key, help } = element.dataset;
    element.title = [key ? `${label} (${shownKey(key)})` : label, help].filter(Boolean).join('\n');
    if (element.classList.contains('icon-only')) {
      element.setAttribute('aria-label', label);
      element.replaceChildren();
      if (element.dataset.word) element.append(make('span', 'word', element.dataset.word));
    } else if (element.childElementCount === 0) {
      const text = document.createElement('span');
      text.className = 'button-text';
      text.textContent = label;
      element.replaceChildren(text);
    }
    element.prepend(icon(element.dataset.icon as IconName));
  }
}
