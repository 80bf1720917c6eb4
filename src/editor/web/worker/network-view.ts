/** What the network is given of an edit, kept: of a large photo only what has changed is read again. */
import {
  type NetworkInput,
  reduceHole,
  reduceStrokes,
  scalePhoto,
  thinTouched,
  touchedByLines,
} from '../../../infer/network-input.ts';
import type { Edit, Region } from '../../../infer/raster.ts';
import type { LayerName } from '../drawing/changes.ts';
import { joinRects, noRect, type Rect } from '../drawing/geometry.ts';

interface Reduced {
  readonly region: Region;
  readonly image: Float32Array;
  readonly hole: Uint8Array;
  /** At the size at which lines are thinned. */
  readonly lines: Uint8Array;
  readonly strokes: Float32Array | undefined;
}

export class NetworkView {
  readonly #edit: Edit;
  readonly #resolution: number;
  #reduced: Reduced | undefined;
  /** Where layers have changed since they were read. */
  readonly #changed: Record<LayerName, Rect> = { hole: noRect, lines: noRect, colour: noRect };

  /** @param edit whose pixels may change, if that is told. */
  constructor(edit: Edit, resolution: number) {
    this.#edit = edit;
    this.#resolution = resolution;
  }

  /** Tells that pixels of a layer have changed. */
  change(layer: LayerName, rect: Rect): void {
    this.#changed[layer] = joinRects(this.#changed[layer], rect);
  }

  /** As `networkInput` gives it, and its own to keep. */
  at(region: Region): NetworkInput {
    const { photo, hole, sketch, strokes } = this.#edit;
    const r = this.#resolution;
    const { x, y, size } = this.#reduced?.region ?? {};
    const before = x === region.x && y === region.y && size === region.size ? this.#reduced : undefined;
    const known = <T>(reduced: T | undefined, layer: LayerName) =>
      reduced && { reduced, changed: this.#changed[layer] };
    const reduced: Reduced = {
      region,
      image: before?.image ?? scalePhoto(photo, region, r),
      hole: reduceHole(hole, region, r, known(before?.hole, 'hole')),
      lines: touchedByLines(sketch, photo, region, r, known(before?.lines, 'lines')),
      strokes: strokes && reduceStrokes(strokes, photo, region, r, known(before?.strokes, 'colour')),
    };
    this.#reduced = reduced;
    for (const layer of ['hole', 'lines', 'colour'] as const) this.#changed[layer] = noRect;
    const lines = thinTouched(reduced.lines, sketch, photo, region, r);
    return {
      image: reduced.image,
      hole: Float32Array.from(reduced.hole),
      sketch: Float32Array.from(lines, (line) => 1 - 2 * line),
      colour: reduced.strokes?.slice(),
    };
  }
}
