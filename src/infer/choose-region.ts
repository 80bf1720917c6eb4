/** The region that the network is shown, chosen as the user wants it. */

import type { CropFinder } from '../data/decode.ts';
import { UnusableImage } from '../data/decode.ts';
import type { Raster, Region } from './raster.ts';
import { type Bounds, holeBounds, regionOf } from './region.ts';

/**
 * `hole`: the surroundings of the hole. `face`: the face as training frames faces (CelebA-HQ's crop), and the hole.
 * `whole`: as much of the photo as a square can hold.
 */
export type RegionChoice = 'hole' | 'face' | 'whole';

export interface ChosenRegion {
  readonly region: Region;
  readonly warnings: readonly string[];
}

/**
 * @param photo RGBA. @param resolution side of the network's input, px. @param findFace needed for `face`; without a
 *   face in the photo that is as `hole`, with a warning.
 */
export async function chooseRegion(
  choice: RegionChoice,
  photo: Raster,
  hole: Raster,
  resolution: number,
  findFace?: CropFinder,
): Promise<ChosenRegion> {
  if (choice === 'whole') return { region: regionOf(hole, Number.POSITIVE_INFINITY), warnings: [] };
  const aroundHole = regionOf(hole, resolution);
  if (choice === 'hole' || !findFace) return { region: aroundHole, warnings: [] };
  try {
    const { left, top, side } = await findFace(withoutAlpha(photo));
    return { region: containing({ x: left, y: top, size: side }, holeBounds(hole)!), warnings: [] };
  } catch (error) {
    if (!(error instanceof UnusableImage)) throw error;
    return { region: aroundHole, warnings: [`${error.message}; the surroundings of the hole are taken`] };
  }
}

/** The region itself, or the least square that holds it and the bounds, centred on both. */
function containing({ x, y, size }: Region, { left, top, right, bottom }: Bounds): Region {
  const [x0, y0] = [Math.min(x, left), Math.min(y, top)];
  const [x1, y1] = [Math.max(x + size, right), Math.max(y + size, bottom)];
  const side = Math.max(x1 - x0, y1 - y0);
  return {
    x: Math.floor((x0 + x1 - side) / 2),
    y: Math.floor((y0 + y1 - side) / 2),
    size: side,
  };
}

function withoutAlpha({ data, width, height }: Raster) {
  const rgb = Buffer.alloc(width * height * 3);
  for (let i = 0, o = 0; o < rgb.length; i += 4, o += 3) {
    rgb[o] = data[i]!;
    rgb[o + 1] = data[i + 1]!;
    rgb[o + 2] = data[i + 2]!;
  }
  return { data: rgb, width, height };
}
