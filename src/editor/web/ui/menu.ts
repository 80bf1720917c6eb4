/** A menu that a button opens. */

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
      key.textContent = shortcut;
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
  menu.addEventListener('click', close);
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
    if (!menu.hidden && !menu.parentElement!.contains(target as Node)) toggle(false);
  });
}
