/** The brushes' sizes: diameters in px of the photo, set on a scale on which equal steps are equal factors. */
import type { Size } from '../../../infer/raster.ts';
import type { LayerName } from '../drawing/changes.ts';
import { Signal } from './signal.ts';

export const sizeSteps = 100;

export class BrushSizes {
  readonly hole = new Signal(40);
  readonly lines = new Signal(3);
  readonly colour = new Signal(8);
  #largest = 512;

  /** Sizes that suit a photo. */
  suit({ width, height }: Size): void {
    const side = Math.min(width, height);
    this.#largest = Math.max(16, side / 2);
    this.hole.value = Math.max(6, Math.round(side / 10));
    this.lines.value = Math.max(1, Math.round(side / 160));
    // As wide as the strokes of training.
    this.colour.value = Math.max(2, Math.round(side / 32));
  }

  /** Position on the scale, 0 to {@link sizeSteps}. */
  step(layer: LayerName): number {
    return Math.round((Math.log(this[layer].value) / Math.log(this.#largest)) * sizeSteps);
  }

  setStep(layer: LayerName, step: number): void {
    const share = Math.min(Math.max(step, 0), sizeSteps) / sizeSteps;
    const size = this.#largest ** share;
    this[layer].value = size < 10 ? Math.round(size * 2) / 2 : Math.round(size);
  }

  /** The next larger or smaller size that differs. */
  change(layer: LayerName, direction: 1 | -1): void {
    const before = this[layer].value;
    for (let step = this.step(layer) + direction; step >= 0 && step <= sizeSteps; step += direction) {
      this.setStep(layer, step);
      if (Math.abs(Math.log(this[layer].value / before)) >= 0.1) return;
    }
  }
}
