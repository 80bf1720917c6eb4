/** What the result pane says: that it computes and for how long, how long it took, what went wrong. */

import { button, div, element, make } from './dom.ts';
import type { Editor } from './editor.ts';
import { seconds } from './engine-choice.ts';
import { shortNames } from './engine-names.ts';
import type { Notice } from './state.ts';

/** Shorter waits are not worth a spinner that flashes. */
const patience = 150;

export function showOutcome(editor: Editor): void {
  const status = element('status', HTMLParagraphElement);
  const pane = element('result-pane', HTMLElement);
  const hint = element('result-hint', HTMLParagraphElement);
  const spinner = make('span', 'spinner');
  const time = make('span', '');
  let timer: ReturnType<typeof setInterval> | undefined;

  editor.outcome.watch((outcome) => {
    clearInterval(timer);
    pane.dataset.state = outcome.kind;
    if (outcome.kind === 'computing') {
      const tick = () => {
        const passed = performance.now() - outcome.since;
        if (passed < patience) return;
        time.textContent = `${(passed / 1000).toFixed(1)} s`;
        status.replaceChildren(spinner, time);
      };
      timer = setInterval(tick, 100);
    } else if (outcome.kind === 'shown') {
      const hasL = editor.description.model.controls.includes('l');
      status.textContent = [
        ...(hasL ? [`l ${outcome.l.toFixed(2)}`] : []),
        seconds(outcome.milliseconds),
        shortNames[outcome.engine],
      ].join(' · ');
    } else status.textContent = '';
    const problem =
      outcome.kind === 'failed'
        ? {
            text: outcome.message,
            isProblem: true,
            action: { name: 'Try again', run: () => editor.predict() },
          }
        : undefined;
    showNotice(div('result-notice'), problem);
  });

  const showHint = () => {
    const drawing = editor.picture.value?.drawing;
    hint.hidden = drawing !== undefined && !drawing.hole.isEmpty;
    hint.classList.toggle('over', drawing !== undefined);
    hint.textContent = drawing ? 'Paint over what should change: the hole.' : 'The result appears here.';
  };
  editor.revision.watch(showHint);
  editor.picture.watch(showHint);
  editor.notice.watch((notice) =>
    showNotice(div('draw-notice'), notice, () => {
      editor.notice.value = undefined;
    }),
  );
  const useResult = button('use-result');
  editor.outcome.watch(() => {
    useResult.disabled = !editor.isCurrent;
  });
}

function showNotice(place: HTMLElement, notice: Notice | undefined, close?: () => void): void {
  place.hidden = notice === undefined;
  place.classList.toggle('problem', notice?.isProblem === true);
  place.replaceChildren();
  if (!notice) return;
  const parts: HTMLElement[] = [make('span', 'notice-text', notice.text)];
  const addButton = (name: string, run: () => void) => {
    const action = make('button', 'button', name);
    action.type = 'button';
    action.addEventListener('click', run);
    parts.push(action);
  };
  if (notice.action) addButton(notice.action.name, notice.action.run);
  if (close) addButton('Close', close);
  place.append(...parts);
}
