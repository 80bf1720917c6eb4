/** Points, rectangles, and the trace of a brush. */
/** A rectangle of whole pixels: `left` and `top` inside, `right` and `bottom` just outside. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

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
