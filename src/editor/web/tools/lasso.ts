/** Goes around what is meant, by hand. */
import { say } from '../texts/say.ts';
import { type AreaTarget, areaTool, dragArea } from './area.ts';
import type { Tool } from './tool.ts';

export const lasso = (target: AreaTarget): Tool => ({
  ...areaTool(target, 'lasso'),
  name: target === 'hole' ? say`Lasso` : say`Erase with the lasso`,
  label: say`Lasso`,
  icon: 'lasso',
  help: target === 'hole' ? say`Draw around what should change.` : say`Draw around what should go.`,
  down: (work, at) => dragArea(work, target, at, (path) => path),
});
