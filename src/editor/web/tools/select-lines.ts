/** Selects lines, to move, scale and delete them. */
import { type Command, joinChanges } from '../drawing/changes.ts';
import type { Drawing } from '../drawing/drawing.ts';
import type { Point } from '../drawing/geometry.ts';
import { boundsOf, type LinePoint, LineTracing } from '../drawing/line-tracing.ts';
import { atOnce } from '../drawing/steps.ts';
import { say } from '../texts/say.ts';
import { preferences } from '../ui/preferences.ts';
import { ownHole } from './brush.ts';
import { proposeHole } from './proposed-hole.ts';
import type { Contact, Gesture, Tool, Workspace } from './tool.ts';

/** The box's corners stand so far outside the lines, px of the screen, so that a finger hits either. */
const boxMargin = 16;
/** The least share of its size to which a selection is scaled at once. */
const leastScale = 0.05;
/** A pointer that moves less only presses, px of the screen. */
const stillness = 4;

/** A place becomes place * scale + offset, each axis by itself. */
interface Move {
  readonly scale: Point;
  readonly offset: Point;
}

const stays: Move = { scale: { x: 1, y: 1 }, offset: { x: 0, y: 0 } };

const moved = <P extends Point>(point: P, { scale, offset }: Move): P => ({
  ...point,
  x: point.x * scale.x + offset.x,
  y: point.y * scale.y + offset.y,
});

/** One move after another. */
const followed = (first: Move, next: Move): Move => ({
  scale: { x: first.scale.x * next.scale.x, y: first.scale.y * next.scale.y },
  offset: moved(first.offset, next),
});

const by = (x: number, y: number): Move => ({ scale: stays.scale, offset: { x, y } });

interface Selection {
  /** As the drawing was when these lines were selected. */
  readonly tracing: LineTracing;
  readonly numbers: ReadonlySet<number>;
  readonly shapes: readonly (readonly LinePoint[])[];
  /** What has become of them since. */
  readonly move: Move;
  /** All that this has changed. It is taken back before they are moved on, so that nothing gets worse by many moves. */
  readonly made: Command;
}

let selection: Selection | undefined;
/** Of the drawing as it is; undefined when it has changed since. */
let tracing: LineTracing | undefined;

function traced({ lines }: Drawing): LineTracing {
  tracing ??= new LineTracing(lines);
  return tracing;
}

function shapesOf({ shapes, move }: Selection, next = stays): LinePoint[][] {
  const whole = followed(move, next);
  return shapes.map((shape) => shape.map((point) => moved(point, whole)));
}

/** The box's corners, clockwise. */
function cornersOf(shapes: readonly (readonly Point[])[], margin: number): Point[] {
  const { left, top, right, bottom } = boundsOf(shapes.flat(), margin);
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}

function show(work: Workspace, next = stays): void {
  const shapes = selection && shapesOf(selection, next);
  work.select(shapes, shapes && cornersOf(shapes, boxMargin / work.scale));
}

function select(work: Workspace, from: LineTracing, numbers: ReadonlySet<number>): void {
  const shapes = [...numbers].map((k) => from.shape(k));
  selection = numbers.size > 0 ? { tracing: from, numbers, shapes, move: stays, made: [] } : undefined;
  show(work);
}

/** Traces the drawing as it is, and finds again what is selected. */
function traceAnew(work: Workspace): LineTracing {
  const now = traced(work.drawing);
  if (selection && selection.tracing !== now) {
    const found = shapesOf(selection).map((shape) => now.lineAlong(shape));
    select(work, now, new Set(found.filter((k) => k !== undefined)));
  }
  return now;
}

/** Moves what is selected, or deletes it: one act. */
function change(work: Workspace, next: Move | 'delete'): void {
  if (!selection) return;
  const { drawing } = work;
  const { tracing: before, numbers, made } = selection;
  const shapes = next === 'delete' ? [] : shapesOf(selection, next);
  const changed = drawing.together(() => {
    atOnce(drawing.make(made));
    const eraser = drawing.stroke('lines', 0);
    eraser.rows(before.pixelsOf(numbers));
    eraser.end();
    const pen = drawing.stroke('lines', 1);
    for (const shape of shapes)
      shape.forEach((to, k) => {
        pen.segment(shape[Math.max(0, k - 1)], to, to.radius);
      });
    pen.end();
    if (preferences.proposesHole.value)
      for (const shape of shapes) proposeHole(drawing, shape, work.sizeOf('hole') / 2);
  });
  tracing = undefined;
  selection =
    next === 'delete'
      ? undefined
      : { ...selection, move: followed(selection.move, next), made: joinChanges([...made, ...changed]) };
  show(work);
}

/** How far a place is from the middle of what is selected, px. */
const distanceTo = (at: Point, shapes: readonly (readonly Point[])[]): number =>
  shapes
    .flat()
    .reduce((least, { x, y }) => Math.min(least, Math.hypot(x - at.x, y - at.y)), Number.POSITIVE_INFINITY);

/** Drags what is selected. @param moveTo what a place that is reached makes of it */
function drag(work: Workspace, at: Contact, moveTo: (to: Contact) => Move): Gesture {
  let to = at;
  const isStill = () => Math.hypot(to.x - at.x, to.y - at.y) * work.scale < stillness;
  return {
    move(places) {
      to = places[places.length - 1];
      show(work, isStill() ? stays : moveTo(to));
    },
    up() {
      if (!isStill()) change(work, moveTo(to));
    },
    cancel: () => show(work),
  };
}

/** Scales by a corner of the box, about the opposite one; with Shift by the same in both directions. */
function scale(work: Workspace, at: Contact, shapes: readonly (readonly Point[])[], corner: number): Gesture {
  const bare = cornersOf(shapes, 0);
  const [held, fixed] = [bare[corner], bare[(corner + 2) % 4]];
  return drag(work, at, (to) => {
    // A line that is straight along one axis has no size along the other.
    const along = (axis: 'x' | 'y') => {
      const length = held[axis] - fixed[axis];
      return Math.abs(length) < 1 ? undefined : Math.max(leastScale, (length + to[axis] - at[axis]) / length);
    };
    const [x, y] = [along('x'), along('y')];
    const both = Math.max(x ?? y ?? 1, y ?? x ?? 1);
    const factor = to.shift ? { x: both, y: both } : { x: x ?? 1, y: y ?? 1 };
    return {
      scale: factor,
      offset: { x: fixed.x * (1 - factor.x), y: fixed.y * (1 - factor.y) },
    };
  });
}

const moveBy = (work: Workspace, at: Contact): Gesture =>
  drag(work, at, (to) => by(to.x - at.x, to.y - at.y));

/** Selects all in a rectangle; with Shift beside what is selected. A press alone selects nothing. */
function selectBox(work: Workspace, at: Contact): Gesture {
  let to = at;
  return {
    move(places) {
      to = places[places.length - 1];
      work.outline([at, { x: to.x, y: at.y }, to, { x: at.x, y: to.y }]);
    },
    up() {
      work.outline(undefined);
      const now = traceAnew(work);
      const found = to === at ? [] : now.inside(boundsOf([at, to]));
      const before = at.shift && selection ? selection.numbers : [];
      select(work, now, new Set([...before, ...found]));
    },
    cancel: () => work.outline(undefined),
  };
}

const steps: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

export const selectLines: Tool = {
  id: 'lines-select',
  name: say`Select lines`,
  label: say`Select`,
  icon: 'select',
  help: say`Press a line, or drag around several; then drag them, pull a corner, or press Delete. Shift adds.`,
  cursor: 'cross',
  layer: 'lines',
  key: 'V',
  options: [ownHole],
  down(work, at) {
    const reach = at.slack / work.scale;
    if (selection && !at.shift) {
      const shapes = shapesOf(selection);
      const corners = cornersOf(shapes, boxMargin / work.scale);
      const corner = corners.findIndex(({ x, y }) => Math.hypot(x - at.x, y - at.y) < reach);
      if (corner >= 0) return scale(work, at, shapes, corner);
      if (distanceTo(at, shapes) < reach) return moveBy(work, at);
    }
    const now = traceAnew(work);
    const hit = now.nearest(at, reach);
    if (hit === undefined) {
      const box = selection && boundsOf(shapesOf(selection).flat());
      const isInBox = box && at.x > box.left && at.x < box.right && at.y > box.top && at.y < box.bottom;
      return isInBox && !at.shift ? moveBy(work, at) : selectBox(work, at);
    }
    const before = new Set(at.shift ? selection?.numbers : []);
    if (!before.delete(hit)) before.add(hit);
    select(work, now, before);
    return moveBy(work, at);
  },
  press(work, key, shift) {
    if (key === 'Delete' || key === 'Backspace') {
      if (selection) change(work, 'delete');
      else work.tell(say`Nothing is selected. Press a line first.`);
      return true;
    }
    if (!selection) return false;
    const step = steps[key];
    if (step) change(work, by(step.x * (shift ? 10 : 1), step.y * (shift ? 10 : 1)));
    else if (key === 'Escape') drop(work);
    else return false;
    return true;
  },
  finish: drop,
};

function drop(work: Workspace): void {
  selection = undefined;
  tracing = undefined;
  work.select(undefined);
}
