/** Mice, pens and fingers on a stage: one of them draws or moves the view, two fingers zoom, the wheel zooms. */
import type { Size } from '../../../infer/raster.ts';
import type { Point } from '../drawing/geometry.ts';
import { panned, zoomed } from '../view/viewport.ts';
import type { Editor } from './editor.ts';
import { preferences } from './preferences.ts';

/** What a pointer that is down does. */
export interface Press {
  /** All positions since the last call, in CSS px of the stage. */
  move(events: readonly PointerEvent[]): void;
  end(): void;
  /** Takes back what was begun. */
  cancel(): void;
}

interface PointerOptions {
  readonly editor: Editor;
  readonly stage: HTMLElement;
  readonly size: () => Size;
  /** What a pointer does that comes down here; undefined: it moves the view. */
  readonly press: (event: PointerEvent) => Press | undefined;
}

/** A second finger within so many ms of the first means zoom, and takes back the stroke that the first one began. */
const pinchDelay = 300;
/** Fingers that move less rest on the screen, CSS px. */
const restless = 8;
/** The buttons of a mouse that go back and forward in a browser. */
const sideButtons = [3, 4];

/** Whether a pen has been near: then fingers are a resting hand, and do not draw. */
let penSeen = false;

export const isRestingHand = ({ pointerType }: PointerEvent): boolean =>
  pointerType === 'touch' && penSeen && !preferences.fingersDraw.value;

export const pointOf = (event: MouseEvent, stage: HTMLElement): Point => {
  const { left, top } = stage.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
};

/** Returns what finishes a stroke that is being drawn, for when something else happens to the drawing. */
export function listenToPointers({ editor, stage, size, press }: PointerOptions): () => void {
  /** The fingers that are down, where they came down and where they are. */
  const fingers = new Map<number, { readonly from: Point; at: Point }>();
  /** The pointer that draws, or moves the view when it has no press. */
  let active:
    | { press: Press | undefined; pointer: number; since: number; type: string; at: Point }
    | undefined;
  /** Once two fingers were down, the one that stays neither draws nor moves. */
  let pinched = false;

  const photo = () => editor.photo.value?.drawing;
  const moveView = (from: Point, to: Point) => {
    const drawing = photo();
    if (!drawing) return;
    const by = { x: to.x - from.x, y: to.y - from.y };
    editor.camera.value = panned(editor.camera.value, by, drawing, size());
  };

  const finish = () => {
    const { press: ended } = active ?? {};
    active = undefined;
    ended?.end();
  };
  const cancel = () => {
    const { press: ended } = active ?? {};
    active = undefined;
    ended?.cancel();
  };

  const pinch = (moved: number, to: Point) => {
    const drawing = photo();
    const finger = fingers.get(moved);
    const other = [...fingers].find(([id]) => id !== moved)?.[1].at;
    if (!drawing || !other || !finger) return;
    if (Math.hypot(to.x - finger.from.x, to.y - finger.from.y) < restless) return;
    const middle = (a: Point) => ({ x: (a.x + other.x) / 2, y: (a.y + other.y) / 2 });
    const distance = (a: Point) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    moveView(middle(finger.at), middle(to));
    const factor = distance(to) / distance(finger.at);
    editor.camera.value = zoomed(editor.camera.value, factor, middle(to), drawing, size());
  };

  const begin = (event: PointerEvent) => {
    active = {
      // The middle button moves the view with every tool.
      press: event.button === 1 ? undefined : press(event),
      pointer: event.pointerId,
      since: event.timeStamp,
      type: event.pointerType,
      at: pointOf(event, stage),
    };
  };

  stage.addEventListener('pointerdown', (event) => {
    if (!photo() || (event.target as Element).closest('button, [role="slider"]')) return;
    const isTouch = event.pointerType === 'touch';
    if (sideButtons.includes(event.button)) return;
    event.preventDefault();
    // A hand may rest on the screen while a pen or a mouse draws.
    if (isTouch && active && active.type !== 'touch') return;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    if (!isTouch) {
      // And may have come down before it: what it began was not meant.
      if (active?.type === 'touch') cancel();
      else finish();
      fingers.clear();
      pinched = false;
      begin(event);
      return;
    }
    const at = pointOf(event, stage);
    fingers.set(event.pointerId, { from: at, at });
    if (fingers.size === 1) {
      pinched = false;
      begin(event);
    } else if (
      fingers.size === 2 &&
      active &&
      (!active.press || event.timeStamp - active.since < pinchDelay)
    ) {
      cancel();
      pinched = true;
    }
  });

  stage.addEventListener('pointermove', (event) => {
    penSeen ||= event.pointerType === 'pen';
    const to = pointOf(event, stage);
    if (pinched) pinch(event.pointerId, to);
    const finger = fingers.get(event.pointerId);
    if (finger) finger.at = to;
    if (active?.pointer !== event.pointerId) return;
    // The button was released where the page did not see it, over an alert for example.
    if (event.buttons === 0) return finish();
    if (active.press) {
      // Some browsers keep the positions in between for pages with https.
      const events = event.getCoalescedEvents?.() ?? [];
      active.press.move(events.length > 0 ? events : [event]);
    } else moveView(active.at, to);
    active.at = to;
  });

  const lift = (event: PointerEvent, how: () => void) => {
    fingers.delete(event.pointerId);
    if (active?.pointer === event.pointerId) how();
    if (fingers.size === 0) pinched = false;
  };
  stage.addEventListener('pointerup', (event) => lift(event, finish));
  // The browser takes fingers away that it sees as a gesture or a palm. A pen or a mouse was meant to draw.
  stage.addEventListener('pointercancel', (event) =>
    lift(event, event.pointerType === 'touch' ? cancel : finish),
  );
  stage.addEventListener('lostpointercapture', (event) => lift(event, finish));
  const leave = () => {
    finish();
    fingers.clear();
    pinched = false;
  };
  addEventListener('blur', leave);
  document.addEventListener('visibilitychange', leave);

  stage.addEventListener('pointerover', ({ pointerType }) => {
    penSeen ||= pointerType === 'pen';
  });
  stage.addEventListener('contextmenu', (event) => event.preventDefault());

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
  return finish;
}
