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

/**
 * Reads a drawing of lines on paper or on nothing: one channel, the darkest of its colours, so that yellow pencil is as
 * dark as black. Light lines on nothing become dark ones on white.
 *
 * @throws UserError as {@link readPhoto}.
 */
export async function readSketch(path: string): Promise<Raster> {
  const { width, height, data } = await readRgba(path);
  const drawn = new Uint8Array(width * height);
  const covered = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < drawn.length; i++, from += 4) {
    const alpha = data[from + 3];
    const value = Math.min(data[from], data[from + 1], data[from + 2]);
    drawn[i] = Math.round(255 + ((value - 255) * alpha) / 255);
    covered[i] = 255 - alpha;
  }
  const isWhite = drawn.every((value) => value >= 250);
  return { width, height, data: isWhite && covered.some((value) => value > 0) ? covered : drawn };
}

/** A mask's pixels. */
export interface MaskPixels {
  /** One channel. */
  readonly grey: Raster;
  /** Undefined for a mask that is opaque everywhere. */
  readonly alpha?: Uint8Array | undefined;
  /** Whether each value is as it was drawn: of PNG, not of JPEG. */
  readonly isExact: boolean;
}

/** Reads a mask. @throws UserError as {@link readPhoto}. */
export async function readMask(path: string): Promise<MaskPixels> {
  return named(path, async () => {
    const { format, hasAlpha, depth } = await examine(path);
    const isExact = format !== 'jpeg';
    if (depth === 'ushort' && !hasAlpha) {
      const labels = await readLabels(path);
      if (labels) return { grey: labels, isExact };
    }
    const { width, height, data } = await readRgba(path);
    const grey = new Uint8Array(width * height);
    const alpha = new Uint8Array(width * height);
    for (let i = 0, from = 0; i < grey.length; i++, from += 4) {
      // The weights of ITU-R BT.601.
      grey[i] = Math.round(0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2]);
      alpha[i] = data[from + 3];
    }
    return { grey: { width, height, data: grey }, isExact, ...(hasAlpha && { alpha }) };
  });
}

/** The values of a picture of 16 bits, if all are small, as labels are. */
async function readLabels(path: string): Promise<Raster | undefined> {
  const image = open(path, true).toColourspace('grey16').extractChannel(0).raw({ depth: 'ushort' });
  const { data, info } = await readable(image.toBuffer({ resolveWithObject: true }));
  const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  if (values.some((value) => value > 255)) return undefined;
  return { width: info.width, height: info.height, data: Uint8Array.from(values) };
}

/** How often each value occurs in bytes, summed up. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly median: number;
  /** How many values occur. */
  readonly distinct: number;
  /** The share of bytes within the part of the range that was asked for. */
  readonly middle: number;
  /** The value below which that share of the bytes lies. */
  quantile(share: number): number;
}

/** @param middle a part of the range from the lowest to the highest value, as shares of it. */
export function histogramOf(
  data: Uint8Array | Uint8ClampedArray,
  middle: readonly [number, number] = [0, 1],
): Histogram {
  const counts = new Array<number>(256).fill(0);
  for (const value of data) counts[value]++;
  const low = counts.findIndex((count) => count > 0);
  const high = counts.findLastIndex((count) => count > 0);
  const [from, to] = middle.map((share) => low + share * (high - low));
  const within = counts
    .filter((_, value) => value > from && value < to)
    .reduce((sum, count) => sum + count, 0);
  const quantile = (share: number) => {
    let below = 0;
    for (let value = low; value < high; value++) {
      below += counts[value];
      if (below > share * data.length) return value;
    }
    return high;
  };
  const distinct = counts.filter((count) => count > 0).length;
  return { low, high, median: quantile(0.5), distinct, middle: within / data.length, quantile };
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

/** RGBA bytes in sRGB. */
async function readRgba(path: string): Promise<Raster> {
  return named(path, async () => {
    await examine(path);
    return bytes(open(path, false).toColourspace('srgb').ensureAlpha());
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
