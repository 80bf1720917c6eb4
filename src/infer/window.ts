/** Which pixels of a raster lie under those of the network. */
import type { Region, Size } from './raster.ts';

/** The part of a raster that stands for a region of a photo, px of the raster, which may be fractions. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** @param raster of the photo's shape. */
export function windowOf(raster: Size, photo: Size, region: Region): Window {
  const [scaleX, scaleY] = [raster.width / photo.width, raster.height / photo.height];
  return {
    x: region.x * scaleX,
    y: region.y * scaleY,
    width: region.size * scaleX,
    height: region.size * scaleY,
  };
}

/**
 * First and last + 1 old pixel under each of `count` new ones, in whole or in part, in turns. The tolerance keeps rounding
 * from touching one more.
 */
export function spans(start: number, length: number, count: number): Int32Array {
  const result = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    result[2 * i] = Math.floor(start + (i * length) / count + 1e-6);
    result[2 * i + 1] = Math.ceil(start + ((i + 1) * length) / count - 1e-6);
  }
  return result;
}
