/** Says by how much the network's picture is enlarged, and lets one choose whether it is sharpened then. */
import { enlargement, isEnlarged } from '../../../infer/detail.ts';
import { decimal, say } from '../texts/say.ts';
import { element, input } from './dom.ts';
import type { Editor } from './editor.ts';
import { preferences } from './preferences.ts';

export function connectDetail(editor: Editor): void {
  const field = element('detail-field', HTMLLabelElement);
  const text = element('enlargement', HTMLSpanElement);
  const box = input('detail');
  box.checked = preferences.detail.value;
  box.addEventListener('change', () => {
    preferences.detail.value = box.checked;
    editor.results.predict();
  });
  const update = () => {
    const { shown } = editor.results;
    field.hidden = !shown || !isEnlarged(shown.side, shown.region);
    if (!shown) return;
    const { side, region } = shown;
    const times = enlargement(side, region);
    text.textContent = say`the model’s ${side} px are ${region.size} px here (${decimal(times, times < 9.95 ? 1 : 0)} times)`;
  };
  editor.results.outcome.watch(update);
  editor.results.preview.watch(update);
}
