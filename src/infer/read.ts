/** Reads photos, masks, sketches and strokes of colour from image files of any kind. */
import sharp, { type Metadata, type Sharp } from 'sharp';
import { readAgain, readable, UnusableImage } from '../data/decode.ts';
import { CONVERT, isOfFormatNotRead, READ_FORMATS } from '../data/pictures.ts';
import { UserError } from '../runtime/errors.ts';
import { readBytes } from '../runtime/files.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
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
  return withContent(file, where, async (content) => {
    const metadata = await examine(content, where);
    const { space, icc, hasAlpha, depth } = metadata;
    const isRgb = space === 'srgb' || space === 'rgb' || space === 'rgb16';
    const upright = open(content, space !== 'cmyk');
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
  return withContent(file, where, async (content) => {
    const { format, hasAlpha, depth } = await examine(content, where);
    const isExact = format !== 'jpeg';
    if (depth === 'ushort' && !hasAlpha) {
      const labels = await readLabels(content);
      if (labels) return { grey: labels, isExact };
    }
    return maskOfPixels(await readRgba(file, where), isExact);
  });
}

/** The values of a picture of 16 bits, if all are small, as labels are. */
async function readLabels(content: Uint8Array): Promise<Raster | undefined> {
  const image = open(content, true).toColourspace('grey16').extractChannel(0).raw({ depth: 'ushort' });
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
  return withContent(file, where, async (content) => {
    const { hasAlpha } = await examine(content, where);
    if (!hasAlpha) throw opaqueStrokes(where);
    return bytes(open(content, false).toColourspace('srgb').ensureAlpha());
  });
}

/** RGBA bytes in sRGB. */
async function readRgba(file: PictureFile, where: string): Promise<Raster> {
  return withContent(file, where, async (content) => {
    await examine(content, where);
    return bytes(open(content, false).toColourspace('srgb').ensureAlpha());
  });
}

const nameOf = (file: PictureFile): string => (typeof file === 'string' ? file : 'the bytes of a picture');

const open = (content: Uint8Array, ignoreIcc: boolean): Sharp =>
  sharp(content, { failOn: 'error', limitInputPixels: MAXIMUM_PIXELS, ignoreIcc }).autoOrient();

async function bytes(image: Sharp): Promise<Raster> {
  const { data, info } = await readable(image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

async function examine(content: Uint8Array, where: string): Promise<Metadata> {
  if (content.length === 0) throw new UnusableImage('an empty file');
  const metadata = await readable(sharp(content, { limitInputPixels: false }).metadata());
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

/** Reads a file here rather than in its decoder, which takes a disk that fails for a format that it does not know. */
async function withContent<T>(
  file: PictureFile,
  where: string,
  read: (content: Uint8Array) => Promise<T>,
): Promise<T> {
  const content = typeof file === 'string' ? await contentOf(file, where) : file;
  return read(content).catch((error) => {
    if (!(error instanceof UnusableImage)) throw error;
    throw new UserError('A picture cannot be read.', {
      where,
      expected: `a ${READ_FORMATS} file`,
      got: error.message,
      fix: isOfFormatNotRead(where) ? CONVERT : undefined,
    });
  });
}

async function contentOf(path: string, where: string): Promise<Uint8Array> {
  try {
    return await readAgain(() => readBytes(path));
  } catch (error) {
    const refusal = explainSystemError(error);
    if (!refusal) throw error;
    const { got, fix } = refusal.details;
    throw new UserError('A picture cannot be read.', { where, ...(got && { got }), fix });
  }
}
