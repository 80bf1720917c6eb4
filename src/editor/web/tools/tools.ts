/** All tools, as they stand in the toolbar and in the row below the drawing. */
import { say } from '../texts/say.ts';
import { brush, eraser, straightLine } from './brush.ts';
import { ellipse } from './ellipse.ts';
import { facePart } from './face-part.ts';
import { fill } from './fill.ts';
import { lasso } from './lasso.ts';
import { pan } from './pan.ts';
import { pipette } from './pipette.ts';
import { polygon } from './polygon.ts';
import { rectangle } from './rectangle.ts';
import { selectLines } from './select-lines.ts';
import type { Tool, ToolGroup } from './tool.ts';

export const toolGroups: readonly ToolGroup[] = [
  {
    id: 'hole',
    label: say`Hole`,
    name: say`Hole: what changes`,
    icon: 'hole',
    key: 'H',
    tools: [
      brush('hole'),
      lasso('hole'),
      polygon('hole'),
      rectangle('hole'),
      ellipse('hole'),
      fill,
      facePart('hole'),
    ],
  },
  {
    id: 'lines',
    label: say`Line`,
    name: say`Line inside the hole`,
    icon: 'pencil',
    key: 'L',
    needs: 'sketch',
    tools: [brush('lines'), straightLine, selectLines],
  },
  {
    id: 'colour',
    label: say`Colour`,
    name: say`Colour inside the hole`,
    icon: 'brush',
    key: 'C',
    needs: 'colour',
    tools: [brush('colour'), pipette],
  },
  {
    id: 'eraser',
    label: say`Erase`,
    name: say`Erase what was drawn`,
    icon: 'eraser',
    key: 'E',
    tools: [
      eraser,
      lasso('eraser'),
      polygon('eraser'),
      rectangle('eraser'),
      ellipse('eraser'),
      facePart('eraser'),
    ],
  },
  { id: 'view', label: say`Move`, name: say`Move the view`, icon: 'hand', key: 'M', tools: [pan] },
];

/** @throws Error when there is no such tool. */
export function toolOf(id: string): Tool {
  const found = toolGroups.flatMap(({ tools }) => tools).find((tool) => tool.id === id);
  if (!found) throw new Error(`There is no tool ${id}.`);
  return found;
}

export const groupOf = (tool: Tool): ToolGroup | undefined =>
  toolGroups.find(({ tools }) => tools.includes(tool));
