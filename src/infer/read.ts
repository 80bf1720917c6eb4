/** Reads photos, sketches and strokes of colour from image files of any kind. */
import sharp, { type Metadata, type Sharp } from 'sharp';
import { readable, UnusableImage } from '../data/decode.ts';
import { CONVERT, isOfFormatNotRead, READ_FORMATS } from '../data/pictures.ts';
import { UserError } from '../runtime/errors.ts';
import type { Raster } from './raster.ts';

/** Larger pictures would need more memory than many machines have. */
const MAXIMUM_PIXELS = 100_000_000;
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
 * @throws UserError when the file is no picture, damaged or too large.
 */
export async function readPhoto(path: string): Promise<Photo> {
  return named(path, async () => {
    const metadata = await examine(path);
    const { space, icc, hasAlpha, depth } = metadata;
    const isRgb = space === 'srgb' || space === 'rgb' || space === 'rgb16';
    const upright = open(path, space !== 'cmyk');
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

/** Reads a drawing of dark lines on white or on nothing: one channel, see `Edit`. @throws UserError as {@link readPhoto}. */
export async function readSketch(path: string): Promise<Raster> {
  return readGrey(path, 'white');
}

/**
 * Reads strokes of colour, RGBA, see `Edit`; their colours as sRGB.
 *
 * @throws UserError as {@link readPhoto}, and when nothing of the file can be transparent.
 */
export async function readStrokes(path: string): Promise<Raster> {
  return named(path, async () => {
    const { hasAlpha } = await examine(path);
    if (!hasAlpha) {
      throw new UserError('The picture of colour strokes has no alpha channel.', {
        where: path,
        expected: 'strokes on nothing: transparent wherever there is no stroke, as PNG and WebP can be',
        got: 'a picture that is opaque everywhere',
        fix: 'draw the strokes on an empty layer, and export that layer alone',
      });
    }
    return bytes(open(path, false).toColourspace('srgb').ensureAlpha());
  });
}

/**
 * The brightness of a picture [height, width, 1], what is transparent shown over `background`.
 *
 * @throws UserError as {@link readPhoto}.
 */
export async function readGrey(path: string, background: 'white' | 'black'): Promise<Raster> {
  return named(path, async () => {
    await examine(path);
    return bytes(open(path, false).flatten({ background }).greyscale().toColourspace('b-w'));
  });
}

const open = (path: string, ignoreIcc: boolean): Sharp =>
  sharp(path, { failOn: 'error', limitInputPixels: MAXIMUM_PIXELS, ignoreIcc }).autoOrient();

async function bytes(image: Sharp): Promise<Raster> {
  const { data, info } = await readable(image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

async function examine(path: string): Promise<Metadata> {
  const metadata = await readable(sharp(path, { limitInputPixels: false }).metadata());
  const { width, height, format } = metadata;
  if (!['jpeg', 'png', 'webp', 'heif', 'gif', 'tiff'].includes(format))
    throw new UnusableImage(`a file of the format ${format}`);
  if (width * height <= MAXIMUM_PIXELS) return metadata;
  throw new UserError('The picture is too large.', {
    where: path,
    expected: `at most ${MAXIMUM_PIXELS / 1e6} megapixels`,
    got: `${width} x ${height} px`,
    fix: 'scale it down first',
  });
}

async function named<T>(path: string, read: () => Promise<T>): Promise<T> {
  return read().catch((error) => {
    if (!(error instanceof UnusableImage)) throw error;
    throw new UserError('A picture cannot be read.', {
      where: path,
      expected: `a ${READ_FORMATS} file`,
      got: error.message,
      fix: isOfFormatNotRead(path) ? CONVERT : undefined,
    });
  });
}
