/** Which model makes the results, and what it can do: a line where one looks, and all of it in a dialog. */
import type { ModelDescription } from '../../wire.ts';
import { decimal, say } from '../texts/say.ts';
import { button, dialog, element, make } from './dom.ts';
import type { Editor } from './editor.ts';

export function connectAboutModel(editor: Editor): void {
  const window = dialog('model-dialog');
  const opener = button('model');
  const inWelcome = button('welcome-model');
  inWelcome.title = say`What the model can do`;
  editor.model.watch((model) => {
    opener.textContent = say`${model.about.title} · ${model.resolution} px`;
    opener.title = lineOf(model);
    inWelcome.textContent = lineOf(model);
  });
  const open = () => {
    fill(editor.model.value);
    window.showModal();
  };
  opener.addEventListener('click', open);
  inWelcome.addEventListener('click', open);
}

/** What it is, in a line. */
function lineOf({ about: { title, kind, steps }, resolution }: ModelDescription): string {
  if (kind === 'ships') return say`${title}, ${resolution} px: the model that comes with the program`;
  return kind === 'demonstration'
    ? say`${title}, ${resolution} px, ${decimal(steps, 0)} steps: a demonstration`
    : say`${title}, ${resolution} px, ${decimal(steps, 0)} steps`;
}

function fill(model: ModelDescription): void {
  const { about, method, resolution, controls, refinedSketch } = model;
  element('model-title', HTMLHeadingElement).textContent = about.title;
  const takes = [
    say`a hole`,
    ...(controls.includes('sketch') ? [say`lines`] : []),
    ...(controls.includes('colour') ? [say`strokes of colour`] : []),
    ...(controls.includes('l') ? [say`refinement l`] : []),
  ];
  const facts = [
    [say`Method`, method],
    [say`Sees a face at`, say`${resolution} x ${resolution} px`],
    [say`Trained for`, say`${decimal(about.steps, 0)} steps`],
    [say`Takes`, takes.join(', ')],
    ...(refinedSketch ? [[say`Shows, too`, say`refined lines (S_gen)`]] : []),
  ];
  const list = element('model-facts', HTMLDListElement);
  list.replaceChildren(...facts.flatMap(([name, value]) => [make('dt', '', name), make('dd', '', value)]));
  element('model-text', HTMLParagraphElement).textContent = [
    about.kind === 'demonstration'
      ? say`A demonstration: it shows how this works. A face of more pixels comes out soft; small changes, as of a mouth, come out best.`
      : '',
    about.knowsDrawnPeopleAlone
      ? say`It has seen drawn people alone, as those of the examples: photos of real people come out worse.`
      : '',
    about.failures.length > 0 ? say`What it draws badly, as its model card says:` : '',
  ]
    .filter(Boolean)
    .join(' ');
  const failures = element('model-failures', HTMLUListElement);
  failures.replaceChildren(...about.failures.map((failure) => make('li', '', failure)));
}
