/** The dialog with recent work: every edit that the browser has kept, to be opened, renamed or deleted. */
import { dateOf, say } from '../texts/say.ts';
import type { Row } from '../worker/records.ts';
import { button, dialog, div, element, make } from './dom.ts';
import type { Records } from './records.ts';

export function connectRecent(records: Records): { open(): void } {
  const window = dialog('recent-dialog');
  const list = div('records');
  const state = element('records-state', HTMLParagraphElement);

  const attempt = (work: Promise<void>) =>
    void work.catch((error: Error) => {
      state.textContent = error.message;
    });

  /** @param where an open record is open. */
  const card = (row: Row, where: string | undefined): HTMLElement => {
    const { id, name, changed, thumbnail } = row;
    const result = make('div', 'sample');
    const photo = make('button', 'sample-photo record-photo');
    photo.type = 'button';
    photo.setAttribute('aria-label', say`Open ${name}`);
    const image = document.createElement('img');
    image.alt = '';
    if (thumbnail) {
      image.src = URL.createObjectURL(thumbnail);
      image.addEventListener('load', () => URL.revokeObjectURL(image.src));
    }
    photo.append(image);
    photo.addEventListener('click', () => {
      window.close();
      if (where !== here) attempt(records.openRecent(id, name));
    });
    const title = document.createElement('input');
    Object.assign(title, { className: 'record-name', value: name, maxLength: 80 });
    title.setAttribute('aria-label', say`Name of ${name}`);
    title.addEventListener('change', () => {
      title.value = title.value.trim() || name;
      attempt(records.rename(id, title.value));
    });
    const foot = make('div', 'record-foot');
    foot.append(make('span', '', where ?? dateOf(changed)));
    if (!where) {
      const remove = make('button', 'chip', say`Delete`);
      remove.type = 'button';
      remove.setAttribute('aria-label', say`Delete ${name}`);
      remove.addEventListener('click', () => {
        if (remove.textContent !== sure) {
          remove.textContent = sure;
          remove.setAttribute('aria-label', `${sure} ${name}`);
          return;
        }
        attempt(records.remove(id).then(() => result.remove()));
      });
      foot.append(remove);
    }
    result.append(photo, title, foot);
    return result;
  };

  const show = async () => {
    const { rows, others, own } = await records.recent();
    const whereOf = ({ id }: Row) =>
      id === own ? here : others.has(id) ? say`open in another tab` : undefined;
    list.replaceChildren(...rows.map((row) => card(row, whereOf(row))));
    state.textContent = rows.length > 0 ? '' : say`Nothing yet: what you open is kept here.`;
  };
  const open = () => {
    state.textContent = '';
    window.showModal();
    attempt(show());
  };
  button('recent').addEventListener('click', open);
  return { open };
}

const here = say`open here`;
const sure = say`Delete for good?`;
