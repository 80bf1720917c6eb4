/** The dialog with the results of this edit: one goes back to any of them, or compares it with the one that is shown. */
import { decimal, say } from '../texts/say.ts';
import type { KeptResult } from '../worker/results.ts';
import { button, dialog, div, element, make } from './dom.ts';
import type { Editor } from './editor.ts';
import { context2d } from './stage.ts';

/** Side of the small pictures, px. */
const side = 320;

export function connectResults(editor: Editor): { open(): void } {
  const window = dialog('results-dialog');
  const list = div('results');
  const state = element('results-state', HTMLParagraphElement);
  /** Counts how often the dialog was opened: pictures of an earlier time are not shown any more. */
  let opened = 0;

  const attempt = (work: Promise<void>) =>
    void work.catch((error: Error) => {
      state.textContent = error.message;
    });

  const card = ({ state: id, l, model, isOfPhoto }: KeptResult, number: number): HTMLElement => {
    const result = make('div', 'sample');
    const name = say`result ${number}`;
    const isShown = id === editor.photo.value?.history.id;
    const picture = make('button', 'sample-photo result-photo');
    picture.type = 'button';
    picture.setAttribute('aria-label', say`Go to ${name}`);
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [side, side];
    picture.append(canvas);
    picture.addEventListener('click', () => {
      window.close();
      void editor.goTo(id);
    });
    const foot = make('div', 'record-foot');
    const maker = editor.models.find((one) => one.name === model) ?? editor.model.value;
    const hasL = maker.controls.includes('l');
    foot.append(make('span', '', [String(number), ...(hasL ? [`l ${decimal(l, 2)}`] : [])].join(' · ')));
    if (isShown) foot.append(make('span', '', say`shown`));
    else if (isOfPhoto) {
      const compare = make('button', 'chip', say`Compare`);
      compare.type = 'button';
      compare.setAttribute('aria-label', say`Compare with ${name}`);
      compare.addEventListener('click', () => {
        window.close();
        void editor.results.compareWith(id, name);
      });
      foot.append(compare);
    }
    result.append(picture, foot);
    if (editor.models.length > 1) result.append(make('span', 'model-note', model));
    attempt(paint(canvas, id, opened));
    return result;
  };

  /** Shows the result, as large as it fits. */
  const paint = async (canvas: HTMLCanvasElement, id: number, time: number) => {
    const small = await editor.results.small(id, side);
    if (small && time === opened) {
      const [x, y] = [(side - small.width) / 2, (side - small.height) / 2];
      context2d(canvas).drawImage(small, x, y);
    }
    small?.close();
  };

  const show = async () => {
    const results = await editor.results.list();
    // The newest first.
    list.replaceChildren(...results.map((result, k) => card(result, k + 1)).reverse());
    if (results.length === 0) state.textContent = say`Nothing yet: draw, and results are kept here.`;
  };
  const open = () => {
    if (!editor.photo.value || editor.busy.value) return;
    opened += 1;
    state.textContent = '';
    list.replaceChildren();
    window.showModal();
    attempt(show());
  };
  const opener = button('results-so-far');
  opener.addEventListener('click', open);
  editor.photo.watch((photo) => {
    opener.hidden = photo === undefined;
  });

  const end = button('end-compare');
  end.addEventListener('click', () => void editor.results.compareWith(undefined));
  editor.results.compared.watch((compared) => {
    end.hidden = compared === undefined;
    if (compared) end.textContent = say`Left: ${compared.name} · End`;
  });
  return { open };
}
