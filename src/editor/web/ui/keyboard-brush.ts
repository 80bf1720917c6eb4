/** Drawing without a pointer: arrows move the brush, Enter puts it down and lifts it. */
import type { Size } from '../../../infer/raster.ts';
import type { Point } from '../drawing/brush.ts';
import type { Stroke } from '../drawing/drawing.ts';
import { panned } from '../view/viewport.ts';
import type { Editor } from './editor.ts';

export interface KeyboardBrush {
  readonly editor: Editor;
  readonly size: () => Size;
  /** The brush's place, CSS px of the stage. */
  readonly position: () => Point;
  readonly moveBrush: (to: Point) => void;
  readonly toPhoto: (point: Point) => Point;
  /** What Enter begins with the brush there; nothing where the tool has no stroke. */
  readonly begin: (at: Point) => { stroke: Stroke; radius: number } | undefined;
}

/** A press of an arrow moves the brush by so many px; with Alt by one. */
const step = 6;
const panStep = 40;
const directions: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

export function listenToArrows(stage: HTMLElement, brush: KeyboardBrush): void {
  const { editor } = brush;
  let drawing: { stroke: Stroke; radius: number } | undefined;
  const lift = () => {
    drawing?.stroke.end();
    drawing = undefined;
  };
  const draw = (from: Point, to: Point) =>
    drawing?.stroke.segment(brush.toPhoto(from), brush.toPhoto(to), drawing.radius);

  stage.addEventListener('keydown', (event) => {
    const picture = editor.picture.value;
    if (!picture || editor.busy.value || event.ctrlKey || event.metaKey) return;
    const at = brush.position();
    const direction = directions[event.key];
    if (direction) {
      event.preventDefault();
      if (event.shiftKey || editor.tool.value === 'pan') {
        const by = { x: -direction.x * panStep, y: -direction.y * panStep };
        editor.camera.value = panned(editor.camera.value, by, picture.drawing, brush.size());
        return;
      }
      const length = event.altKey ? 1 : step;
      const { width, height } = brush.size();
      const to = {
        x: Math.min(Math.max(at.x + direction.x * length, 0), width),
        y: Math.min(Math.max(at.y + direction.y * length, 0), height),
      };
      draw(at, to);
      brush.moveBrush(to);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (drawing) return lift();
      drawing = brush.begin(at);
      brush.moveBrush(at);
      draw(at, at);
    } else if (event.key === 'Escape' && drawing) {
      drawing.stroke.cancel();
      drawing = undefined;
    }
  });
  stage.addEventListener('blur', lift);
  stage.addEventListener('pointerdown', lift);
  editor.tool.watch(lift);
}
