/** What a network is given of an edit: the region around the hole at the network's resolution. */
import { reduceHole, thinLines } from './lines.ts';
import type { Edit, Raster, Region } from './raster.ts';
import { type RowSource, scaleRows } from './resample.ts';
import { reduceStrokes } from './strokes.ts';

/** Row by row at r x r px. */
export interface NetworkInput {
  /** [r,r,3] in [-1, 1]. */
  readonly image: Float32Array;
  /** [r,r,1], 1 = hole, 0 = known. */
  readonly hole: Float32Array;
  /** [r,r,1], -1 = line, +1 = paper; lines one pixel wide. */
  readonly sketch: Float32Array;
  /** Strokes of colour [r,r,4], where they are given: RGB in [-1, 1], and 1 = stroke, 0 = none. */
  readonly colour?: Float32Array | undefined;
}

/** The region of an edit as a network of that resolution takes it. What is transparent is shown over white. */
export function networkInput(edit: Edit, region: Region, resolution: number): NetworkInput {
  const lines = thinLines(edit.sketch, edit.photo, region, resolution);
  return {
    image: scalePhoto(edit.photo, region, resolution),
    hole: Float32Array.from(reduceHole(edit.hole, region, resolution)),
    sketch: Float32Array.from(lines, (line) => 1 - 2 * line),
    colour: edit.strokes && reduceStrokes(edit.strokes, edit.photo, region, resolution),
  };
}

/** A region of an RGBA photo as floats [r,r,3] in [-1, 1]. */
export function scalePhoto(photo: Raster, region: Region, resolution: number): Float32Array {
  const image = new Float32Array(resolution * resolution * 3);
  scaleRows(overWhite(photo), region, resolution, (row, y) => {
    const start = y * resolution * 3;
    for (let i = 0; i < row.length; i++)
      image[start + i] = (Math.min(255, Math.max(0, row[i])) / 255 - 0.5) / 0.5;
  });
  return image;
}

function overWhite({ data, width, height }: Raster): RowSource {
  return {
    width,
    height,
    channels: 3,
    read(y, row) {
      for (let x = 0, i = y * width * 4, o = 0; x < width; x++, i += 4) {
        const alpha = data[i + 3];
        for (let c = 0; c < 3; c++, o++) {
          const value = data[i + c];
          row[o] = alpha === 255 ? value : 255 + ((value - 255) * alpha) / 255;
        }
      }
    },
  };
}
