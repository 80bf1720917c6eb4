/** Moves the view. */
import type { Tool } from './tool.ts';

export const pan: Tool = {
  id: 'pan',
  label: 'Move',
  name: 'Move the view',
  icon: 'hand',
  help: 'Drag the photo. With every tool the space bar does so, too.',
  cursor: 'hand',
  down: () => undefined,
};
