/** Goes around what is meant, by hand. */
import { type AreaTarget, areaTool, dragArea } from './area.ts';
import type { Tool } from './tool.ts';

export const lasso = (target: AreaTarget): Tool => ({
  ...areaTool(target, 'lasso'),
  name: target === 'hole' ? 'Lasso' : 'Erase with the lasso',
  label: 'Lasso',
  icon: 'lasso',
  help: target === 'hole' ? 'Draw around what should change.' : 'Draw around what should go.',
  down: (work, at) => dragArea(work, target, at, (path) => path),
});
