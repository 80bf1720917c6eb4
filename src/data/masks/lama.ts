/**
 * The free-form holes of LaMa's evaluation (Suvorov et al., WACV 2022): random_{thin,medium,thick}_256 of its
 * configs/data_gen, drawn as in saicinpainting/training/data/masks.py. Lengths are in px of a 256-px image and scale
 * with the image.
 */
import type { RandomStream } from '../../runtime/seed.ts';
import { drawCapsule } from './capsule.ts';

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
