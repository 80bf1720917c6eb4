/** Goes around what is meant corner by corner, with straight lines between. */
import type { Point } from '../drawing/geometry.ts';
import { say } from '../texts/say.ts';
import { type AreaTarget, areaTool, fillArea } from './area.ts';
import { done, type Tool, type Workspace } from './tool.ts';

/** A press so near the first or the last corner closes the polygon, px of the screen. */
const near = 12;

export function polygon(target: AreaTarget): Tool {
  let corners: Point[] = [];
  let erases = false;

  const drop = (work: Workspace) => {
    corners = [];
    work.outline(undefined);
  };
  const close = (work: Workspace) => {
    const outline = corners;
    drop(work);
    if (outline.length > 2) fillArea(work, target, outline, erases);
  };

  return {
    ...areaTool(target, 'polygon'),
    name: target === 'hole' ? say`Polygon` : say`Erase a polygon`,
    label: say`Polygon`,
    icon: 'polygon',
    help: say`Press at each corner, at the last one twice. Backspace takes a corner back.`,
    isClick: true,
    down(work, at) {
      const isAt = (corner: Point | undefined) =>
        corner !== undefined && Math.hypot(at.x - corner.x, at.y - corner.y) * work.scale < near;
      if (corners.length > 1 && (isAt(corners[0]) || isAt(corners.at(-1)))) {
        close(work);
        return done;
      }
      if (corners.length === 0) erases = at.erases;
      corners.push(at);
      const place = corners.length - 1;
      work.outline(corners);
      return {
        move(to) {
          corners[place] = to[to.length - 1];
          work.outline(corners);
        },
        up() {},
        cancel() {
          corners.length = place;
          work.outline(corners);
        },
      };
    },
    hover(work, at) {
      if (corners.length > 0) work.outline([...corners, at]);
    },
    press(work, key) {
      if (corners.length === 0) return false;
      if (key === 'Escape') drop(work);
      else if (key === 'Backspace') {
        corners.pop();
        work.outline(corners);
      } else return false;
      return true;
    },
    finish: close,
  };
}
