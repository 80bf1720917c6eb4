/** The dialog with the drawing as each model fills it, side by side: one goes on with any of them. */
import type { ModelDescription } from '../../wire.ts';
import { say } from '../texts/say.ts';
import { button, dialog, div, element, make } from './dom.ts';
import type { Editor } from './editor.ts';
import { context2d } from './stage.ts';

/** Side of the pictures, px. */
const side = 320;

export function connectModels(editor: Editor): { open(): void } {
  const window = dialog('models-dialog');
  const list = div('models-list');
  const state = element('models-state', HTMLParagraphElement);

  const card = (model: ModelDescription): HTMLElement => {
    const result = make('div', 'sample');
    const picture = make('button', 'sample-photo result-photo');
    picture.type = 'button';
    picture.setAttribute('aria-label', say`Go on with ${model.name}`);
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [side, side];
    picture.append(canvas);
    picture.addEventListener('click', () => {
      window.close();
      editor.setModel(model);
    });
    const isUsed = model === editor.model.value;
    if (isUsed) picture.setAttribute('aria-current', 'true');
    const facts = [model.method, say`sees ${model.resolution} px`, ...(isUsed ? [say`in use`] : [])];
    const note = make('span', 'model-note', say`Computing …`);
    result.append(
      picture,
      make('span', 'model-name', model.name),
      make('span', 'model-note', facts.join(' · ')),
      note,
    );
    editor.results.pictureBy(model, side).then(
      (made) => {
        // The dialog may have been closed, or opened anew.
        if (result.isConnected) context2d(canvas).drawImage(made, 0, 0);
        made.close();
        note.textContent = notTaken(editor, model);
      },
      (error: Error) => {
        note.textContent = error.message;
      },
    );
    return result;
  };

  const open = () => {
    const drawing = editor.photo.value?.drawing;
    if (!drawing || editor.busy.value) return;
    editor.onInterrupt();
    window.showModal();
    const hasHole = !drawing.hole.isEmpty;
    state.textContent = hasHole ? '' : say`Paint over what should change: the hole.`;
    list.replaceChildren(...(hasHole ? editor.models.map(card) : []));
  };
  window.addEventListener('close', () => {
    list.replaceChildren();
    editor.results.endPictures();
  });
  const opener = button('models');
  opener.addEventListener('click', open);
  editor.photo.watch((photo) => {
    opener.hidden = photo === undefined;
  });
  return { open };
}

/** What of the drawing and its settings a model leaves out, in words. */
function notTaken({ photo, models }: Editor, { controls }: ModelDescription): string {
  const drawing = photo.value?.drawing;
  const othersHaveL = models.some((other) => other.controls.includes('l'));
  return [
    drawing && !drawing.lines.isEmpty && !controls.includes('sketch') ? say`Takes no lines.` : '',
    drawing && !drawing.colour.isEmpty && !controls.includes('colour') ? say`Takes no colours.` : '',
    othersHaveL && !controls.includes('l') ? say`Has no l.` : '',
  ]
    .filter(Boolean)
    .join(' ');
}
