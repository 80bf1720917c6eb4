/** A drawing's layer: a raster of marks or colours with reduced copies for display. */

import {
  type ChangeCollector,
  flipRuns,
  type LayerName,
  type Runs,
  rectOfRuns,
  type Values,
} from './changes.ts';
import { joinRects, noRect, type Rect } from './geometry.ts';

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
    return (
      this.#levels === undefined || this.#levels[this.#levels.length - 1].data.every((value) => value === 0)
    );
  }

  /** A rectangle around all that is marked, up to one pixel of the smallest copy wider on each side. */
  get bounds(): Rect {
    const { width, height, data } = this.levels[this.levels.length - 1];
    let rect = noRect;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++)
        if (data[y * width + x] !== 0)
          rect = joinRects(rect, { left: x, top: y, right: x + 1, bottom: y + 1 });
    }
    const factor = 2 ** (this.levels.length - 1);
    const { left, top, right, bottom } = rect;
    return {
      left: left * factor,
      top: top * factor,
      right: Math.min(right * factor, this.width),
      bottom: Math.min(bottom * factor, this.height),
    };
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
    if (y < 0 || y >= this.height || (value === 0 && this.#levels === undefined)) return;
    const { width, data } = this.levels[0];
    const end = y * width + Math.min(right, width);
    for (let i = y * width + Math.max(left, 0); i < end; ) {
      const old = data[i];
      const start = i;
      while (i < end && data[i] === old) data[i++] = value;
      if (old === value) continue;
      changed.add(start, i, old ^ value);
    }
  }

  /** Changes values by an exclusive or; doing it twice undoes it. Returns the rectangle that changed. */
  flip(runs: Runs, bits: number): Rect {
    const { width, data } = this.levels[0];
    flipRuns(data, runs, bits);
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
      const { data } = fine;
      for (let y = top; y < bottom; y++) {
        const upper = 2 * y * fine.width;
        const lower = Math.min(2 * y + 1, fine.height - 1) * fine.width;
        for (let x = left; x < right; x++) {
          const first = 2 * x;
          const second = Math.min(first + 1, fine.width - 1);
          coarse.data[y * coarse.width + x] =
            data[upper + first] || data[upper + second] || data[lower + first] || data[lower + second];
        }
      }
    }
  }
}
