/**
 * Lines are pixels. To be selected, moved and scaled they are traced: thinned to a middle line of single pixels, which is
 * walked from end to end, straight on where lines cross. So it does not matter whether a line was drawn, found in the photo
 * or came from a file.
 */
import { thin } from '../../../data/edges.ts';
import type { Size } from '../../../infer/raster.ts';
import { capsule, type Point, type Rect } from './geometry.ts';
import type { Layer, Marks } from './layer.ts';
import type { Rows } from './rows.ts';

/** A place in the middle of a line, px of the photo. */
export interface LinePoint extends Point {
  /** Half the line's thickness there. */
  readonly radius: number;
}

/** Lines are traced on a copy of at most this side, px. */
const side = 2048;
/** A line's direction is that of its last so many pixels. */
const memory = 6;
/** Where lines meet, one goes on where it turns less than this, as the cosine: 60°. */
const leastStraight = 0.5;
/** Where lines cross at a small angle they share so many pixels at most. */
const longestCrossing = 8;

interface Grid extends Size {
  /** [height * width], 1 where there is a line. */
  readonly data: Uint8Array;
  /** How many px of the photo a pixel is wide. */
  readonly factor: number;
}

export class LineTracing {
  /** The middle of each line, a place for every pixel of the copy, px of the photo. */
  readonly lines: readonly (readonly Point[])[];
  readonly #layer: Layer;
  readonly #grid: Grid;
  /** For each marked pixel of the copy the number of its line and 1. */
  readonly #owners: Int32Array;
  readonly #shapes = new Map<number, readonly LinePoint[]>();

  constructor(layer: Layer) {
    this.#layer = layer;
    const { levels } = layer;
    const wanted = Math.ceil(Math.log2(Math.max(layer.width, layer.height) / side));
    const level = Math.min(Math.max(0, wanted), levels.length - 1);
    const { width, height, data } = levels[level];
    this.#grid = { width, height, data: data as Uint8Array, factor: 2 ** level };
    const paths = walkLines(this.#grid);
    this.#owners = spread(this.#grid, paths);
    this.lines = paths.map((path) => path.map((cell) => this.#centre(cell)));
  }

  /** The line that comes nearest to a place; undefined where none is within `reach` of it, px. */
  nearest(at: Point, reach: number): number | undefined {
    let [nearest, least] = [undefined as number | undefined, reach];
    this.lines.forEach((line, k) => {
      for (const { x, y } of line) {
        const distance = Math.hypot(x - at.x, y - at.y);
        if (distance > least) continue;
        [nearest, least] = [k, distance];
      }
    });
    return nearest;
  }

  /** The lines that are in a rectangle by half or more. */
  inside({ left, top, right, bottom }: Rect): number[] {
    const isIn = ({ x, y }: Point) => x >= left && x <= right && y >= top && y <= bottom;
    return [...this.lines.keys()].filter(
      (k) => 2 * this.lines[k].filter(isIn).length >= this.lines[k].length,
    );
  }

  /** The line to which most of these places belong; undefined where none does. */
  lineAlong(places: readonly Point[]): number | undefined {
    const { width, height, factor } = this.#grid;
    const counts = new Map<number, number>();
    for (const { x, y } of places) {
      const [column, row] = [Math.floor(x / factor), Math.floor(y / factor)];
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const owner = this.#owners[row * width + column];
      if (owner > 0) counts.set(owner - 1, (counts.get(owner - 1) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  /** A line with its thickness, smooth. */
  shape(k: number): readonly LinePoint[] {
    const known = this.#shapes.get(k);
    if (known) return known;
    const measured = smooth(
      smooth(this.lines[k].map((place) => ({ ...place, radius: 0 }))).map((place) => this.#measure(place)),
    );
    const radii = measured.map(({ radius }) => radius).sort((a, b) => a - b);
    // Where lines cross or touch there is more room, but the line is no thicker.
    const most = 1.25 * radii[Math.floor(radii.length / 2)];
    const shape = measured.map((point) => ({ ...point, radius: Math.min(point.radius, most) }));
    const whole = [this.#tip(shape), ...shape, this.#tip(shape.toReversed())];
    this.#shapes.set(k, whole);
    return whole;
  }

  /** The pixels of lines, as rows of the photo, without those that are part of other lines, too. */
  pixelsOf(chosen: ReadonlySet<number>): Rows {
    const { width, height, factor } = this.#grid;
    const shared = this.#spansOfOthers(chosen);
    // Rows without pixels are left out.
    const rows: number[][] = [];
    for (let row = 0; row < height; row++) {
      const runs: number[] = [];
      for (let column = 0, inside = false; column <= width; column++) {
        const owner = column < width ? this.#owners[row * width + column] : 0;
        const now = owner > 0 && chosen.has(owner - 1);
        if (now !== inside) runs.push(column * factor);
        inside = now;
      }
      if (runs.length === 0) continue;
      for (let y = row * factor; y < Math.min((row + 1) * factor, this.#layer.height); y++)
        rows[y] = without(runs, shared.get(y) ?? []);
    }
    return rows;
  }

  /** Where other lines go through or beside these, the columns [left, right) of each row. */
  #spansOfOthers(chosen: ReadonlySet<number>): Map<number, [number, number][]> {
    const spans = new Map<number, [number, number][]>();
    const { factor } = this.#grid;
    const bounds = [...chosen].map((k) => boundsOf(this.lines[k], 4 * factor));
    const isNear = ({ x, y }: Point) =>
      bounds.some(({ left, top, right, bottom }) => x >= left && x <= right && y >= top && y <= bottom);
    for (const k of this.lines.keys()) {
      if (chosen.has(k) || !this.lines[k].some(isNear)) continue;
      const shape = this.shape(k);
      shape.forEach((to, i) => {
        const from = shape[Math.max(0, i - 1)];
        if (!isNear(from) && !isNear(to)) return;
        capsule(from, to, to.radius, (y, left, right) => {
          const row = spans.get(y);
          if (row) row.push([left, right]);
          else spans.set(y, [[left, right]]);
        });
      });
    }
    return spans;
  }

  /** Where a line that begins with these places begins in truth: thinning has shortened it. */
  #tip(shape: readonly LinePoint[]): LinePoint {
    const [{ x, y, radius }, inner] = [shape[0], shape[Math.min(4, shape.length - 1)]];
    const length = Math.hypot(x - inner.x, y - inner.y);
    if (length === 0) return shape[0];
    const [dx, dy] = [(x - inner.x) / length, (y - inner.y) / length];
    const { width, height, levels } = this.#layer;
    const isMarked = (by: number) => {
      const [column, row] = [Math.floor(x + dx * by), Math.floor(y + dy * by)];
      return (
        column >= 0 &&
        row >= 0 &&
        column < width &&
        row < height &&
        levels[0].data[row * width + column] !== 0
      );
    };
    let further = 0;
    while (further < 2 * this.#grid.factor && isMarked(further + 0.25 + radius)) further += 0.25;
    return { x: x + dx * further, y: y + dy * further, radius };
  }

  /** Moves a place of the copy to where the line is thickest around it, and measures that. */
  #measure({ x, y }: Point): LinePoint {
    const step = this.#grid.factor / 2;
    let best: LinePoint = { x, y, radius: roomAt(this.#layer.levels[0], x, y) };
    for (const dy of [-step, 0, step]) {
      for (const dx of [-step, 0, step]) {
        const radius = roomAt(this.#layer.levels[0], x + dx, y + dy);
        // A tie leaves it where it is.
        if (radius > best.radius + 1e-6) best = { x: x + dx, y: y + dy, radius };
      }
    }
    return best;
  }

  #centre(cell: number): Point {
    const { width, factor } = this.#grid;
    return { x: ((cell % width) + 0.5) * factor, y: (Math.floor(cell / width) + 0.5) * factor };
  }
}

/** The radius of the largest disc around a place in which all pixels are marked, in the layer's px. */
function roomAt({ width, height, data }: Marks, x: number, y: number): number {
  const [middleX, middleY] = [Math.floor(x), Math.floor(y)];
  let nearest = Number.POSITIVE_INFINITY;
  const look = (column: number, row: number) => {
    const isMarked =
      column >= 0 && row >= 0 && column < width && row < height && data[row * width + column] !== 0;
    if (!isMarked) nearest = Math.min(nearest, Math.hypot(column + 0.5 - x, row + 0.5 - y));
  };
  // Squares around the place: what is further out than the nearest that was found cannot be nearer.
  for (let reach = 0; reach - 1 <= nearest; reach++) {
    for (let k = -reach; k <= reach; k++) {
      look(middleX + k, middleY - reach);
      look(middleX + k, middleY + reach);
      look(middleX - reach, middleY + k);
      look(middleX + reach, middleY + k);
    }
  }
  // The rim goes through between the centres of pixels: this keeps thin lines and thick ones of any direction as they are.
  return Math.max(0, nearest - (nearest < 2 ? 0.5 : 0.25));
}

/** The rectangle around places, and a margin. */
export function boundsOf(places: readonly Point[], margin = 0): Rect {
  let [left, top, right, bottom] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const { x, y } of places) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return { left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin };
}

/** The runs of a row without some columns. @param gaps in any order, they may overlap */
function without(runs: readonly number[], gaps: [number, number][]): number[] {
  const rest: number[] = [];
  const sorted = gaps.sort((a, b) => a[0] - b[0]);
  for (let k = 0; k < runs.length; k += 2) {
    let left = runs[k];
    for (const [from, to] of sorted) {
      if (from >= runs[k + 1]) break;
      if (from > left) rest.push(left, from);
      left = Math.max(left, to);
    }
    if (left < runs[k + 1]) rest.push(left, runs[k + 1]);
  }
  return rest;
}

/** Each place becomes the mean of itself and its neighbours; the ends stay. */
function smooth(points: readonly LinePoint[]): LinePoint[] {
  return points.map((point, k) => {
    const reach = Math.min(2, k, points.length - 1 - k);
    if (reach === 0) return point;
    const near = points.slice(k - reach, k + reach + 1);
    const mean = (value: (of: LinePoint) => number) =>
      near.reduce((sum, of) => sum + value(of), 0) / near.length;
    return { x: mean(({ x }) => x), y: mean(({ y }) => y), radius: mean(({ radius }) => radius) };
  });
}

/** The middle lines of what is marked, each as the indices of its pixels in their order. */
function walkLines({ width, height, data }: Grid): number[][] {
  const skeleton = thin(data, height, width);
  /** What no line has taken yet. */
  const free = skeleton.slice();
  const cells: number[] = [];
  for (let i = skeleton.indexOf(1); i >= 0; i = skeleton.indexOf(1, i + 1)) cells.push(i);
  const around = (cell: number, isWanted: (other: number) => boolean): number[] => {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    const found: number[] = [];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        const other = row * width + column;
        if (other !== cell && isWanted(other)) found.push(other);
      }
    }
    return found;
  };
  const isFree = (cell: number) => free[cell] === 1;
  const isTaken = (cell: number) => skeleton[cell] === 1 && free[cell] === 0;
  const between = (from: number, to: number): Point => ({
    x: (to % width) - (from % width),
    y: Math.floor(to / width) - Math.floor(from / width),
  });
  /** How straight a line goes on to a pixel: 1 not turning at all, 0 at a right angle. */
  const straightness = (path: readonly number[], to: number): number => {
    const end = path[path.length - 1];
    const before = between(path[Math.max(0, path.length - memory)], end);
    const after = between(end, to);
    const length = Math.hypot(before.x, before.y) * Math.hypot(after.x, after.y);
    return length > 0 ? (before.x * after.x + before.y * after.y) / length : 1;
  };
  const straightest = (path: readonly number[], list: readonly number[]) =>
    list.reduce((best, cell) => (straightness(path, cell) > straightness(path, best) ? cell : best));
  const touch = (a: number, b: number) => {
    const { x, y } = between(a, b);
    return Math.max(Math.abs(x), Math.abs(y)) <= 1;
  };

  /** What is behind a line that this one crosses: pixels that are reached over those of other lines. */
  const across = (path: readonly number[]): number[] => {
    const own = new Set(path);
    const found: number[] = [];
    let reached = [path[path.length - 1]];
    for (let step = 0; step < longestCrossing && found.length === 0 && reached.length > 0; step++) {
      reached = reached.flatMap((cell) => around(cell, (other) => isTaken(other) && !own.has(other)));
      for (const cell of reached) own.add(cell);
      found.push(...reached.flatMap((cell) => around(cell, isFree)));
    }
    return found.filter((cell) => straightness(path, cell) > leastStraight);
  };
  /** The pixel with which a line goes on; undefined where it ends. */
  const next = (path: readonly number[]): number | undefined => {
    const beside = around(path[path.length - 1], isFree);
    if (beside.length === 0) {
      const behind = path.length > 2 ? across(path) : [];
      return behind.length > 0 ? straightest(path, behind) : undefined;
    }
    const best = straightest(path, beside);
    const isJunction = beside.some((cell) => !touch(cell, best));
    return isJunction && path.length > 2 && straightness(path, best) < leastStraight ? undefined : best;
  };
  const goOn = (path: number[]) => {
    for (let cell = next(path); cell !== undefined; cell = next(path)) {
      free[cell] = 0;
      path.push(cell);
    }
  };

  const isLine = (cell: number) => skeleton[cell] === 1;
  const isEnd = (cell: number) => around(cell, isLine).length < 2;
  // Thinning leaves short spurs at sharp bends and thick ends, where lines would seem to meet.
  for (const end of cells.filter(isEnd)) {
    const spur = [end];
    let beside = around(end, isLine);
    while (beside.length === 1) {
      spur.push(beside[0]);
      beside = around(beside[0], (other) => isLine(other) && !spur.includes(other));
    }
    const root = spur[spur.length - 1];
    const room = roomAt({ width, height, data }, (root % width) + 0.5, Math.floor(root / width) + 0.5);
    if (beside.length > 1 && spur.length <= room + 2)
      for (const cell of spur.slice(0, -1)) {
        skeleton[cell] = 0;
        free[cell] = 0;
      }
  }

  const paths: number[][] = [];
  for (const start of [...cells.filter(isEnd), ...cells]) {
    if (!isFree(start)) continue;
    free[start] = 0;
    const path = [start];
    goOn(path);
    path.reverse();
    goOn(path);
    const isClosed = path.length > 3 && touch(path[0], path[path.length - 1]);
    if (isClosed) path.push(path[0]);
    // Corners that the walk has cut are part of the line.
    const isCorner =
      path.length <= 3 && path.some((cell) => around(cell, isTaken).some((other) => !path.includes(other)));
    if (!isCorner) paths.push(path);
  }
  return paths;
}

/** Gives every marked pixel to the line that is nearest on the way over marked ones: its number and 1. */
function spread({ width, height, data }: Grid, paths: readonly (readonly number[])[]): Int32Array {
  const owners = new Int32Array(width * height);
  const queue: number[] = [];
  const take = (cell: number, owner: number) => {
    if (owners[cell] !== 0 || !data[cell]) return;
    owners[cell] = owner;
    queue.push(cell);
  };
  paths.forEach((path, k) => {
    for (const cell of path) take(cell, k + 1);
  });
  for (const cell of queue) {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++)
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++)
        take(row * width + column, owners[cell]);
  }
  return owners;
}
