/** The region that the network is shown, chosen as the user wants it. */

import type { CropFinder } from '../data/decode.ts';
import { UnusableImage } from '../data/decode.ts';
import type { Raster, Region } from './raster.ts';
import { chooseRegion, type RegionChoice } from './region.ts';

export interface ChosenRegion {
  readonly region: Region;
  readonly warnings: readonly string[];
}

/**
 * @param photo RGBA. @param resolution side of the network's input, px. @param findFace needed for `face`; without a
 *   face in the photo that is as `hole`, with a warning.
 */
export async function regionForPhoto(
  choice: RegionChoice,
  photo: Raster,
  hole: Raster,
  resolution: number,
  findFace?: CropFinder,
): Promise<ChosenRegion> {
  if (choice !== 'face' || !findFace) return { region: chooseRegion(choice, hole, resolution), warnings: [] };
  try {
    const { left, top, side } = await findFace(withoutAlpha(photo));
    return { region: chooseRegion(choice, hole, resolution, { x: left, y: top, size: side }), warnings: [] };
  } catch (error) {
    if (!(error instanceof UnusableImage)) throw error;
    return {
      region: chooseRegion('hole', hole, resolution),
      warnings: [`${error.message}; the surroundings of the hole are taken`],
    };
  }
}

function withoutAlpha({ data, width, height }: Raster) {
  const rgb = Buffer.alloc(width * height * 3);
  for (let i = 0, o = 0; o < rgb.length; i += 4, o += 3) {
    rgb[o] = data[i];
    rgb[o + 1] = data[i + 1];
    rgb[o + 2] = data[i + 2];
  }
  return { data: rgb, width, height };
}
