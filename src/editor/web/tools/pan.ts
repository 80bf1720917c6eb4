/** Moves the view. */
import type { Tool } from './tool.ts';

export const pan: Tool = {
  id: 'pan',
  name: 'Move the view',
  label: 'Move',
  icon: 'hand',
  help: 'Drag the photo. With every tool the space bar does so, too.',
  cursor: 'hand',
  down: () => undefined,
};
