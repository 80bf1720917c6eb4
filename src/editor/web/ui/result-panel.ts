/** What stands around the result: its state, where it is computed, l, and what the network is shown. */

import type { RegionChoice } from '../../../infer/region.ts';
import { type EngineChoice, engineNames, shortNames } from '../engines/engine.ts';
import { decimal, say } from '../texts/say.ts';
import { stripValues } from '../worker/results.ts';
import { button, div, element, input, make, output, within } from './dom.ts';
import type { Editor, Notice } from './editor.ts';
import { context2d } from './stage.ts';

/** The spinner shows after so long, ms; for shorter waits it would only flash. */
const patience = 150;

/** What stands over a result while, or because, there is none of the drawing as it is now. */
const earlier = say`Result of an earlier drawing`;

/** Says that a result is computed and for how long, how long it took, what went wrong. */
export function showOutcome(editor: Editor): void {
  const status = element('status', HTMLParagraphElement);
  const pane = element('result-pane', HTMLElement);
  const title = element('result-title', HTMLHeadingElement);
  const hint = element('result-hint', HTMLParagraphElement);
  const spinner = make('span', 'spinner');
  const time = make('span', '');
  let timer: ReturnType<typeof setInterval> | undefined;

  editor.results.outcome.watch((outcome) => {
    clearInterval(timer);
    pane.dataset.state = outcome.kind;
    const isOlder = outcome.kind === 'failed' && outcome.shown !== undefined;
    title.textContent = isOlder ? earlier : say`Result`;
    if (outcome.kind === 'computing') {
      const tick = () => {
        const passed = performance.now() - outcome.since;
        if (passed < patience) return;
        if (outcome.shown) title.textContent = earlier;
        time.textContent = `${decimal(passed / 1000, 1)} s`;
        status.replaceChildren(spinner, time);
      };
      timer = setInterval(tick, 100);
    } else if (outcome.kind === 'shown') {
      const hasL = editor.model.value.controls.includes('l');
      status.textContent = [
        ...(hasL ? [`l ${decimal(outcome.l, 2)}`] : []),
        seconds(outcome.milliseconds),
        shortNames[outcome.engine],
      ].join(' · ');
    } else status.textContent = '';
    const problem =
      outcome.kind === 'failed'
        ? {
            text: outcome.message,
            isProblem: true,
            action: { name: say`Try again`, run: () => editor.results.predict(true) },
          }
        : undefined;
    const place = div('result-notice');
    showNotice(place, problem, () => showNotice(place, undefined));
  });

  editor.results.preview.watch((preview) => pane.toggleAttribute('data-preview', preview !== undefined));
  editor.photo.watch((photo) => {
    hint.hidden = photo !== undefined;
  });
  editor.notice.watch((notice) =>
    showNotice(div('draw-notice'), notice, () => {
      editor.notice.value = undefined;
    }),
  );
  const useResult = button('use-result');
  editor.results.outcome.watch(() => {
    useResult.disabled = !editor.results.isCurrent;
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
  if (close) addButton(say`Close`, close);
  place.append(...parts);
}

const seconds = (milliseconds: number): string =>
  `${decimal(milliseconds / 1000, milliseconds < 9950 ? 2 : 1)} s`;

/** Where results are computed: shown with the measured speeds, and chosen. */
export function connectEngines(editor: Editor): void {
  const select = element('engine', HTMLSelectElement);
  const field = element('engine-field', HTMLLabelElement);
  select.addEventListener('change', () => editor.setEngine(select.value as EngineChoice));
  const update = () => {
    const { states, used } = editor.engines.value;
    const automatic = new Option(used ? say`Auto: ${shortNames[used]}` : say`Automatic`, 'auto');
    const options = states.map(({ id, milliseconds, problem }) => {
      const note = problem
        ? say`failed`
        : milliseconds === undefined
          ? say`not measured`
          : seconds(milliseconds);
      const option = new Option(`${engineNames[id]} · ${note}`, id);
      option.title = problem ?? '';
      return option;
    });
    select.replaceChildren(automatic, ...options);
    select.value = editor.engineChoice.value;
    const current = states.find(
      ({ id }) => id === (editor.engineChoice.value === 'auto' ? used : select.value),
    );
    field.classList.toggle('lost', current?.problem !== undefined);
    field.title = states
      .filter(({ problem }) => problem)
      .map(({ id, problem }) => `${engineNames[id]}: ${problem}`)
      .join('\n');
  };
  editor.engines.watch(update);
  editor.engineChoice.watch(update);
}

/** The slider of l, and small results at some values of it. */
export function connectL(editor: Editor): void {
  const slider = input('l');
  const value = output('l-value');
  slider.addEventListener('input', () => editor.setL(Number(slider.value)));
  slider.addEventListener('change', () => editor.commitL());
  const strip = div('strip');
  const buttons = stripValues.map((l) => {
    const item = make('button', '');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [104, 104];
    item.type = 'button';
    item.setAttribute('aria-label', say`Refinement ${decimal(l)}`);
    item.append(canvas, make('span', '', decimal(l)));
    item.addEventListener('click', () => {
      editor.setL(l);
      editor.commitL();
    });
    strip.append(item);
    return { l, item, context: context2d(canvas) };
  });
  editor.l.watch((l) => {
    slider.value = String(l);
    value.textContent = decimal(l, 2);
    for (const { l: own, item } of buttons) item.setAttribute('aria-pressed', String(own === l));
  });
  editor.results.onThumbnail = (l, picture) => {
    const found = buttons.find((each) => each.l === l);
    found?.context.drawImage(picture, 0, 0, 104, 104);
    picture.close();
  };
  editor.results.outcome.watch(({ kind }) => {
    for (const { item, context } of buttons) {
      item.disabled = kind === 'none';
      if (kind === 'none') context.clearRect(0, 0, 104, 104);
    }
  });
}

/** What the network is shown of the photo. */
export function connectRegion(editor: Editor): void {
  const select = element('region', HTMLSelectElement);
  const face = within(select, '[value="face"]', HTMLOptionElement);
  if (!editor.description.server) face.remove();
  select.addEventListener('change', () => editor.setRegion(select.value as RegionChoice));
  const field = element('region-field', HTMLLabelElement);
  editor.photo.watch((photo) => {
    field.hidden = photo === undefined;
  });
  editor.region.watch((region) => {
    select.value = region;
  });
  editor.faces.watch((faces) => {
    face.textContent = faces?.length === 0 ? say`no face found: the hole’s surroundings` : say`the face`;
  });
}
