/**
 * The images of inference as plain bytes. The modules `raster`, `region`, `resample`, `network-input` and `blend` need
 * neither Node nor TensorFlow: the editor's page runs the same code, so that its pixels are the same.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Bytes [height, width, channels], row by row. */
export interface Raster extends Size {
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * A photo with a hole and the drawing of what shall be there. `photo`: RGBA, as ImageData has it. `hole`: one channel
 * of the photo's size, 0 = known, all else = hole. `sketch`: one channel, 0 = line and 255 = paper, of the photo's
 * size or any other of its shape. `strokes`, of such a size too: RGBA, half transparent or more where there is no stroke of
 * colour; none by default.
 */
export interface Edit {
  readonly photo: Raster;
  readonly hole: Raster;
  readonly sketch: Raster;
  readonly strokes?: Raster | undefined;
}

/** A square of a photo, whole px of the photo; where the photo is too narrow it reaches over the border. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** What lies beyond a border is the mirror image of what lies before it, the border pixels repeated. */
export function mirrored(i: number, length: number): number {
  const period = 2 * length;
  const p = ((i % period) + period) % period;
  return p < length ? p : period - 1 - p;
}
