/** Brings what belongs to a photo to its size, and checks that it makes sense. */
import { UserError } from '../runtime/errors.ts';
import type { Raster, Size } from './raster.ts';

/** Shapes count as equal when one, at the other's width, differs in height by no more than this share. */
const SHAPE_TOLERANCE = 0.02;

/** Throws a UserError unless a mask or sketch (`what`) in a file is a photo's size or at least its shape. */
export function requireShape(what: string, where: string, part: Size, photo: Size): void {
  const difference = (part.width * photo.height) / (part.height * photo.width) - 1;
  // At a small size rounding to whole pixels alone can make more of a difference.
  const onePixel = 1 / Math.min(part.width, part.height);
  if (Math.abs(difference) <= Math.max(SHAPE_TOLERANCE, onePixel)) return;
  const turned = Math.abs((part.width * photo.width) / (part.height * photo.height) - 1) <= SHAPE_TOLERANCE;
  throw new UserError(`The ${what} is not of its photo’s shape.`, {
    where,
    expected: `${photo.width} x ${photo.height} px as the photo, or another size of that shape`,
    got: `${part.width} x ${part.height} px`,
    fix: turned
      ? `turn the ${what} by 90 degrees: photos are taken upright, as their EXIF orientation says`
      : undefined,
  });
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

/** The share of a one-channel raster for which `is` holds. */
export function share({ data }: Raster, is: (value: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (is(data[i])) count++;
  return count / data.length;
}
