/** What lasso, polygon, rectangle and ellipse have in common: they mark the hole inside of a line, or erase there. */
import type { Point } from '../drawing/geometry.ts';
import type { Contact, Gesture, Workspace } from './tool.ts';

export type AreaTarget = 'hole' | 'eraser';

/** The properties that tell a target's tools from another's. */
export const areaTool = (target: AreaTarget, shape: string) => ({
  id: `${target}-${shape}`,
  cursor: 'cross' as const,
  ...(target === 'hole' && { layer: 'hole' as const }),
});

/** Marks or erases all inside a closed line: one act of the user. */
export function fillArea(
  work: Workspace,
  target: AreaTarget,
  outline: readonly Point[],
  erases: boolean,
): void {
  const stroke =
    target === 'hole' ? work.drawing.stroke('hole', erases ? 0 : 1) : work.drawing.stroke(work.layer, 0);
  stroke.area(outline);
  stroke.end();
}

/** Drags a shape's outline. @param shape the outline of the way that the pointer has taken. */
export function dragArea(
  work: Workspace,
  target: AreaTarget,
  at: Contact,
  shape: (path: readonly Contact[]) => readonly Point[],
): Gesture {
  const path = [at];
  return {
    move(to) {
      path.push(...to);
      work.outline(shape(path));
    },
    up() {
      work.outline(undefined);
      fillArea(work, target, shape(path), at.erases);
    },
    cancel: () => work.outline(undefined),
  };
}

/** The corners of the rectangle that was dragged; with Shift of a square. */
export function draggedBox(path: readonly Contact[]): { from: Point; to: Point } {
  const from = path[0];
  const to = path[path.length - 1];
  if (!to.shift) return { from, to };
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  const towards = (a: number, b: number) => a + (b < a ? -side : side);
  return { from, to: { x: towards(from.x, to.x), y: towards(from.y, to.y) } };
}
