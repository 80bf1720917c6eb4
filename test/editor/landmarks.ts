import type { Point } from '../../src/editor/web/drawing/geometry.ts';

/** Landmarks of a face that looks straight ahead, its brows at y = 100 and its chin at y = 300. */
export function upright(): Point[] {
  const line = (from: Point, to: Point, count: number) =>
    Array.from({ length: count }, (_, k) => ({
      x: from.x + ((to.x - from.x) * k) / (count - 1),
      y: from.y + ((to.y - from.y) * k) / (count - 1),
    }));
  const ring = (x: number, y: number, width: number, height: number, count: number) =>
    Array.from({ length: count }, (_, k) => {
      const angle = Math.PI + (2 * Math.PI * k) / count;
      return { x: x + width * Math.cos(angle), y: y + height * Math.sin(angle) };
    });
  const jaw = Array.from({ length: 17 }, (_, k) => {
    const angle = Math.PI * (1 - k / 16);
    return { x: 200 + 90 * Math.cos(angle), y: 130 + 170 * Math.sin(angle) };
  });
  return [
    ...jaw,
    ...line({ x: 130, y: 100 }, { x: 180, y: 100 }, 5),
    ...line({ x: 220, y: 100 }, { x: 270, y: 100 }, 5),
    ...line({ x: 200, y: 120 }, { x: 200, y: 180 }, 4),
    ...line({ x: 180, y: 200 }, { x: 220, y: 200 }, 5),
    ...ring(155, 125, 20, 8, 6),
    ...ring(245, 125, 20, 8, 6),
    ...ring(200, 240, 35, 14, 12),
    ...ring(200, 240, 30, 5, 8),
  ];
}
