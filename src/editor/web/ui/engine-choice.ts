/** Where results are computed: shown with the measured speeds, and chosen. */
import type { EngineChoice } from '../engines/engine.ts';
import { element } from './dom.ts';
import type { Editor } from './editor.ts';
import { engineNames, shortNames } from './engine-names.ts';

export const seconds = (milliseconds: number): string =>
  `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 2 : 1)} s`;

export function connectEngines(editor: Editor): void {
  const select = element('engine', HTMLSelectElement);
  const field = element('engine-field', HTMLLabelElement);
  select.addEventListener('change', () => editor.setEngine(select.value as EngineChoice));
  const update = () => {
    const { states, used } = editor.engines.value;
    const automatic = new Option(used ? `Auto: ${shortNames[used]}` : 'Automatic', 'auto');
    const options = states.map(({ id, milliseconds, problem }) => {
      const note = problem ? 'failed' : milliseconds === undefined ? 'not measured' : seconds(milliseconds);
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
