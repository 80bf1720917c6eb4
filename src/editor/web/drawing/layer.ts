/** A drawing's layer, the hole or the lines: a raster of marks with reduced copies for display. */
import { joinRects, type Rect } from './rect.ts';
import type { RunCollector, Runs } from './runs.ts';

export interface Marks {
  readonly width: number;
  readonly height: number;
  /** [height * width], 1 = marked. */
  readonly data: Uint8Array;
}

/** Reduced copies end at this side, px. */
const smallest = 256;

export class Layer {
  /** The layer itself, and copies of half the size each, in which a pixel is marked that has a marked one in it. */
  readonly levels: readonly Marks[];
  #count = 0;

  constructor(width: number, height: number) {
    const levels: Marks[] = [];
    for (let [w, h] = [width, height]; ; [w, h] = [Math.ceil(w / 2), Math.ceil(h / 2)]) {
      levels.push({ width: w, height: h, data: new Uint8Array(w * h) });
      if (Math.max(w, h) <= smallest) break;
    }
    this.levels = levels;
  }

  get width(): number {
    return this.levels[0]!.width;
  }
  get height(): number {
    return this.levels[0]!.height;
  }
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Marks (or unmarks) part of a row, and collects what that changes. The reduced copies wait for `refresh`. */
  paint(y: number, left: number, right: number, mark: boolean, changed: RunCollector): void {
    const { width, height, data } = this.levels[0]!;
    if (y < 0 || y >= height) return;
    const value = mark ? 1 : 0;
    const end = y * width + Math.min(right, width);
    for (let i = y * width + Math.max(left, 0); i < end; i++) {
      if (data[i] === value) continue;
      const start = i;
      while (i < end && data[i] !== value) data[i++] = value;
      changed.add(start, i);
      this.#count += mark ? i - start : start - i;
    }
  }

  /** Marks what is not marked and the other way round; doing it twice undoes it. Returns the rectangle that changed. */
  flip(runs: Runs): Rect {
    const { width, data } = this.levels[0]!;
    let changed: Rect = { left: 0, top: 0, right: 0, bottom: 0 };
    for (let k = 0; k < runs.length; k += 2) {
      const [start, end] = [runs[k]!, runs[k + 1]!];
      for (let i = start; i < end; i++) {
        data[i]! ^= 1;
        this.#count += data[i] ? 1 : -1;
      }
      changed = joinRects(changed, rowsOf(start, end, width));
    }
    this.refresh(changed);
    return changed;
  }

  /** Brings the reduced copies up to date inside a rectangle. */
  refresh(rect: Rect): void {
    let { left, top, right, bottom } = rect;
    for (let k = 1; k < this.levels.length; k++) {
      const fine = this.levels[k - 1]!;
      const coarse = this.levels[k]!;
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
            data[upper + first]! | data[upper + second]! | data[lower + first]! | data[lower + second]!;
        }
      }
    }
  }
}

/** The rectangle around a run, which may go over several rows. */
function rowsOf(start: number, end: number, width: number): Rect {
  const top = Math.floor(start / width);
  const bottom = Math.floor((end - 1) / width) + 1;
  if (bottom > top + 1) return { left: 0, top, right: width, bottom };
  return { left: start - top * width, top, right: end - top * width, bottom };
}
