/** What a model lets one do. */
import type { Control } from '../../../core/vocabulary.ts';
import type { ModelDescription } from '../../wire.ts';
import type { LayerName } from '../drawing/changes.ts';

export type Need = Control | 'refinedSketch' | undefined;

/** What one draws each layer for. */
export const needOf: Record<LayerName, Need> = { hole: undefined, lines: 'sketch', colour: 'colour' };

/** Whether a model has what something of the page needs. */
export function takes({ controls, refinedSketch }: ModelDescription, need: Need): boolean {
  if (need === undefined) return true;
  return need === 'refinedSketch' ? refinedSketch : controls.includes(need);
}
