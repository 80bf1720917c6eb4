/** Phones have room for the drawing or the result: one switches between them. Larger windows show both. */
import { say } from '../texts/say.ts';
import type { Editor } from './editor.ts';
import { Signal } from './signal.ts';

export function connectViews(editor: Editor): void {
  const view = new Signal('drawing');
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('.view-switch button')];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      view.value = button.dataset.view ?? 'drawing';
    });
  }
  /** Says on the result's button what has become of it while one does not see it. */
  const showNews = () => {
    const { kind } = editor.results.outcome.value;
    for (const button of buttons) {
      if (button.dataset.view !== 'result') continue;
      button.textContent =
        kind === 'computing' ? say`Result …` : kind === 'failed' ? say`Result: failed` : say`Result`;
    }
  };
  editor.results.outcome.watch(showNews);
  view.watch((shown) => {
    document.body.dataset.view = shown;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.view === shown));
  });
  // One begins to draw on another photo, and what is said of the drawing stands below it.
  const showDrawing = () => {
    view.value = 'drawing';
  };
  editor.photo.watch(showDrawing);
  editor.notice.watch((notice) => notice && showDrawing());
}
