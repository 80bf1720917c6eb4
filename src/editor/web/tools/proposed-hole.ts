/** Lines that are drawn where there is no hole bring one along, to be corrected by hand. */
import type { Drawing } from '../drawing/drawing.ts';
import { convexHull, type Point } from '../drawing/geometry.ts';

/** Of the places along a line so many must lie in the hole, or else a hole is made. */
const enough = 0.5;

/**
 * Marks what a line goes around, and a margin.
 *
 * @param path of the line, px. @param margin how far the hole reaches beyond, px.
 */
export function proposeHole(drawing: Drawing, path: readonly Point[], margin: number): void {
  const { width, height, levels } = drawing.hole;
  const isHole = ({ x, y }: Point) =>
    x >= 0 &&
    y >= 0 &&
    x < width &&
    y < height &&
    levels[0].data[Math.floor(y) * width + Math.floor(x)] !== 0;
  const places = placesAlong(path);
  if (places.filter(isHole).length >= enough * places.length) return;
  const hull = convexHull(path);
  const stroke = drawing.stroke('hole', 1);
  stroke.area(hull);
  hull.forEach((corner, k) => {
    stroke.segment(corner, hull[(k + 1) % hull.length], margin);
  });
  stroke.end();
}

/** A place for every pixel of a path's length. */
function placesAlong(path: readonly Point[]): Point[] {
  return path.flatMap((to, k) => {
    const from = path[Math.max(0, k - 1)];
    const count = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y)));
    return Array.from({ length: count }, (_, i) => ({
      x: from.x + ((to.x - from.x) * (i + 1)) / count,
      y: from.y + ((to.y - from.y) * (i + 1)) / count,
    }));
  });
}
