import type { Raster } from '../../src/infer/raster.ts';

/** An RGBA raster whose pixel at (x, y) is what `colour` gives. */
export function rgba(width: number, height: number, colour: (x: number, y: number) => number[]): Raster {
  return paint(width, height, 4, colour);
}

/** A raster of one channel. */
export function grey(width: number, height: number, value: (x: number, y: number) => number): Raster {
  return paint(width, height, 1, (x, y) => [value(x, y)]);
}

function paint(
  width: number,
  height: number,
  channels: number,
  colour: (x: number, y: number) => number[],
): Raster {
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * channels);
  return { width, height, data };
}

/** A hole or a drawing of one rectangle, `right` and `bottom` just outside; `inside` and `outside` are its values. */
export function rectangle(
  [width, height]: readonly [number, number],
  [left, top, right, bottom]: readonly [number, number, number, number],
  [inside, outside]: readonly [number, number] = [255, 0],
): Raster {
  return grey(width, height, (x, y) => (x >= left && x < right && y >= top && y < bottom ? inside : outside));
}

/** A photo in which no two neighbours are alike. */
export const busyPhoto = (width: number, height: number): Raster =>
  rgba(width, height, (x, y) => [(x * 37 + y * 11) % 256, (x * 5 + y * 59) % 256, (x * y) % 256, 255]);
