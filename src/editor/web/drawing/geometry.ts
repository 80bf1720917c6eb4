/** Points, rectangles, and the trace of a brush. */
/** A rectangle of whole pixels: `left` and `top` inside, `right` and `bottom` just outside. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const noRect: Rect = { left: 0, top: 0, right: 0, bottom: 0 };

export const isEmptyRect = ({ left, top, right, bottom }: Rect): boolean => right <= left || bottom <= top;

/** The least rectangle around both. */
export function joinRects(a: Rect, b: Rect): Rect {
  if (isEmptyRect(a)) return b;
  if (isEmptyRect(b)) return a;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** What both have in common. */
export function cutRect(a: Rect, b: Rect): Rect {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

export function growRect({ left, top, right, bottom }: Rect, by: number): Rect {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A dot of this radius has a pixel's centre in it wherever it lies, px. */
export const leastRadius = Math.SQRT1_2;

/** Pixels whose centres a capsule covers, in columns [left, right) of row y. */
type UseSpan = (y: number, left: number, right: number) => void;

/**
 * A brush's trace, a capsule: all points within a radius of a segment. Walks over its rows, and returns the rectangle
 * around it.
 */
export function capsule(from: Point, to: Point, radius: number, use: UseSpan): Rect {
  const r = Math.max(radius, leastRadius);
  const rect = {
    left: Math.floor(Math.min(from.x, to.x) - r),
    top: Math.floor(Math.min(from.y, to.y) - r),
    right: Math.ceil(Math.max(from.x, to.x) + r) + 1,
    bottom: Math.ceil(Math.max(from.y, to.y) + r) + 1,
  };
  for (let y = rect.top; y < rect.bottom; y++) {
    const [low, high] = crossing(from, to, r, y + 0.5);
    const left = Math.ceil(low - 0.5);
    const right = Math.floor(high - 0.5) + 1;
    if (right > left) use(y, left, right);
  }
  return rect;
}

/**
 * The inside of a closed line: all that it goes around, also where it crosses itself (non-zero winding). Walks over its rows,
 * and returns the rectangle around it.
 */
export function polygon(points: readonly Point[], use: UseSpan): Rect {
  const rows = new Map<number, { readonly x: number; readonly turn: 1 | -1 }[]>();
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  points.forEach((from, k) => {
    const to = points[(k + 1) % points.length];
    left = Math.min(left, from.x);
    right = Math.max(right, from.x);
    const turn = from.y < to.y ? 1 : -1;
    const [upper, lower] = turn === 1 ? [from, to] : [to, from];
    for (let y = Math.ceil(upper.y - 0.5); y + 0.5 < lower.y; y++) {
      const x = upper.x + ((y + 0.5 - upper.y) / (lower.y - upper.y)) * (lower.x - upper.x);
      const row = rows.get(y);
      if (row) row.push({ x, turn });
      else rows.set(y, [{ x, turn }]);
    }
  });
  if (rows.size === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  for (const [y, crossings] of rows) {
    crossings.sort((a, b) => a.x - b.x);
    let winding = 0;
    let begin = 0;
    for (const { x, turn } of crossings) {
      if (winding === 0) begin = x;
      winding += turn;
      const [first, end] = [Math.ceil(begin - 0.5), Math.ceil(x - 0.5)];
      if (winding === 0 && end > first) use(y, first, end);
    }
  }
  const ys = [...rows.keys()];
  const [top, bottom] = ys.reduce(
    ([least, most], y) => [Math.min(least, y), Math.max(most, y)],
    [ys[0], ys[0]],
  );
  return { left: Math.floor(left), top, right: Math.ceil(right), bottom: bottom + 1 };
}

/** Whether a closed line goes around a point, on the whole (non-zero winding). */
export function isInside(outline: readonly Point[], { x, y }: Point): boolean {
  let winding = 0;
  outline.forEach((from, k) => {
    const to = outline[(k + 1) % outline.length];
    if (from.y <= y === to.y <= y) return;
    const crossing = from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
    if (crossing > x) winding += from.y < to.y ? 1 : -1;
  });
  return winding !== 0;
}

/** The least convex polygon around points (Andrew's monotone chain). */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (list: readonly Point[]) => {
    const chain: Point[] = [];
    for (const point of list) {
      while (chain.length > 1 && !turnsLeft(chain[chain.length - 2], chain[chain.length - 1], point))
        chain.pop();
      chain.push(point);
    }
    // The last point is the first one of the other half.
    return chain.slice(0, -1);
  };
  const hull = [...half(sorted), ...half(sorted.toReversed())];
  return hull.length > 0 ? hull : sorted.slice(0, 1);
}

const turnsLeft = (a: Point, b: Point, c: Point): boolean =>
  (b.x - a.x) * (c.y - a.y) > (b.y - a.y) * (c.x - a.x);

/** Where a horizontal line cuts the capsule, which is convex. Empty: [Infinity, -Infinity]. */
function crossing(from: Point, to: Point, r: number, y: number): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const join = (a: number, b: number) => {
    if (a > b) return;
    low = Math.min(low, a);
    high = Math.max(high, b);
  };
  for (const end of [from, to]) {
    const square = r * r - (y - end.y) ** 2;
    if (square >= 0) join(end.x - Math.sqrt(square), end.x + Math.sqrt(square));
  }
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  if (length > 0) {
    // Between the ends, and within r of the line: two bands, each cut by the horizontal line.
    const along = band(dx / length, ((y - from.y) * dy) / length, 0, length);
    const across = band(dy / length, (-(y - from.y) * dx) / length, -r, r);
    join(from.x + Math.max(along[0], across[0]), from.x + Math.min(along[1], across[1]));
  }
  return [low, high];
}

/** The t for which low <= slope * t + offset <= high. */
function band(slope: number, offset: number, low: number, high: number): [number, number] {
  if (Math.abs(slope) < 1e-9) {
    return offset >= low && offset <= high
      ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  }
  const [a, b] = [(low - offset) / slope, (high - offset) / slope];
  return a < b ? [a, b] : [b, a];
}
