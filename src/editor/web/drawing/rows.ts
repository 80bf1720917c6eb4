/** Sets of pixels as the runs of each row: they are grown and filled without a look at every pixel. */

import type { Values } from './changes.ts';
import type { Rect } from './geometry.ts';

/** For each row the columns [left, right) of its runs: `[left, right, left, right, ...]`, sorted and apart. */
export type Rows = readonly (readonly number[])[];

interface Grid {
  readonly width: number;
  readonly height: number;
}

type Marked = Grid & { readonly data: Values };

/** The rows of the pixels that have a value, of a raster of 0 and 1. */
export function rowsOf(raster: Marked, value: 0 | 1): Rows {
  const { width, height } = raster;
  const whole = { left: 0, top: 0, right: width, bottom: height };
  return Array.from({ length: height }, (_, y) => rowOf(raster, value, y, whole));
}

/** One of these rows, inside a rectangle. */
export function rowOf(
  { width, data }: Marked,
  value: 0 | 1,
  y: number,
  { left, top, right, bottom }: Rect,
): readonly number[] {
  const row: number[] = [];
  if (y < top || y >= bottom) return row;
  for (let x = left, inside = false; x <= right; x++) {
    const now = x < right && data[y * width + x] === value;
    if (now !== inside) row.push(x);
    inside = now;
  }
  return row;
}

/** All pixels within `radius` of one of the set, px. */
export function grow(rows: Rows, width: number, radius: number): Rows {
  const rowAt = grown(rows, width, radius);
  return rows.map((_, y) => rowAt(y));
}

/** What gives one row of them at a time. */
export function grown(rows: Rows, width: number, radius: number): (y: number) => readonly number[] {
  const most = Math.floor(radius);
  const reaches = Array.from({ length: 2 * most + 1 }, (_, k) =>
    Math.floor(Math.sqrt(radius * radius - (k - most) ** 2)),
  );
  // How many runs begin at a column less how many end there: their sum tells where there is one.
  const changes = new Int32Array(width + 1);
  return (y) => {
    let [first, last] = [width, 0];
    for (let dy = -most; dy <= most; dy++) {
      const row = rows[y + dy] ?? [];
      for (let k = 0; k < row.length; k += 2) {
        const left = Math.max(0, row[k] - reaches[dy + most]);
        const right = Math.min(width, row[k + 1] + reaches[dy + most]);
        changes[left]++;
        changes[right]--;
        first = Math.min(first, left);
        last = Math.max(last, right);
      }
    }
    const joined: number[] = [];
    for (let x = first, depth = 0; x <= last; x++) {
      const before = depth;
      depth += changes[x];
      changes[x] = 0;
      if ((before === 0) !== (depth === 0)) joined.push(x);
    }
    return joined;
  };
}

/** Each pixel becomes `factor` x `factor`, inside a larger grid. */
export function enlarge(rows: Rows, factor: number, { width, height }: Grid): Rows {
  const wide = rows.map((row) => row.map((x) => Math.min(x * factor, width)));
  return Array.from({ length: height }, (_, y) => wide[Math.floor(y / factor)] ?? []);
}

/** What {@link flood} reaches. */
interface Flooded {
  readonly rows: Rows;
  readonly meetsBorder: boolean;
}

/** All pixels that are joined with a first one, side by side, and are no walls. @param walls 0 where there is none */
export function flood({ width, height }: Grid, first: number, walls: Uint8Array): Flooded {
  const reached = new Uint8Array(width * height);
  const isOpen = (index: number) => walls[index] === 0 && reached[index] === 0;
  const places = [first];
  let meetsBorder = false;
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (!isOpen(place)) continue;
    const y = Math.floor(place / width);
    const [rowStart, rowEnd] = [y * width, (y + 1) * width];
    let [left, right] = [place, place + 1];
    while (left > rowStart && isOpen(left - 1)) left--;
    while (right < rowEnd && isOpen(right)) right++;
    reached.fill(1, left, right);
    if (left === rowStart || right === rowEnd || y === 0 || y === height - 1) meetsBorder = true;
    for (const step of [-width, width]) {
      // Above the first row and below the last one there are no pixels, so nothing is open.
      for (let index = left + step; index < right + step; index++)
        if (isOpen(index) && (index === left + step || !isOpen(index - 1))) places.push(index);
    }
  }
  return { rows: rowsOf({ width, height, data: reached }, 1), meetsBorder };
}
