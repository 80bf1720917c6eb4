/** Drags an ellipse, from corner to corner of the rectangle around it. */
import { say } from '../texts/say.ts';
import { type AreaTarget, areaTool, dragArea, draggedBox } from './area.ts';
import type { Tool } from './tool.ts';

/** Smooth also where it fills a large screen. */
const corners = 128;

export const ellipse = (target: AreaTarget): Tool => ({
  ...areaTool(target, 'ellipse'),
  name: target === 'hole' ? say`Ellipse` : say`Erase an ellipse`,
  label: say`Ellipse`,
  icon: 'ellipse',
  help: say`Drag from corner to corner. Shift makes a circle.`,
  down: (work, at) =>
    dragArea(work, target, at, (path) => {
      const { from, to } = draggedBox(path);
      return Array.from({ length: corners }, (_, k) => {
        const angle = (2 * Math.PI * k) / corners;
        return {
          x: (from.x + to.x) / 2 + ((to.x - from.x) / 2) * Math.cos(angle),
          y: (from.y + to.y) / 2 + ((to.y - from.y) / 2) * Math.sin(angle),
        };
      });
    }),
});
