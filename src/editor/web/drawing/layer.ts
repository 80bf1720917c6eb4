/** A drawing's layer: a raster of marks or colours with reduced copies for display. */

import { type ChangeCollector, type LayerName, type Runs, rectOfRuns, type Values } from './changes.ts';
import type { Rect } from './geometry.ts';

export interface Marks {
  readonly width: number;
  readonly height: number;
  /** [height * width], see {@link LayerName}. */
  readonly data: Values;
}

/** Reduced copies end at this side, px. */
const smallest = 256;

export class Layer {
  readonly width: number;
  readonly height: number;
  readonly #values: new (
    length: number,
  ) => Values;
  #levels: readonly Marks[] | undefined;
  #count = 0;

  constructor(width: number, height: number, name: LayerName) {
    this.width = width;
    this.height = height;
    this.#values = name === 'colour' ? Uint32Array : Uint8Array;
  }

  /**
   * The layer itself, and copies of half the size each, in which a pixel is marked that has a marked one in it. They are
   * made when they are needed first, as colours take much memory and many drawings have none.
   */
  get levels(): readonly Marks[] {
    this.#levels ??= this.#makeLevels();
    return this.#levels;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  #makeLevels(): Marks[] {
    const levels: Marks[] = [];
    for (let [w, h] = [this.width, this.height]; ; [w, h] = [Math.ceil(w / 2), Math.ceil(h / 2)]) {
      levels.push({ width: w, height: h, data: new this.#values(w * h) });
      if (Math.max(w, h) <= smallest) return levels;
    }
  }

  /** Gives part of a row a value, and collects what that changes. The reduced copies wait for `refresh`. */
  paint(y: number, left: number, right: number, value: number, changed: ChangeCollector): void {
    if (y < 0 || y >= this.height || (value === 0 && this.isEmpty)) return;
    const { width, data } = this.levels[0];
    const end = y * width + Math.min(right, width);
    for (let i = y * width + Math.max(left, 0); i < end; ) {
      const old = data[i];
      const start = i;
      while (i < end && data[i] === old) data[i++] = value;
      if (old === value) continue;
      changed.add(start, i, old ^ value);
      this.#count += (i - start) * (Number(value !== 0) - Number(old !== 0));
    }
  }

  /** Changes values by an exclusive or; doing it twice undoes it. Returns the rectangle that changed. */
  flip(runs: Runs, bits: number): Rect {
    const { width, data } = this.levels[0];
    for (let k = 0; k < runs.length; k += 2) {
      for (let i = runs[k]; i < runs[k + 1]; i++) {
        const old = data[i];
        data[i] ^= bits;
        this.#count += Number(data[i] !== 0) - Number(old !== 0);
      }
    }
    const changed = rectOfRuns(runs, width);
    this.refresh(changed);
    return changed;
  }

  /** Brings the reduced copies up to date inside a rectangle. */
  refresh(rect: Rect): void {
    if (!this.#levels) return;
    let { left, top, right, bottom } = rect;
    for (let k = 1; k < this.levels.length; k++) {
      const fine = this.levels[k - 1];
      const coarse = this.levels[k];
      [left, top] = [left >> 1, top >> 1];
      [right, bottom] = [
        Math.min((right + 1) >> 1, coarse.width),
        Math.min((bottom + 1) >> 1, coarse.height),
      ];
      for (let y = top; y < bottom; y++) {
        const upper = 2 * y * fine.width;
        const lower = Math.min(2 * y + 1, fine.height - 1) * fine.width;
        for (let x = left; x < right; x++) {
          const first = 2 * x;
          const second = Math.min(first + 1, fine.width - 1);
          const { data } = fine;
          coarse.data[y * coarse.width + x] =
            data[upper + first] || data[upper + second] || data[lower + first] || data[lower + second];
        }
      }
    }
  }
}
