/** Which part of a photo the network is shown. */
import { UserError } from '../runtime/errors.ts';
import type { Raster, Region, Size } from './raster.ts';

/**
 * The network sees this many times the hole's longer side, as far as the photo allows. Holes of training are a quarter
 * to three quarters of what is seen; more of the face around them than on average gave colours that fit better.
 */
export const CONTEXT = 3;
/** Where the photo's shorter side leaves less than that, at least so many times. */
export const LEAST_CONTEXT = 1.25;

/** The least rectangle that holds every hole pixel: `left` and `top` inside, `right` and `bottom` just outside. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * The bounds of a hole, of one channel; undefined when it has no pixel.
 *
 * @param within is known to hold all hole pixels. Of it only its borders are read, as far as there is no hole.
 */
export function holeBounds(
  { data, width, height }: Raster,
  within: Bounds = { left: 0, top: 0, right: width, bottom: height },
): Bounds | undefined {
  let { left, top, right, bottom } = within;
  const isRowEmpty = (y: number) => {
    for (let i = y * width + left; i < y * width + right; i++) if (data[i]) return false;
    return true;
  };
  const isColumnEmpty = (x: number) => {
    for (let i = top * width + x; i < bottom * width; i += width) if (data[i]) return false;
    return true;
  };
  while (top < bottom && isRowEmpty(top)) top++;
  if (top >= bottom || left >= right) return undefined;
  while (isRowEmpty(bottom - 1)) bottom--;
  while (isColumnEmpty(left)) left++;
  while (isColumnEmpty(right - 1)) right--;
  return { left, top, right, bottom };
}

/**
 * The square around a hole that the network is shown: at least three times as wide as the hole and no narrower than the
 * network's own resolution, so that nothing is enlarged without need, but inside the photo, unless the hole itself leaves
 * no room for that.
 *
 * @param hole see {@link Edit}, of the photo's size. @param resolution side of the network's input, px.
 * @throws UserError when there is no hole.
 */
export function regionOf(hole: Raster, resolution: number): Region {
  const bounds = holeBounds(hole);
  if (!bounds) throw noHole();
  return regionOfBounds(bounds, hole, resolution);
}

function regionOfBounds(
  { left, top, right, bottom }: Bounds,
  { width, height }: Size,
  resolution: number,
): Region {
  const longest = Math.max(right - left, bottom - top);
  const inside = Math.min(Math.max(CONTEXT * longest, resolution), width, height);
  const least = Math.min(Math.ceil(LEAST_CONTEXT * longest), Math.max(width, height));
  const size = Math.max(inside, least);
  return {
    x: place((left + right) / 2, size, width),
    y: place((top + bottom) / 2, size, height),
    size,
  };
}

/** Where a region begins that has `centre` in its middle, moved into the photo, or centred on it if too large. */
function place(centre: number, size: number, length: number): number {
  if (size > length) return Math.floor((length - size) / 2);
  return Math.min(Math.max(Math.round(centre - size / 2), 0), length - size);
}

/** Holes are looked for on a grid of so many cells a side. */
const CELLS = 512;
/** Parts of a hole are filled one by one where that shows the network so many times more of each. */
const GAIN = 2;
/** More parts than these are specks of a mask, and filled together. */
const MOST_PARTS = 16;

/**
 * The parts of a hole that are filled one by one: small ones far apart, of which the network would see next to nothing if it
 * were shown all at once. No part is in the surroundings that another one's filling is shown. Most holes are one part.
 *
 * @param hole see {@link Edit}. @param resolution side of the network's input, px.
 * @returns holes of the same size, the largest first; the hole itself where it is one part.
 */
export function holeParts(hole: Raster, resolution: number): Raster[] {
  const { width, height, data } = hole;
  const cell = Math.ceil(Math.max(width, height) / CELLS);
  const [columns, rows] = [Math.ceil(width / cell), Math.ceil(height / cell)];
  const marked = new Uint8Array(columns * rows);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(y / cell) * columns;
    for (let x = 0; x < width; x++, i++) if (data[i]) marked[row + Math.floor(x / cell)] = 1;
  }
  let parts = connected(marked, columns, rows);
  if (parts.length < 2) return [hole];
  const view = (cells: readonly number[]) => {
    const bounds = boundsOfCells(cells, columns, cell);
    return { bounds, region: regionOfBounds(bounds, hole, resolution) };
  };
  const whole = view(parts.flat()).region.size;
  // Each merge may make a region that reaches further parts.
  for (let again = true; again; ) {
    again = false;
    const merged: number[][] = [];
    for (const part of parts) {
      const { bounds, region } = view(part);
      const other = merged.find((cells) => {
        const seen = view(cells);
        return overlap(seen.region, bounds) || overlap(region, seen.bounds);
      });
      if (other) {
        other.push(...part);
        again = true;
      } else merged.push([...part]);
    }
    parts = merged;
  }
  const largest = Math.max(...parts.map((cells) => view(cells).region.size));
  if (parts.length < 2 || parts.length > MOST_PARTS || whole < GAIN * largest) return [hole];
  return parts
    .toSorted((a, b) => b.length - a.length)
    .map((cells) => {
      const own = new Set(cells);
      const inPart = (i: number) =>
        own.has(Math.floor(Math.floor(i / width) / cell) * columns + Math.floor((i % width) / cell));
      return { width, height, data: data.map((value, i) => (value !== 0 && inPart(i) ? value : 0)) };
    });
}

/** The marked cells of a grid in groups of those that touch, also by a corner. */
function connected(marked: Uint8Array, columns: number, rows: number): number[][] {
  const left = marked.slice();
  const groups: number[][] = [];
  for (let begin = 0; begin < left.length; begin++) {
    if (!left[begin]) continue;
    left[begin] = 0;
    const group = [begin];
    for (const at of group) {
      const [x, y] = [at % columns, Math.floor(at / columns)];
      for (let nextY = Math.max(0, y - 1); nextY <= Math.min(rows - 1, y + 1); nextY++) {
        for (let nextX = Math.max(0, x - 1); nextX <= Math.min(columns - 1, x + 1); nextX++) {
          const next = nextY * columns + nextX;
          if (!left[next]) continue;
          left[next] = 0;
          group.push(next);
        }
      }
    }
    groups.push(group);
  }
  return groups;
}

function boundsOfCells(cells: readonly number[], columns: number, cell: number): Bounds {
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (const at of cells) {
    const [x, y] = [(at % columns) * cell, Math.floor(at / columns) * cell];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x + cell), Math.max(bottom, y + cell)];
  }
  return { left, top, right, bottom };
}

const overlap = ({ x, y, size }: Region, { left, top, right, bottom }: Bounds): boolean =>
  left < x + size && right > x && top < y + size && bottom > y;

/**
 * What the network is shown. `hole`: the surroundings of the hole. `face`: the face as training frames faces (CelebA-HQ's
 * crop), and the hole. `whole`: as much of the photo as a square can hold.
 */
export type RegionChoice = 'hole' | 'face' | 'whole';

/**
 * The region that the user has chosen.
 *
 * @param hole of one channel, of the photo's size. @param resolution side of the network's input, px.
 * @param face the square of the photo's face; without it `face` is as `hole`. @throws UserError when there is no hole.
 */
export function chooseRegion(choice: RegionChoice, hole: Raster, resolution: number, face?: Region): Region {
  return regionFor(choice, holeBounds(hole), hole, resolution, face);
}

/** As {@link chooseRegion}, for a hole whose bounds are known; undefined: there is none. */
export function regionFor(
  choice: RegionChoice,
  bounds: Bounds | undefined,
  photo: Size,
  resolution: number,
  face?: Region,
): Region {
  if (!bounds) throw noHole();
  if (choice === 'whole') return regionOfBounds(bounds, photo, Number.POSITIVE_INFINITY);
  return choice === 'face' && face ? regionWith(face, bounds) : regionOfBounds(bounds, photo, resolution);
}

/** The region itself, or the least square that holds it and the bounds, centred on both. */
export function regionWith({ x, y, size }: Region, { left, top, right, bottom }: Bounds): Region {
  const [x0, y0] = [Math.min(x, left), Math.min(y, top)];
  const [x1, y1] = [Math.max(x + size, right), Math.max(y + size, bottom)];
  const side = Math.max(x1 - x0, y1 - y0);
  return {
    x: Math.floor((x0 + x1 - side) / 2),
    y: Math.floor((y0 + y1 - side) / 2),
    size: side,
  };
}

const noHole = () =>
  new UserError('The mask has no hole, so there is nothing to fill.', {
    expected: 'a mask that is white where the picture is to change, black elsewhere',
    got: 'a mask without a white pixel',
    fix: 'paint what is to change; a mask with a black hole needs --mask-hole black (in code maskHole: "black")',
  });
