/** Sets of pixels as runs: pairs [start, end) of indices into a raster, row by row. */

/** Sorted, and apart from one another. */
export type Runs = Uint32Array<ArrayBuffer>;

/** Start and length share a number of 52 bits, so that numbers can be sorted in place of pairs. */
const LENGTHS = 2 ** 26;

/** Gathers runs that do not overlap, in any order. */
export class RunCollector {
  readonly #packed: number[] = [];

  add(start: number, end: number): void {
    if (end > start) this.#packed.push(start * LENGTHS + (end - start));
  }

  finish(): Runs {
    const sorted = Float64Array.from(this.#packed).sort();
    const runs = new Uint32Array(2 * sorted.length);
    let count = 0;
    for (const packed of sorted) {
      const start = Math.floor(packed / LENGTHS);
      const end = start + (packed % LENGTHS);
      if (count > 0 && runs[count - 1] === start) runs[count - 1] = end;
      else {
        runs[count++] = start;
        runs[count++] = end;
      }
    }
    return runs.slice(0, count);
  }
}

/** The runs of the bytes for which `isMarked` holds, for example a mask's pixels. */
export function runsOf(bytes: Uint8Array | Uint8ClampedArray, isMarked: (byte: number) => boolean): Runs {
  const marked = Array.from({ length: 256 }, (_, byte) => isMarked(byte));
  const found: number[] = [];
  let inside = false;
  for (let i = 0; i < bytes.length; i++) {
    if (marked[bytes[i]] === inside) continue;
    found.push(i);
    inside = !inside;
  }
  if (inside) found.push(bytes.length);
  return Uint32Array.from(found);
}

/** How many pixels the runs hold. */
export function runsSize(runs: Runs): number {
  let size = 0;
  for (let k = 0; k < runs.length; k += 2) size += runs[k + 1] - runs[k];
  return size;
}
