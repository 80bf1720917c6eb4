/** Files to pixels and back, by the browser's own decoders. */
import type { Raster, Size } from '../../../infer/raster.ts';
import { type Command, collectValues } from '../drawing/changes.ts';
import { type Runs, runsOf } from '../drawing/runs.ts';
import { imageSize } from './image-size.ts';

/** What a person is told when something cannot be opened or done. */
export class Problem extends Error {}

const maxFileBytes = 100e6;
const maxPixels = 50e6;
const leastSide = 16;
/** Headers of cameras go before the size in a JPEG. */
const headerBytes = 1 << 20;
/** Copies for display end at this side, px. */
const smallestPicture = 512;
/** More than a person draws with. */
const maxColours = 4096;

/** @throws Problem when it is no image, or too large. */
async function decode(blob: Blob): Promise<ImageBitmap> {
  if (blob.size > maxFileBytes) {
    throw new Problem(
      `The file has ${Math.round(blob.size / 1e6)} MB; at most ${maxFileBytes / 1e6} MB can be opened.`,
    );
  }
  const size = imageSize(new Uint8Array(await blob.slice(0, headerBytes).arrayBuffer()));
  if (size) requireSize(size);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    throw new Problem('This is not an image that the browser can read. JPEG, PNG and WebP are.');
  }
  requireSize(bitmap);
  return bitmap;
}

function requireSize({ width, height }: Size): void {
  if (width * height > maxPixels) {
    throw new Problem(
      `The image has ${width} × ${height} pixels; at most ${maxPixels / 1e6} million can be edited. Make it smaller first.`,
    );
  }
  if (Math.min(width, height) < leastSide) {
    throw new Problem(`The image has ${width} × ${height} pixels; at least ${leastSide} a side are needed.`);
  }
}

export function context(size: Size): OffscreenCanvasRenderingContext2D {
  const result = new OffscreenCanvas(size.width, size.height).getContext('2d', { willReadFrequently: true });
  if (!result) throw new Problem('The browser has no memory left for the picture.');
  return result;
}

/** A photo as RGBA bytes, and pictures of it for display, the first of its own size. */
export async function decodePhoto(blob: Blob): Promise<{ photo: Raster; pictures: ImageBitmap[] }> {
  const bitmap = await decode(blob);
  const { width, height } = bitmap;
  const canvas = context(bitmap);
  canvas.drawImage(bitmap, 0, 0);
  const photo = { width, height, data: canvas.getImageData(0, 0, width, height).data };
  return { photo, pictures: await reductions(bitmap) };
}

/** A picture, and copies of half the size each for when it is seen from far away. */
export async function reductions(bitmap: ImageBitmap): Promise<ImageBitmap[]> {
  const pictures = [bitmap];
  for (let [w, h] = [bitmap.width, bitmap.height]; Math.max(w, h) > smallestPicture; ) {
    [w, h] = [Math.ceil(w / 2), Math.ceil(h / 2)];
    const size = { resizeWidth: w, resizeHeight: h, resizeQuality: 'medium' } as const;
    pictures.push(await createImageBitmap(pictures.at(-1)!, size));
  }
  return pictures;
}

/** The marks of a black and white image that is brought to `size`: where it is light, or where it is dark. */
export async function decodeMarks(blob: Blob, size: Size, marked: 'light' | 'dark'): Promise<Runs> {
  const data = await decodeAt(blob, size, marked === 'light' ? 'black' : 'white');
  const green = new Uint8Array(data.length / 4);
  for (let i = 0; i < green.length; i++) green[i] = data[4 * i + 1];
  return runsOf(green, marked === 'light' ? (byte) => byte >= 128 : (byte) => byte < 128);
}

/**
 * The strokes of an image that is brought to `size`, as changes of an empty drawing: where it is at least half opaque.
 *
 * @throws Problem also when it has more colours than any drawing.
 */
export async function decodeStrokes(blob: Blob, size: Size): Promise<Command> {
  const data = await decodeAt(blob, size);
  const words = new Uint32Array(data.buffer);
  for (let i = 0; i < words.length; i++)
    words[i] = data[4 * i + 3] >= 128 ? (words[i] | 0xff000000) >>> 0 : 0;
  const strokes = collectValues(words);
  if (strokes.size > maxColours) {
    throw new Problem(
      `The strokes have ${strokes.size} colours; at most ${maxColours} can be opened. Is it a photo?`,
    );
  }
  return strokes.finish('colour');
}

/** RGBA bytes of an image that is brought to `size`, by nearest neighbours, over a background or nothing. */
async function decodeAt(
  blob: Blob,
  { width, height }: Size,
  background?: string,
): Promise<Uint8ClampedArray<ArrayBuffer>> {
  const bitmap = await decode(blob);
  const canvas = context({ width, height });
  canvas.imageSmoothingEnabled = false;
  if (background) {
    canvas.fillStyle = background;
    canvas.fillRect(0, 0, width, height);
  }
  canvas.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas.getImageData(0, 0, width, height).data as Uint8ClampedArray<ArrayBuffer>;
}

export function encodePng({ width, height, data }: Raster): Promise<Blob> {
  const canvas = context({ width, height });
  const channels = data.length / (width * height);
  canvas.putImageData(new ImageData(channels === 4 ? rgbaOf(data) : greyToRgba(data), width, height), 0, 0);
  return canvas.canvas.convertToBlob({ type: 'image/png' });
}

export const rgbaOf = (data: Raster['data']) =>
  new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.length);

function greyToRgba(grey: Raster['data']): Uint8ClampedArray<ArrayBuffer> {
  const words = new Uint32Array(grey.length);
  for (let i = 0; i < grey.length; i++) words[i] = 0xff000000 + grey[i] * 0x010101;
  return new Uint8ClampedArray(words.buffer);
}
