/** How well two drawings of lines agree, give or take a few pixels. */

/** Shares in [0, 1]; NaN where there is nothing to take a share of. */
export interface LineMatch {
  /** Of the drawn lines' pixels, those near a wanted line: NaN where none is drawn. */
  readonly precision: number;
  /** Of the wanted lines' pixels, those near a drawn line: NaN where none is wanted. */
  readonly recall: number;
  /** Their harmonic mean: 0 where only one of the two has lines, NaN where neither has. */
  readonly f: number;
}

/** Greatest distance in pixels at which lines of images of that side agree: 2 at 256 px; at least to a neighbour's. */
export const toleranceAt = (side: number): number => Math.max(1.5, (2 * side) / 256);

/**
 * Compares lines [side*side], 1 = line, inside a hole (1 = hole): a pixel agrees when the other drawing, inside the hole
 * or out, has a line within `tolerance` pixels (Euclidean).
 */
export function matchLines(
  drawn: Uint8Array,
  wanted: Uint8Array,
  hole: ArrayLike<number>,
  side: number,
  tolerance: number,
): LineMatch {
  const precision = shareNear(drawn, dilate(wanted, side, tolerance), hole);
  const recall = shareNear(wanted, dilate(drawn, side, tolerance), hole);
  return { precision, recall, f: harmonicMean(precision, recall) };
}

function shareNear(lines: Uint8Array, near: Uint8Array, hole: ArrayLike<number>): number {
  let all = 0;
  let matched = 0;
  for (let p = 0; p < lines.length; p++) {
    if (!lines[p] || hole[p] < 0.5) continue;
    all += 1;
    matched += near[p];
  }
  return matched / all;
}

function harmonicMean(precision: number, recall: number): number {
  if (Number.isNaN(precision) && Number.isNaN(recall)) return Number.NaN;
  const product = precision * recall;
  return product > 0 ? (2 * product) / (precision + recall) : 0;
}

/** 1 within `radius` of a line. */
function dilate(lines: Uint8Array, side: number, radius: number): Uint8Array {
  const reach = Math.floor(radius);
  const result = new Uint8Array(lines.length);
  for (let y = 0, p = 0; y < side; y++) {
    for (let x = 0; x < side; x++, p++) {
      if (!lines[p]) continue;
      for (let dy = -Math.min(reach, y); dy <= Math.min(reach, side - 1 - y); dy++) {
        const width = Math.floor(Math.sqrt(radius * radius - dy * dy));
        const from = Math.max(0, x - width);
        const to = Math.min(side - 1, x + width);
        result.fill(1, (y + dy) * side + from, (y + dy) * side + to + 1);
      }
    }
  }
  return result;
}
