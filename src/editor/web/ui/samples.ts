/** The dialog with sample faces and ready edits. */
import type { Sample, SampleList } from '../../wire.ts';
import { say, translated } from '../texts/say.ts';
import { button, dialog, div, element, make } from './dom.ts';
import type { Editor } from './editor.ts';

/** How often the server is asked for samples that it is still making, ms. */
const pollInterval = 2000;

export function connectSamples(editor: Editor): { open(): void } {
  const window = dialog('examples-dialog');
  const state = element('samples-state', HTMLParagraphElement);
  const list = div('samples');
  let shown = 0;

  const choose = (sample: Sample, edit?: Sample['edits'][number]) => {
    window.close();
    const { name, photo } = sample;
    void editor.openSample({ name: `${name}.png`, photo, hole: edit?.hole, sketch: edit?.sketch });
  };

  const card = (sample: Sample): HTMLElement => {
    const result = make('div', 'sample');
    const photo = make('button', 'sample-photo');
    photo.type = 'button';
    photo.setAttribute('aria-label', say`${sample.name}, without a drawing`);
    const image = document.createElement('img');
    Object.assign(image, { src: sample.photo, alt: '' });
    photo.append(image);
    photo.addEventListener('click', () => choose(sample));
    const edits = make('div', 'sample-edits');
    for (const edit of sample.edits) {
      const name = translated(edit.name);
      const chip = make('button', 'chip', name);
      chip.type = 'button';
      chip.setAttribute('aria-label', `${name}, ${sample.name}`);
      chip.addEventListener('click', () => choose(sample, edit));
      edits.append(chip);
    }
    result.append(photo, edits);
    return result;
  };

  const show = ({ samples, complete, problem }: SampleList) => {
    for (const sample of samples.slice(shown)) list.append(card(sample));
    shown = samples.length;
    state.textContent = problem ?? (complete ? '' : say`More faces are being drawn …`);
  };

  const refresh = async () => {
    if (!window.open) return;
    try {
      const samples: SampleList = await (await fetch('api/samples')).json();
      show(samples);
      if (!samples.complete) setTimeout(() => void refresh(), pollInterval);
    } catch {
      state.textContent = say`The editor’s server does not answer. Start it again: npm run edit`;
    }
  };

  const open = () => {
    window.showModal();
    const { samples } = editor.description;
    if (samples) show(samples);
    else void refresh();
  };
  button('examples').addEventListener('click', open);
  button('welcome-examples').addEventListener('click', open);
  return { open };
}
