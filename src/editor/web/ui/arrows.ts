/** Drawing without a pointer: arrows move the brush, Enter puts it down and lifts it. */
import type { Size } from '../../../infer/raster.ts';
import type { Point } from '../drawing/geometry.ts';
import type { Gesture, Workspace } from '../tools/tool.ts';
import { panned } from '../view/viewport.ts';
import type { Editor } from './editor.ts';

interface KeyboardBrush {
  readonly editor: Editor;
  readonly stage: HTMLElement;
  readonly work: Workspace;
  readonly size: () => Size;
  /** The brush's place, CSS px of the stage. */
  readonly position: () => Point;
  readonly moveBrush: (to: Point) => void;
  readonly toPhoto: (point: Point) => Point;
}

/** A press of an arrow moves the brush by so many px; with Alt by one. */
const step = 6;
const panStep = 40;
/** How far from the brush what it means may be, px of the screen. */
const keyboardSlack = 8;
const directions: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Returns what lifts the brush. */
export function listenToArrows({ editor, stage, work, ...brush }: KeyboardBrush): () => void {
  let gesture: Gesture | undefined;
  const lift = () => {
    const ended = gesture;
    gesture = undefined;
    ended?.up();
  };
  const contact = (at: Point, { shiftKey, altKey }: Partial<KeyboardEvent> = {}) => ({
    ...brush.toPhoto(at),
    pressure: 1,
    shift: shiftKey === true,
    erases: altKey === true,
    isExact: true,
    slack: keyboardSlack,
  });

  stage.addEventListener('keydown', (event) => {
    const photo = editor.photo.value;
    if (!photo || editor.busy.value || event.ctrlKey || event.metaKey) return;
    const at = brush.position();
    const tool = editor.tool.value;
    if (!gesture && !event.altKey && tool.press?.(work, event.key, event.shiftKey)) {
      event.preventDefault();
      return;
    }
    const direction = directions[event.key];
    if (direction) {
      event.preventDefault();
      if (event.shiftKey || tool.cursor === 'hand') {
        const by = { x: -direction.x * panStep, y: -direction.y * panStep };
        editor.camera.value = panned(editor.camera.value, by, photo.drawing, brush.size());
        return;
      }
      const length = event.altKey ? 1 : step;
      const { width, height } = brush.size();
      const to = {
        x: Math.min(Math.max(at.x + direction.x * length, 0), width),
        y: Math.min(Math.max(at.y + direction.y * length, 0), height),
      };
      if (gesture) gesture.move([contact(to)]);
      else tool.hover?.(work, contact(to));
      brush.moveBrush(to);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (gesture) return lift();
      brush.moveBrush(at);
      gesture = tool.down(work, contact(at, event));
      if (tool.isClick) lift();
    } else if (event.key === 'Escape' && gesture) {
      gesture.cancel();
      gesture = undefined;
    }
  });
  stage.addEventListener('blur', lift);
  stage.addEventListener('pointerdown', lift);
  editor.tool.watch(lift);
  return lift;
}
