/** Tools, and the ways to open a photo. */
import type { Control } from '../../../core/control.ts';
import { button, div, input } from './dom.ts';
import type { Editor, Tool } from './editor.ts';

/** Takes away what belongs to a control that the model does not have: elements say so by `data-needs`. */
export function hideUnusable({ description }: Editor): void {
  for (const part of document.querySelectorAll<HTMLElement>('[data-needs]'))
    part.hidden = !description.model.controls.includes(part.dataset.needs as Control);
}

/** Tools as buttons of which one is pressed. */
export function connectTools(editor: Editor): void {
  const tools = [...div('tools').querySelectorAll<HTMLButtonElement>('[data-tool]')];
  for (const tool of tools) {
    tool.addEventListener('click', () => {
      editor.tool.value = tool.dataset.tool as Tool;
    });
  }
  editor.tool.watch((value) => {
    for (const tool of tools) tool.setAttribute('aria-pressed', String(tool.dataset.tool === value));
  });
}

/** Photos and projects come by button, drop or paste. */
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
