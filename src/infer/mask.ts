/**
 * Masks: which pixels of a photo are the hole. Masks come in both polarities, a white hole in black and a black hole in
 * white (as in Photoshop, where black hides): the user says which it is, and a warning or an error tells of a mask that
 * looks like the other.
 */
import { UserError } from '../runtime/errors.ts';
import type { Raster, Size } from './raster.ts';
import { readGrey } from './read.ts';

/** The colour that the hole has in a mask. */
export type MaskHole = 'white' | 'black';

/** Mask values from here on are white. */
const WHITE_FROM = 128;
/** A hole of a larger share of the photo is probably a mask of the other polarity. */
const LARGE_HOLE = 0.5;

/**
 * Reads a mask as a hole of one channel, see `Edit`. What is transparent in the mask is no hole.
 *
 * @throws UserError when the file is no picture, damaged or too large.
 */
export async function readHole(path: string, holeIs: MaskHole): Promise<Raster> {
  return toHole(await readGrey(path, otherThan(holeIs)), holeIs);
}

/** The grey values of a mask as a hole: 255 = hole, 0 = known. */
export function toHole({ width, height, data }: Raster, holeIs: MaskHole): Raster {
  const hole = new Uint8Array(data.length);
  for (let i = 0; i < hole.length; i++) {
    const isWhite = data[i] >= WHITE_FROM;
    hole[i] = isWhite === (holeIs === 'white') ? 255 : 0;
  }
  return { width, height, data: hole };
}

/** A hole at a photo's size, scaled by nearest neighbours. */
export function fitHole(hole: Raster, { width, height }: Size): Raster {
  if (hole.width === width && hole.height === height) return hole;
  const data = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * hole.height) / height) * hole.width;
    for (let x = 0; x < width; x++, i++)
      data[i] = hole.data[row + Math.floor(((x + 0.5) * hole.width) / width)];
  }
  return { width, height, data };
}

/**
 * Checks a hole that was read with that polarity.
 *
 * @param where the mask's file. @returns a warning when the hole is so large that the polarity is probably the other.
 * @throws UserError when the hole is empty or everything.
 */
export function checkHole(hole: Raster, where: string, holeIs: MaskHole): string | undefined {
  const part = share(hole, (value) => value !== 0);
  const other = otherThan(holeIs);
  if (part === 0 || part === 1) {
    throw new UserError(part === 0 ? 'The mask has no hole.' : 'The mask is all hole.', {
      where,
      expected: `${holeIs} where the photo is to change, ${other} elsewhere`,
      got: part === 0 ? `no ${holeIs} pixel` : `no ${other} pixel`,
      fix: `paint what is to change in ${holeIs}; if ${other} is what changes, give --mask-hole ${other}`,
    });
  }
  if (part <= LARGE_HOLE) return undefined;
  return `the hole is ${Math.round(100 * part)} % of the photo; if ${other} is what is to change, give --mask-hole ${other}`;
}

/** The share of a one-channel raster for which `is` holds. */
export function share({ data }: Raster, is: (value: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (is(data[i])) count++;
  return count / data.length;
}

const otherThan = (holeIs: MaskHole): MaskHole => (holeIs === 'white' ? 'black' : 'white');
