/** Reads photos, masks, sketches and strokes of colour from image files of any kind. */
import sharp, { type Metadata, type Sharp } from 'sharp';
import { readable, UnusableImage } from '../data/decode.ts';
import { CONVERT, isOfFormatNotRead, READ_FORMATS } from '../data/pictures.ts';
import { UserError } from '../runtime/errors.ts';
import { type MaskHole, type MaskPixels, maskOfPixels, type ReadHole, toHole } from './mask.ts';
import type { Raster } from './raster.ts';
import { opaqueStrokes, sketchOfPixels } from './sketch.ts';

/** A picture's path, or the bytes of its file. */
export type PictureFile = string | Uint8Array;

/** Larger pictures would need more memory than many machines have. */
export const MAXIMUM_PIXELS = 100_000_000;
/** A photo as its file has it, upright. */
export interface Photo {
  /** RGBA. */
  readonly raster: Raster;
  readonly hasAlpha: boolean;
  /** The colour profile of its RGB values; without one they are sRGB. */
  readonly profile?: Buffer | undefined;
  /** What of the file is not kept, in words. */
  readonly loss?: string | undefined;
}

/**
 * Reads a photo: upright by its EXIF orientation, its RGB values as they stand in the file, so that they can be
 * written back unchanged. Grey becomes RGB, CMYK sRGB, 16 bits become 8.
 *
 * @param where what errors call it. @throws UserError when the file is no picture, damaged or too large.
 */
export async function readPhoto(file: PictureFile, where = nameOf(file)): Promise<Photo> {
  return named(where, async () => {
    const metadata = await examine(file, where);
    const { space, icc, hasAlpha, depth } = metadata;
    const isRgb = space === 'srgb' || space === 'rgb' || space === 'rgb16';
    const upright = open(file, space !== 'cmyk');
    const raster = await bytes(upright.toColourspace('srgb').ensureAlpha());
    const loss =
      space === 'cmyk'
        ? 'its colours are CMYK; the results are sRGB'
        : depth === 'uchar'
          ? undefined
          : 'it has more than 8 bits a channel; the results have 8';
    return { raster, hasAlpha, profile: isRgb ? icc : undefined, loss };
  });
}

/** Reads a drawing of lines, see {@link sketchOfPixels}. @throws UserError as {@link readPhoto}. */
export async function readSketch(file: PictureFile, where = nameOf(file)): Promise<Raster> {
  return sketchOfPixels(await readRgba(file, where));
}

/** Reads a mask as a hole. @throws UserError as {@link readPhoto}, and when it looks like a photo. */
export async function readHole(file: PictureFile, holeIs: MaskHole, where = nameOf(file)): Promise<ReadHole> {
  return toHole(await readMask(file, where), holeIs, where);
}

async function readMask(file: PictureFile, where: string): Promise<MaskPixels> {
  return named(where, async () => {
    const { format, hasAlpha, depth } = await examine(file, where);
    const isExact = format !== 'jpeg';
    if (depth === 'ushort' && !hasAlpha) {
      const labels = await readLabels(file);
      if (labels) return { grey: labels, isExact };
    }
    return maskOfPixels(await readRgba(file, where), isExact);
  });
}

/** The values of a picture of 16 bits, if all are small, as labels are. */
async function readLabels(file: PictureFile): Promise<Raster | undefined> {
  const image = open(file, true).toColourspace('grey16').extractChannel(0).raw({ depth: 'ushort' });
  const { data, info } = await readable(image.toBuffer({ resolveWithObject: true }));
  const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  if (values.some((value) => value > 255)) return undefined;
  return { width: info.width, height: info.height, data: Uint8Array.from(values) };
}

/**
 * Reads strokes of colour, RGBA, see `Edit`; their colours as sRGB.
 *
 * @throws UserError as {@link readPhoto}, and when nothing of the file can be transparent.
 */
export async function readStrokes(file: PictureFile, where = nameOf(file)): Promise<Raster> {
  return named(where, async () => {
    const { hasAlpha } = await examine(file, where);
    if (!hasAlpha) throw opaqueStrokes(where);
    return bytes(open(file, false).toColourspace('srgb').ensureAlpha());
  });
}

/** RGBA bytes in sRGB. */
async function readRgba(file: PictureFile, where: string): Promise<Raster> {
  return named(where, async () => {
    await examine(file, where);
    return bytes(open(file, false).toColourspace('srgb').ensureAlpha());
  });
}

const nameOf = (file: PictureFile): string => (typeof file === 'string' ? file : 'the bytes of a picture');

const open = (file: PictureFile, ignoreIcc: boolean): Sharp =>
  sharp(file, { failOn: 'error', limitInputPixels: MAXIMUM_PIXELS, ignoreIcc }).autoOrient();

async function bytes(image: Sharp): Promise<Raster> {
  const { data, info } = await readable(image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

async function examine(file: PictureFile, where: string): Promise<Metadata> {
  const metadata = await readable(sharp(file, { limitInputPixels: false }).metadata());
  const { width, height, format } = metadata;
  if (!['jpeg', 'png', 'webp', 'heif', 'gif', 'tiff'].includes(format))
    throw new UnusableImage(`a file of the format ${format}`);
  if (width * height <= MAXIMUM_PIXELS) return metadata;
  throw new UserError('The picture is too large.', {
    where,
    expected: `at most ${MAXIMUM_PIXELS / 1e6} megapixels`,
    got: `${width} x ${height} px`,
    fix: 'scale it down first',
  });
}

async function named<T>(where: string, read: () => Promise<T>): Promise<T> {
  return read().catch((error) => {
    if (!(error instanceof UnusableImage)) throw error;
    throw new UserError('A picture cannot be read.', {
      where,
      expected: `a ${READ_FORMATS} file`,
      got: error.message,
      fix: isOfFormatNotRead(where) ? CONVERT : undefined,
    });
  });
}
