/** S_gen, what the network makes of the drawn lines before it paints: as a picture over the drawing, and as lines of it. */
import { thin } from '../../../data/edges.ts';
import { reduceHole } from '../../../infer/network-input.ts';
import type { Raster, Region } from '../../../infer/raster.ts';
import { type Command, runsOf } from '../drawing/changes.ts';
import { linesInHole } from './edges.ts';

/** Unlike the colours that lines and the hole have by default, and seen on skin and hair. */
const ink = [255, 64, 160] as const;

/** S_gen [side, side] in [-1, 1], -1 = line, and what of the photo it shows. */
export interface RefinedSketch {
  readonly values: Float32Array;
  readonly side: number;
  readonly region: Region;
}

/** A picture of the region, side x side px: lines inside the hole, the rest see-through. */
export function pictureOf({ values, side, region }: RefinedSketch, hole: Raster): Promise<ImageBitmap> {
  const inHole = reduceHole(hole, region, side);
  const picture = new ImageData(side, side);
  for (let i = 0; i < values.length; i++) {
    if (inHole[i]) picture.data.set([...ink, 127.5 * (1 - values[i])], 4 * i);
  }
  return createImageBitmap(picture);
}

/** The drawing's lines with S_gen in their place inside the hole, as changes of an empty layer. */
export function linesOf(
  { values, side, region }: RefinedSketch,
  { hole, sketch }: { readonly hole: Raster; readonly sketch: Raster },
): Command {
  const dark = Uint8Array.from(values, (value) => Number(value < 0));
  const sketchOfLines = thin(dark, side, side).map((line) => (line ? 0 : 255));
  const { width, height } = hole;
  const isLine = new Uint8Array(width * height);
  for (let i = 0; i < isLine.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const inRegion =
      x >= region.x && x < region.x + region.size && y >= region.y && y < region.y + region.size;
    isLine[i] = Number(sketch.data[i] === 0 && !(hole.data[i] && inRegion));
  }
  const refined = linesInHole(sketchOfLines, side, region, hole);
  for (let k = 0; k < refined.length; k += 2) isLine.fill(1, refined[k], refined[k + 1]);
  return [{ layer: 'lines', runs: runsOf(isLine, (byte) => byte === 1), bits: 1 }];
}
