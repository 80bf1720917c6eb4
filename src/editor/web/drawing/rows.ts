/** Sets of pixels as the runs of each row: they are grown and filled without a look at every pixel. */

/** For each row the columns [left, right) of its runs: `[left, right, left, right, ...]`, sorted and apart. */
export type Rows = readonly (readonly number[])[];

interface Grid {
  readonly width: number;
  readonly height: number;
}

/** The rows of the pixels for which `isInside` holds. @param isInside for an index into the raster */
export function rowsWhere({ width, height }: Grid, isInside: (index: number) => boolean): Rows {
  return Array.from({ length: height }, (_, y) => {
    const row: number[] = [];
    for (let x = 0, inside = false; x <= width; x++) {
      const now = x < width && isInside(y * width + x);
      if (now !== inside) row.push(x);
      inside = now;
    }
    return row;
  });
}

/** All pixels within `radius` of one of the set, px. */
export function grow(rows: Rows, width: number, radius: number): Rows {
  const most = Math.floor(radius);
  return rows.map((_, y) => {
    const found: [number, number][] = [];
    for (let dy = -most; dy <= most; dy++) {
      const row = rows[y + dy] ?? [];
      const reach = Math.floor(Math.sqrt(radius * radius - dy * dy));
      for (let k = 0; k < row.length; k += 2)
        found.push([Math.max(0, row[k] - reach), Math.min(width, row[k + 1] + reach)]);
    }
    found.sort((a, b) => a[0] - b[0]);
    const joined: number[] = [];
    for (const [left, right] of found) {
      const end = joined.length - 1;
      if (end > 0 && left <= joined[end]) joined[end] = Math.max(joined[end], right);
      else joined.push(left, right);
    }
    return joined;
  });
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

/** All pixels that are joined with a first one, side by side, by pixels for which `isInside` holds. */
export function flood({ width, height }: Grid, first: number, isInside: (index: number) => boolean): Flooded {
  const reached = new Uint8Array(width * height);
  const queue = new Int32Array(width * height);
  let [count, meetsBorder] = [0, false];
  const reach = (index: number) => {
    if (reached[index] || !isInside(index)) return;
    reached[index] = 1;
    queue[count++] = index;
  };
  reach(first);
  for (let k = 0; k < count; k++) {
    const index = queue[k];
    const [x, y] = [index % width, Math.floor(index / width)];
    const [west, east, north, south] = [x > 0, x < width - 1, y > 0, y < height - 1];
    if (!west || !east || !north || !south) meetsBorder = true;
    if (west) reach(index - 1);
    if (east) reach(index + 1);
    if (north) reach(index - width);
    if (south) reach(index + width);
  }
  return { rows: rowsWhere({ width, height }, (index) => reached[index] === 1), meetsBorder };
}
