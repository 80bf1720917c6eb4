/** Moves the view. */
import { say } from '../texts/say.ts';
import type { Tool } from './tool.ts';

export const pan: Tool = {
  id: 'pan',
  name: say`Move the view`,
  label: say`Move`,
  icon: 'hand',
  help: say`Drag the photo. With every tool the space bar does so, too.`,
  cursor: 'hand',
  down: () => undefined,
};
