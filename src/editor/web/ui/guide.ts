/** A sentence where the next step is: the hole, the lines, then l. Who has followed them once sees only the first. */
import { say } from '../texts/say.ts';
import { groupOf } from '../tools/tools.ts';
import { element } from './dom.ts';
import type { Editor } from './editor.ts';
import { preferences } from './preferences.ts';

export function connectGuide(editor: Editor): void {
  const atDrawing = element('draw-hint', HTMLParagraphElement);
  const atL = element('l-hint', HTMLParagraphElement);
  /** How often the drawing had changed when l was explained. */
  let explained: number | undefined;

  const show = (place: HTMLElement, text: string | undefined) => {
    place.hidden = text === undefined;
    if (text !== undefined && place.textContent !== text) place.textContent = text;
  };
  const update = () => {
    const { controls } = editor.model.value;
    const drawing = editor.photo.value?.drawing;
    const isNew = drawing && !preferences.isGuided.value;
    const drawsLines = groupOf(editor.tool.value)?.id === 'lines';
    const wantsHole = drawing?.hole.isEmpty;
    const wantsLines = isNew && !wantsHole && drawing.lines.isEmpty && controls.includes('sketch');
    show(
      atDrawing,
      wantsHole
        ? drawsLines
          ? hints.linesFirst
          : hints.hole
        : wantsLines
          ? drawsLines
            ? hints.lines
            : hints.takeLines
          : undefined,
    );
    const wantsL = isNew && !wantsHole && !wantsLines && controls.includes('l');
    if (wantsL) explained ??= editor.revision.value;
    show(atL, wantsL ? hints.l : undefined);
    // What is done next shows that it was read.
    if (explained !== undefined && editor.revision.value > explained) preferences.isGuided.value = true;
  };
  editor.revision.watch(update);
  editor.photo.watch(update);
  editor.tool.watch(update);
  editor.model.watch(update);
  preferences.isGuided.watch(update);
  preferences.proposesHole.watch(update);
}

const hints = {
  hole: say`Paint over what should change: the hole.`,
  linesFirst: say`Draw how it should look.`,
  takeLines: say`Now take Line (L) and draw how it should look there.`,
  lines: say`Draw inside the hole how it should look.`,
  l: say`l: at 0 the result follows your lines, at 1 they are a hint.`,
} as const;
