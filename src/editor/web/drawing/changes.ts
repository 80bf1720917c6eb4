/** What acts of the user change, pixel by pixel. A change is an exclusive or, so that doing it twice undoes it. */

import { joinRects, noRect, type Rect } from './geometry.ts';
import { bandsOf } from './steps.ts';

export const layerNames = ['hole', 'lines', 'colour'] as const;
/** The hole and the lines hold 1 where they are marked, the strokes of colour a {@link colourWord}; 0 is nothing. */
export type LayerName = (typeof layerNames)[number];

/** Pixels of a layer whose values are changed by an exclusive or with `bits`. */
export interface Change {
  readonly layer: LayerName;
  readonly runs: Runs;
  readonly bits: number;
}

/** What one act of the user changed. No two changes of a layer share a pixel. */
export type Command = readonly Change[];

export type Values = Uint8Array | Uint32Array;

export type Rgb = readonly [number, number, number];

/** A colour as the little-endian number that a canvas's four RGBA bytes make. */
export const colourWord = ([r, g, b]: Rgb, alpha = 255): number =>
  ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** Gathers changes of a layer that do not overlap, in any order. */
export class ChangeCollector {
  readonly #byBits = new Map<number, RunCollector>();

  add(start: number, end: number, bits: number): void {
    let runs = this.#byBits.get(bits);
    if (!runs) {
      runs = new RunCollector();
      this.#byBits.set(bits, runs);
    }
    runs.add(start, end);
  }

  /** How many different `bits` there are. */
  get size(): number {
    return this.#byBits.size;
  }

  finish(layer: LayerName): Change[] {
    return [...this.#byBits].map(([bits, runs]) => ({ layer, runs: runs.finish(), bits }));
  }
}

/** One command of several that follow each other: what is changed twice is as it was. */
export function joinChanges(changes: readonly Change[]): Command {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const key = `${change.layer} ${change.bits}`;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups.values()]
    .map((group) =>
      group.length > 1 ? { ...group[0], runs: oddRuns(group.map(({ runs }) => runs)) } : group[0],
    )
    .filter(({ runs }) => runs.length > 0);
}

/** The pixels that are in an odd number of the sets: those that have an odd number of starts and ends before them. */
function oddRuns(sets: readonly Runs[]): Runs {
  const ends = new Uint32Array(sets.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const runs of sets) {
    ends.set(runs, at);
    at += runs.length;
  }
  ends.sort();
  let count = 0;
  for (const end of ends) {
    if (count > 0 && ends[count - 1] === end) count--;
    else ends[count++] = end;
  }
  return ends.slice(0, count);
}

/** The values from `start` to `end` that are not 0, as changes of an empty layer. */
export function collectValues(
  values: Values,
  found = new ChangeCollector(),
  start = 0,
  end = values.length,
): ChangeCollector {
  for (let i = start; i < end; ) {
    const value = values[i];
    const first = i++;
    while (i < end && values[i] === value) i++;
    if (value !== 0) found.add(first, i, value);
  }
  return found;
}

/** A rectangle around runs of a raster of that width. */
export function rectOfRuns(runs: Runs, width: number): Rect {
  let rect = noRect;
  for (let k = 0; k < runs.length; k += 2) {
    const [top, last] = [Math.floor(runs[k] / width), Math.floor((runs[k + 1] - 1) / width)];
    const isOneRow = top === last;
    const left = isOneRow ? runs[k] - top * width : 0;
    const right = isOneRow ? runs[k + 1] - top * width : width;
    rect = joinRects(rect, { left, top, right, bottom: last + 1 });
  }
  return rect;
}

/** The runs in each of a raster's bands that has some. */
export function* partsOf(runs: Runs, raster: { width: number; height: number }): Generator<Runs> {
  let k = 0;
  for (const { top, bottom } of bandsOf(raster)) {
    const [start, end] = [top * raster.width, bottom * raster.width];
    const part: number[] = [];
    while (k < runs.length && runs[k] < end) {
      part.push(Math.max(runs[k], start), Math.min(runs[k + 1], end));
      // What is left of it is in the next band.
      if (runs[k + 1] > end) break;
      k += 2;
    }
    if (part.length > 0) yield Uint32Array.from(part);
  }
}

/** Changes the values of the runs by exclusive or. */
export function flipRuns(values: Values, runs: Runs, bits: number): void {
  for (let k = 0; k < runs.length; k += 2) {
    for (let i = runs[k]; i < runs[k + 1]; i++) values[i] ^= bits;
  }
}

/**
 * A set of pixels: pairs [start, end) of indices into a raster, row by row, sorted and apart from one another.
 */
export type Runs = Uint32Array<ArrayBuffer>;

/** Start and length are packed into one number of 52 bits: numbers sort much faster than pairs. */
const LENGTHS = 2 ** 26;

/** Gathers runs that do not overlap, in any order. */
export class RunCollector {
  #packed: number[] = [];

  add(start: number, end: number): void {
    if (end > start) this.#packed.push(start * LENGTHS + (end - start));
  }

  /** The runs so far; more may be added afterwards. */
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
    // A long stroke is finished many times, for its previews: what has been joined stays so.
    this.#packed = [];
    for (let k = 0; k < count; k += 2) this.add(runs[k], runs[k + 1]);
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
