/** Drags a rectangle from corner to corner. */
import { say } from '../texts/say.ts';
import { type AreaTarget, areaTool, dragArea, draggedBox } from './area.ts';
import type { Tool } from './tool.ts';

export const rectangle = (target: AreaTarget): Tool => ({
  ...areaTool(target, 'rectangle'),
  name: target === 'hole' ? say`Rectangle` : say`Erase a rectangle`,
  label: say`Rectangle`,
  icon: 'rectangle',
  help: say`Drag from corner to corner. Shift makes a square.`,
  down: (work, at) =>
    dragArea(work, target, at, (path) => {
      const { from, to } = draggedBox(path);
      return [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }];
    }),
});
