/** What both stages are made of: canvases that fill them, in the screen's own pixels, and pointers that draw and zoom. */
import type { Size } from '../../../infer/raster.ts';
import type { Point } from '../drawing/geometry.ts';
import { panned, zoomed } from '../view/viewport.ts';
import type { Editor } from './editor.ts';

/** Larger canvases would take too long to paint. */
const maxPixels = 2e6;

/** Watches a stage's size. `onResize` gets it in CSS px, and how many px of the canvases one of them is. */
export function fillStage(
  stage: HTMLElement,
  canvases: readonly HTMLCanvasElement[],
  onResize: (size: Size, density: number) => void,
): void {
  new ResizeObserver(() => {
    const size = { width: Math.max(1, stage.clientWidth), height: Math.max(1, stage.clientHeight) };
    const density = Math.min(devicePixelRatio, Math.sqrt(maxPixels / (size.width * size.height)));
    for (const canvas of canvases) {
      canvas.width = Math.round(size.width * density);
      canvas.height = Math.round(size.height * density);
    }
    onResize(size, density);
  }).observe(stage);
}

/** A canvas's drawing context. */
export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('The browser cannot draw on a canvas.');
  return context;
}

/** The smallest copy of a photo that is at least as large as it is shown. */
export function pictureFor(pictures: readonly ImageBitmap[], scale: number): ImageBitmap {
  const halvings = Math.floor(Math.log2(1 / Math.max(scale, 1e-6)) + 1e-6);
  return pictures[Math.min(Math.max(halvings, 0), pictures.length - 1)];
}

/** Calls `paint` once before the screen is drawn next, however often it is asked to. */
export function beforeNextFrame(paint: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  };
}

/** What a pointer that is down does. */
export interface Press {
  /** All positions since the last call, in CSS px of the stage. */
  move(events: readonly PointerEvent[]): void;
  end(): void;
  cancel(): void;
}

interface GestureOptions {
  readonly editor: Editor;
  readonly stage: HTMLElement;
  readonly size: () => Size;
  /** What a pointer does that comes down here; undefined: it moves the view. */
  readonly press: (event: PointerEvent) => Press | undefined;
}

/** A second finger within so many ms of the first means zoom, and takes back the stroke that the first one began. */
const pinchDelay = 300;

export const pointOf = (event: MouseEvent, stage: HTMLElement): Point => {
  const { left, top } = stage.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
};

/** Pointers on a stage: one draws or moves the view, two fingers zoom, the wheel zooms. */
export function listenToPointers({ editor, stage, size, press }: GestureOptions): void {
  const down = new Map<number, Point>();
  /** The pointer that draws, or moves the view when it has no press. */
  let active: { press: Press | undefined; pointer: number; since: number; touch: boolean } | undefined;
  /** Once two fingers were down, the one that stays neither draws nor moves. */
  let pinched = false;

  const photo = () => editor.photo.value?.drawing;

  const pinch = (moved: number, to: Point) => {
    const drawing = photo();
    const other = [...down].find(([id]) => id !== moved)?.[1];
    const from = down.get(moved);
    if (!drawing || !other || !from) return;
    const middle = (a: Point, b: Point) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
    const [before, after] = [middle(from, other), middle(to, other)];
    const distance = (a: Point) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    const shifted = panned(
      editor.camera.value,
      { x: after.x - before.x, y: after.y - before.y },
      drawing,
      size(),
    );
    editor.camera.value = zoomed(shifted, distance(to) / distance(from), after, drawing, size());
  };

  stage.addEventListener('pointerdown', (event) => {
    if (!photo() || (event.target as Element).closest('button, [role="slider"]')) return;
    // A palm may rest on the screen while a pen draws.
    if (active && !active.touch && event.pointerType === 'touch') return;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    event.preventDefault();
    down.set(event.pointerId, pointOf(event, stage));
    if (down.size === 1) {
      pinched = false;
      active = {
        // The middle button moves the view with every tool.
        press: event.button === 1 ? undefined : press(event),
        pointer: event.pointerId,
        since: event.timeStamp,
        touch: event.pointerType === 'touch',
      };
    } else if (down.size === 2 && (!active?.press || event.timeStamp - active.since < pinchDelay)) {
      active?.press?.cancel();
      active = undefined;
      pinched = true;
    }
  });

  stage.addEventListener('pointermove', (event) => {
    const from = down.get(event.pointerId);
    if (!from) return;
    const to = pointOf(event, stage);
    if (pinched) pinch(event.pointerId, to);
    else if (active?.pointer === event.pointerId) {
      const drawing = photo();
      if (!active.press && drawing) {
        editor.camera.value = panned(
          editor.camera.value,
          { x: to.x - from.x, y: to.y - from.y },
          drawing,
          size(),
        );
      } else {
        const events = event.getCoalescedEvents?.() ?? [];
        active.press?.move(events.length > 0 ? events : [event]);
      }
    }
    down.set(event.pointerId, to);
  });

  const lift = (event: PointerEvent, cancelled: boolean) => {
    if (!down.delete(event.pointerId)) return;
    if (active?.pointer === event.pointerId) {
      if (cancelled) active.press?.cancel();
      else active.press?.end();
      active = undefined;
    }
    if (down.size === 0) pinched = false;
  };
  stage.addEventListener('pointerup', (event) => lift(event, false));
  stage.addEventListener('pointercancel', (event) => lift(event, true));

  stage.addEventListener(
    'wheel',
    (event) => {
      const drawing = photo();
      if (!drawing) return;
      event.preventDefault();
      // Lines and pages to px, roughly.
      const unit = [1, 16, 400][event.deltaMode];
      if (event.shiftKey) {
        const by = { x: -event.deltaY * unit - event.deltaX * unit, y: 0 };
        editor.camera.value = panned(editor.camera.value, by, drawing, size());
        return;
      }
      const factor = Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0015));
      editor.camera.value = zoomed(editor.camera.value, factor, pointOf(event, stage), drawing, size());
    },
    { passive: false },
  );
}
