/** A stage's hole masks: made once at its start, drawn from in every step (the original's get_mask pool). */
import type { HoleKind, RunConfig } from '../config/run-config.ts';
import type { RandomStream } from '../runtime/seed.ts';

type HoleSettings = RunConfig['data']['holes'];

const shapes: Record<HoleKind, (n: number, stream: RandomStream) => Uint8Array> = {
  rectangle: (n, stream) => rectangleMask(drawRectangle(n, stream), n),
  'free-form': drawFreeFormMask,
  box: drawBoxMask,
  thin: (n, stream) => drawLamaMask(LAMA_HOLES.thin, n, stream),
  medium: (n, stream) => drawLamaMask(LAMA_HOLES.medium, n, stream),
  thick: (n, stream) => drawLamaMask(LAMA_HOLES.thick, n, stream),
};

/** Draws one hole mask [size, size], 1 = hole, of one of the kinds, each equally likely. */
export function drawHole(settings: HoleSettings, size: number, stream: RandomStream): Uint8Array {
  return shapes[stream.pick(settings.kinds)](size, stream);
}

/** Bytes that the bits of a mask take: each mask begins with a byte of its own. */
const bytesOf = (size: number): number => Math.ceil((size * size) / 8);

/** Hole masks of one size. They are kept as bits: 4096 masks of 256 px take 32 MB. */
export class HolePool {
  readonly size: number;
  readonly count: number;
  readonly #bits: Uint8Array;

  constructor(size: number, count: number, bits: Uint8Array) {
    this.size = size;
    this.count = count;
    this.#bits = bits;
  }

  /** The masks of these indices as floats [k, size, size, 1], 1 = hole. */
  masks(indices: readonly number[]): Float32Array {
    const area = this.size * this.size;
    const bytes = bytesOf(this.size);
    const result = new Float32Array(indices.length * area);
    indices.forEach((index, k) => {
      if (!(index >= 0 && index < this.count)) throw new RangeError(`no mask ${index} in ${this.count}`);
      const mask = result.subarray(k * area, (k + 1) * area);
      for (let i = 0; i < bytes; i++) {
        // Most bytes are all hole or all known; what is known is 0 already.
        const byte = this.#bits[index * bytes + i];
        if (byte === 0xff) mask.fill(1, i * 8, i * 8 + 8);
        else for (let rest = byte, p = i * 8; rest > 0; rest >>= 1, p++) mask[p] = rest & 1;
      }
    });
    return result;
  }

  /**
   * Draws `batch` masks with replacement: floats [k, size, size, 1], 1 = hole.
   *
   * @param own which of them are wanted, by their places. Default: all.
   */
  sample(batch: number, stream: RandomStream, own?: readonly number[]): Float32Array {
    const drawn = Array.from({ length: batch }, () => stream.integer(0, this.count));
    return this.masks(own ? own.map((place) => drawn[place]) : drawn);
  }
}

/** Makes `count` hole masks of `size` px. Equal streams give equal pools. */
export function makeHolePool(
  settings: HoleSettings,
  size: number,
  count: number,
  stream: RandomStream,
): HolePool {
  const bytes = bytesOf(size);
  const bits = new Uint8Array(count * bytes);
  for (let k = 0; k < count; k++) {
    const mask = drawHole(settings, size, stream);
    for (let p = 0; p < mask.length; p++) bits[k * bytes + (p >> 3)] |= mask[p] << (p & 7);
  }
  return new HolePool(size, count, bits);
}

// SECTION The original's hole masks: rectangles of random size and place, rotated about the centre of the image.

/** In pixels of an n x n image and whole degrees. */
export interface RectangleHole {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  readonly degrees: number;
}

/** Draws a rectangle as the original's `get_mask` (utils.py:65): sides in [n/4, 3n/4), inside the image, up to 44°. */
export function drawRectangle(n: number, stream: RandomStream): RectangleHole {
  const width = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const height = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const x = stream.integer(0, n - width);
  const y = stream.integer(0, n - height);
  return { width, height, x, y, degrees: stream.integer(0, 45) };
}

/**
 * The mask [n, n] of a rectangle, 1 = hole. Source coordinates are clamped to [0, n-2], so holes at the border are
 * continued into the corners that the rotation uncovers, as in the original.
 */
export function rectangleMask({ width, height, x, y, degrees }: RectangleHole, n: number): Uint8Array {
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const centre = (n - 1) / 2;
  const mask = new Uint8Array(n * n);
  for (let r = 0, i = 0; r < n; r++) {
    for (let c = 0; c < n; c++, i++) {
      const sourceRow = cos * (r - centre) - sin * (c - centre) + centre;
      const sourceColumn = sin * (r - centre) + cos * (c - centre) + centre;
      // An upright rectangle sampled bilinearly is the product of two ramps.
      const value = ramp(sourceRow, n, y, height) * ramp(sourceColumn, n, x, width);
      if (value > 0.5) mask[i] = 1;
    }
  }
  return mask;
}

/** Linear interpolation at `t` (clamped to [0, n-2]) of a row of n pixels that is 1 on [start, start + length). */
function ramp(t: number, n: number, start: number, length: number): number {
  const p = Math.min(Math.max(t, 0), n - 2);
  return Math.min(Math.max(Math.min(p - start + 1, start + length - p), 0), 1);
}

// SECTION Upright rectangular holes.

/** A mask [n, n], 1 = hole: one box with sides in [n/4, 3n/4) anywhere in the image. */
function drawBoxMask(n: number, stream: RandomStream): Uint8Array {
  const width = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const height = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const left = stream.integer(0, n - width + 1);
  const top = stream.integer(0, n - height + 1);
  const mask = new Uint8Array(n * n);
  for (let y = top; y < top + height; y++) mask.fill(1, y * n + left, y * n + left + width);
  return mask;
}

// SECTION Holes like the strokes of an eraser, after the free-form masks of DeepFillv2 (Yu et al., ICCV 2019).

/**
 * A mask [n, n], 1 = hole: one to four strokes of a round brush. A stroke is a chain of straight parts that swings to
 * one side and the other, as a hand that rubs something out.
 */
export function drawFreeFormMask(n: number, stream: RandomStream): Uint8Array {
  const mask = new Uint8Array(n * n);
  const strokes = stream.integer(1, 5);
  for (let s = 0; s < strokes; s++) {
    let x = stream.uniform(0, n);
    let y = stream.uniform(0, n);
    const radius = stream.uniform(n / 32, n / 12);
    const direction = stream.uniform(0, 2 * Math.PI);
    const parts = stream.integer(3, 10);
    for (let part = 0; part < parts; part++) {
      const swing = stream.uniform(0.2, 0.8) * Math.PI * 0.75;
      const angle = direction + (part % 2 === 0 ? swing : -swing);
      const length = stream.uniform(n / 12, n / 4);
      const nextX = clamp(x + length * Math.cos(angle), n);
      const nextY = clamp(y + length * Math.sin(angle), n);
      drawCapsule(mask, n, [x, y], [nextX, nextY], radius);
      x = nextX;
      y = nextY;
    }
  }
  return mask;
}

function clamp(v: number, n: number): number {
  return Math.min(Math.max(v, 0), n - 1);
}

// SECTION * The free-form holes of LaMa's evaluation (Suvorov et al., WACV 2022): random_{thin,medium,thick}_256 of its
// configs/data_gen, drawn as in saicinpainting/training/data/masks.py. Lengths are in px of a 256-px image and scale
// with the image.

/** Ranges [lo, hi) of whole numbers, except `count`, which includes both. */
interface LamaHoles {
  readonly strokes: { readonly count: Range; readonly width: Range; readonly length: Range };
  /** A hole is made of boxes instead of strokes with a probability of 0.3 / 1.3. */
  readonly boxes?: { readonly count: Range; readonly side: Range; readonly margin: number };
}
type Range = readonly [lo: number, hi: number];

const SIDE = 256;
/** Larger holes are drawn again (max_tamper_area). */
const MOST_AREA = 0.5;
const BOX_SHARE = 0.3 / 1.3;

export const LAMA_HOLES = {
  thin: { strokes: { count: [4, 51], width: [5, 15], length: [10, 50] } },
  medium: {
    strokes: { count: [4, 6], width: [5, 55], length: [10, 110] },
    boxes: { count: [1, 5], side: [10, 50], margin: 0 },
  },
  thick: {
    strokes: { count: [1, 6], width: [5, 105], length: [10, 210] },
    boxes: { count: [1, 3], side: [30, 150], margin: 10 },
  },
} as const satisfies Record<string, LamaHoles>;

/** A mask [n, n], 1 = hole, of at most half of the image. */
export function drawLamaMask(holes: LamaHoles, n: number, stream: RandomStream): Uint8Array {
  for (;;) {
    const { strokes, boxes } = holes;
    const mask =
      boxes && stream.uniform() < BOX_SHARE ? drawBoxes(boxes, n, stream) : drawStrokes(strokes, n, stream);
    const area = mask.reduce((sum, value) => sum + value, 0);
    if (area > 0 && area <= MOST_AREA * n * n) return mask;
  }
}

/** Strokes of up to five parts; each part turns by 0, 1, 2 or 3 radians, every other stroke to the other side. */
function drawStrokes(
  { count, width, length }: LamaHoles['strokes'],
  n: number,
  stream: RandomStream,
): Uint8Array {
  const mask = new Uint8Array(n * n);
  const scale = n / SIDE;
  const strokes = stream.integer(count[0], count[1] + 1);
  for (let stroke = 0; stroke < strokes; stroke++) {
    let x = stream.integer(0, SIDE);
    let y = stream.integer(0, SIDE);
    const parts = stream.integer(1, 6);
    for (let part = 0; part < parts; part++) {
      const turn = 0.01 + stream.integer(0, 4);
      const angle = stroke % 2 === 0 ? -turn : turn;
      const reach = stream.integer(...length);
      const radius = stream.integer(...width) / 2;
      const endX = clip(x + reach * Math.sin(angle));
      const endY = clip(y + reach * Math.cos(angle));
      drawCapsule(mask, n, [x * scale, y * scale], [endX * scale, endY * scale], radius * scale);
      x = endX;
      y = endY;
    }
  }
  return mask;
}

function drawBoxes(
  { count, side, margin }: NonNullable<LamaHoles['boxes']>,
  n: number,
  stream: RandomStream,
): Uint8Array {
  const mask = new Uint8Array(n * n);
  const scale = n / SIDE;
  const boxes = stream.integer(count[0], count[1] + 1);
  for (let box = 0; box < boxes; box++) {
    const width = stream.integer(...side);
    const height = stream.integer(...side);
    const left = stream.integer(margin, SIDE - margin - width + 1);
    const top = stream.integer(margin, SIDE - margin - height + 1);
    const [x0, x1] = [Math.round(left * scale), Math.round((left + width) * scale)];
    const [y0, y1] = [Math.round(top * scale), Math.round((top + height) * scale)];
    for (let y = y0; y < y1; y++) mask.fill(1, y * n + x0, y * n + x1);
  }
  return mask;
}

const clip = (value: number): number => Math.min(Math.max(Math.trunc(value), 0), SIDE);

/** Makes hole of all pixels of a mask [n, n] within `radius` of the straight line from a to b, which are (x, y) in px. */
export function drawCapsule(
  mask: Uint8Array,
  n: number,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  radius: number,
): void {
  const dx = bx - ax;
  const dy = by - ay;
  const lengthSquared = Math.max(dx * dx + dy * dy, 1e-12);
  const left = Math.max(0, Math.ceil(Math.min(ax, bx) - radius));
  const right = Math.min(n - 1, Math.floor(Math.max(ax, bx) + radius));
  const top = Math.max(0, Math.ceil(Math.min(ay, by) - radius));
  const bottom = Math.min(n - 1, Math.floor(Math.max(ay, by) + radius));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / lengthSquared, 0), 1);
      const ox = x - ax - along * dx;
      const oy = y - ay - along * dy;
      if (ox * ox + oy * oy <= radius * radius) mask[y * n + x] = 1;
    }
  }
}
