/**
 * Morphological thinning to lines of one pixel: the two-step algorithm of Guo and Hall (1989) until nothing changes,
 * which is MATLAB's `bwmorph(image, 'thin', Inf)` and scikit-image's `morphology.thin`.
 */

/** Offsets [dy, dx] of the eight neighbours x1..x8, from the right, counter-clockwise. */
const neighbours = [
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
] as const;

/** Whether a line pixel goes, by its neighbours (bit k = neighbour k + 1), in the first and the second half-step. */
const removable = [removalTable(0), removalTable(4)] as const;

/** Thins a binary image [h, w] (1 = line; outside is 0). */
export function thin(binary: Uint8Array, height: number, width: number): Uint8Array {
  // A frame of zeros saves the tests for the border.
  const stride = width + 2;
  const image = new Uint8Array(stride * (height + 2));
  let lines: number[] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!binary[i]) continue;
      const p = (y + 1) * stride + x + 1;
      image[p] = 1;
      lines.push(p);
    }
  }
  const offsets = neighbours.map(([dy, dx]) => dy * stride + dx);
  for (let changed = true; changed; ) {
    changed = false;
    for (const table of removable) {
      // All decisions of a half-step are made on the image before it.
      const gone = lines.filter((p) => table[pattern(image, p, offsets)]);
      if (gone.length === 0) continue;
      changed = true;
      for (const p of gone) image[p] = 0;
      lines = lines.filter((p) => image[p]);
    }
  }
  const result = new Uint8Array(height * width);
  for (const p of lines) result[(Math.floor(p / stride) - 1) * width + (p % stride) - 1] = 1;
  return result;
}

function pattern(image: Uint8Array, p: number, offsets: readonly number[]): number {
  let bits = 0;
  for (let k = 0; k < 8; k++) bits |= image[p + offsets[k]] << k;
  return bits;
}

/**
 * Guo and Hall's conditions for each pattern of neighbours: exactly one run of lines around the pixel (G1), not an end
 * of a line nor inside an area (G2), and on the side that this half-step eats from (G3, turned by `turn` neighbours).
 */
function removalTable(turn: 0 | 4): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, bits) => {
    const x = (k: number) => (bits >> ((k - 1) % 8)) & 1;
    let crossings = 0;
    let pairs = 0;
    let shiftedPairs = 0;
    for (let i = 1; i <= 4; i++) {
      if (!x(2 * i - 1) && (x(2 * i) || x(2 * i + 1))) crossings++;
      if (x(2 * i - 1) || x(2 * i)) pairs++;
      if (x(2 * i) || x(2 * i + 1)) shiftedPairs++;
    }
    const thickness = Math.min(pairs, shiftedPairs);
    const keptSide = (x(2 + turn) || x(3 + turn) || !x(8 + turn)) && x(1 + turn);
    return crossings === 1 && thickness >= 2 && thickness <= 3 && !keptSide ? 1 : 0;
  });
}
