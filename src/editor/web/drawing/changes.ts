/** What acts of the user change, pixel by pixel. Done twice, a change is undone: it is an exclusive or. */
import { RunCollector, type Runs } from './runs.ts';

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

/** An opaque colour of bytes as a little-endian number, which a canvas's RGBA bytes are read as. */
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

/** The values that are not 0, as changes of an empty layer. */
export function collectValues(values: Values): ChangeCollector {
  const found = new ChangeCollector();
  for (let i = 0; i < values.length; ) {
    const value = values[i];
    const start = i++;
    while (i < values.length && values[i] === value) i++;
    if (value !== 0) found.add(start, i, value);
  }
  return found;
}

/** Changes the values of the runs by exclusive or. */
export function flipRuns(values: Values, runs: Runs, bits: number): void {
  for (let k = 0; k < runs.length; k += 2) {
    for (let i = runs[k]; i < runs[k + 1]; i++) values[i] ^= bits;
  }
}
