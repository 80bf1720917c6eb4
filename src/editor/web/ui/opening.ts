/** Photos and projects come by button, drop or paste. */
import { button, div, input } from './dom.ts';
import type { Editor } from './editor.ts';

export function connectOpening(editor: Editor): { choose(): void } {
  const chooser = input('file');
  const choose = () => chooser.click();
  const open = (file: File | null | undefined) => {
    if (file) void editor.open(file, file.name);
  };
  chooser.addEventListener('change', () => {
    open(chooser.files?.[0]);
    // So that the same file can be chosen again.
    chooser.value = '';
  });
  button('open').addEventListener('click', choose);
  button('welcome-open').addEventListener('click', choose);

  const drop = div('drop');
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  document.addEventListener('drop', (event) => {
    drop.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    open(event.dataTransfer?.files[0]);
  });
  document.addEventListener('paste', (event) => open(event.clipboardData?.files[0]));
  return { choose };
}
