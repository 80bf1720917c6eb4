/** Pixels of pictures, by way of a canvas: browsers offer no other. */
import type { Raster, Size } from '../../../infer/raster.ts';
import { say } from '../texts/say.ts';

/** What a person is told when something cannot be opened or done. */
export class Problem extends Error {}

/** Safari gives no larger canvas. */
export const mostPixels = 2 ** 24;
/** Pictures are read in strips of so many. */
const stripPixels = 2 ** 22;

export const rgbaOf = (data: Raster['data']) =>
  new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.length);

export function context({ width, height }: Size): OffscreenCanvasRenderingContext2D {
  const result = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!result) throw new Problem(say`The browser has no memory left for the picture.`);
  return result;
}

/** RGBA bytes of a picture that is brought to a size, by nearest neighbours, over a background or nothing. */
export function readPixels(
  picture: ImageBitmap,
  { width, height }: Size,
  background?: string,
): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(4 * width * height);
  const rows = Math.min(height, Math.max(1, Math.floor(stripPixels / width)));
  const strip = context({ width, height: rows });
  strip.imageSmoothingEnabled = false;
  for (let top = 0; top < height; top += rows) {
    strip.clearRect(0, 0, width, rows);
    if (background) {
      strip.fillStyle = background;
      strip.fillRect(0, 0, width, rows);
    }
    strip.drawImage(picture, 0, -top, width, height);
    const count = Math.min(rows, height - top);
    data.set(strip.getImageData(0, 0, width, count).data, 4 * top * width);
  }
  return data;
}

/** Whether a canvas gives back what was drawn on it: some browsers add noise, against the tracking of people. */
export function readsExactly(): boolean {
  const size = { width: 32, height: 32 };
  const drawn = new ImageData(size.width, size.height);
  for (let i = 0; i < drawn.data.length; i++) drawn.data[i] = i % 4 === 3 ? 255 : (i * 7) % 256;
  const canvas = context(size);
  canvas.putImageData(drawn, 0, 0);
  const read = canvas.getImageData(0, 0, size.width, size.height).data;
  return read.every((byte, i) => byte === drawn.data[i]);
}
