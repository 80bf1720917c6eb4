/** Reads one photo of any kind into RGB bytes of the run's size. */
import { setTimeout } from 'node:timers/promises';
import sharp, { type Sharp } from 'sharp';
import { readBytes, readRange } from '../runtime/files.ts';
import type { ImageFile, TarPart } from './types.ts';

/** A file whose content cannot be used; the message says why, in words for the list of problems. */
export class UnusableImage extends Error {}

/** A file that could not be read this time, which says nothing of its content: it may be usable later. */
export class UnreadableFile extends UnusableImage {}

/** Errors of disks and shares that are busy, asleep or out of reach for a moment. */
const PASSING = new Set(
  'EIO EINTR ESTALE ETIMEDOUT EBUSY EAGAIN EHOSTDOWN EHOSTUNREACH ENOTCONN EMFILE ENFILE ENOMEM'.split(' '),
);

/** Tries once more, after a second, what such an error ended. */
export async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!PASSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await setTimeout(1_000);
    return read();
  }
}

/** A square of an upright photo in its own pixels; it may reach over the photo's border. */
export interface CropSquare {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** RGB bytes [height, width, 3]. */
export interface RgbImage {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Finds what to cut from an upright photo; throws {@link UnusableImage} when there is nothing. */
export type CropFinder = (photo: RgbImage) => Promise<CropSquare>;

/** The bytes of an image. @throws UnreadableFile when the system refuses them. */
export async function imageInput({ path, part }: ImageFile): Promise<Buffer> {
  try {
    return await readAgain(() => (part ? readPart(path, part) : readBytes(path)));
  } catch (error) {
    throw new UnreadableFile(`cannot be read: ${(error as Error).message}`);
  }
}

async function readPart(path: string, { length, offset }: TarPart): Promise<Buffer> {
  // Of a file that was cut off a part is left, which is no image.
  return readRange(path, offset, length);
}

/**
 * A file as sharp reads it for us: upright by its EXIF orientation, colours in sRGB (ICC profiles applied; grey, CMYK
 * and 16 bit converted to three channels of 8), transparency over white. Warnings of a decoder are let pass, missing
 * or damaged data are not.
 */
function openPhoto(file: string | Buffer): Sharp {
  return sharp(file, { failOn: 'error' }).autoOrient().flatten({ background: 'white' }).toColourspace('srgb');
}

/**
 * A square photo [size, size, 3]: its central square or the one that `findCrop` gives, resized by an antialiasing
 * Lanczos filter. What a crop misses beyond the border is mirrored.
 *
 * @param file its path or its bytes. @param minimumSide the crop's least side in the file's pixels; smaller photos would only blur what is learnt.
 * @throws UnusableImage when the file is truncated, no image, too small, or has nothing to crop.
 */
export async function decodePhoto(
  file: string | Buffer,
  size: number,
  minimumSide: number,
  findCrop?: CropFinder,
): Promise<Buffer> {
  if (findCrop) return decodeCrop(await decodeRgb(file), size, minimumSide, findCrop);
  const { autoOrient } = await readable(sharp(file).metadata());
  requireSide(Math.min(autoOrient.width, autoOrient.height), minimumSide);
  return readable(openPhoto(file).resize(size, size, { fit: 'cover' }).raw({ depth: 'uchar' }).toBuffer());
}

/** A whole photo, upright. @throws UnusableImage as {@link decodePhoto}. */
export async function decodeRgb(file: string | Buffer): Promise<RgbImage> {
  const raw = openPhoto(file).raw({ depth: 'uchar' });
  const { data, info } = await readable(raw.toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

/** Resizes RGB bytes, antialiased. */
export async function resizeRgb(image: RgbImage, width: number, height: number): Promise<Buffer> {
  if (image.width === width && image.height === height) return image.data;
  return fromRgb(image).resize(width, height, { fit: 'fill' }).raw().toBuffer();
}

export function fromRgb({ data, width, height }: RgbImage): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function decodeCrop(
  photo: RgbImage,
  size: number,
  minimumSide: number,
  findCrop: CropFinder,
): Promise<Buffer> {
  const { left, top, side } = await findCrop(photo);
  requireSide(side, minimumSide);
  const missing = {
    left: Math.max(0, -left),
    top: Math.max(0, -top),
    right: Math.max(0, left + side - photo.width),
    bottom: Math.max(0, top + side - photo.height),
  };
  // Two passes, as sharp extends only after it has extracted.
  const extended = await fromRgb(photo)
    .extend({ ...missing, extendWith: 'mirror' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return fromRgb({ data: extended.data, width: extended.info.width, height: extended.info.height })
    .extract({ left: left + missing.left, top: top + missing.top, width: side, height: side })
    .resize(size, size, { fit: 'fill' })
    .raw()
    .toBuffer();
}

function requireSide(side: number, minimum: number): void {
  if (side < minimum) throw new UnusableImage(`too small: ${side} px a side, at least ${minimum} are needed`);
}

/** What is read or decoded. @throws UnusableImage with the first line of the error's message, which names the cause. */
export function readable<T>(result: Promise<T>): Promise<T> {
  return result.catch((error: Error) => {
    const reason = `cannot be decoded: ${error.message.split('\n')[0]}`;
    // That memory or open files run out is no fault of the image.
    throw /memory|too many open files/i.test(reason) ? new UnreadableFile(reason) : new UnusableImage(reason);
  });
}
