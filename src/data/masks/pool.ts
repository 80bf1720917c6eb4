/** A stage's hole masks: made once at its start, drawn from in every step (the original's get_mask pool). */
import type { HoleKind } from '../../config/data-schema.ts';
import type { Config } from '../../config/schema.ts';
import type { RandomStream } from '../../runtime/seed.ts';
import { drawBoxMask } from './box.ts';
import { drawFreeFormMask } from './free-form.ts';
import { drawLamaMask, LAMA_HOLES } from './lama.ts';
import { drawRectangle, rectangleMask } from './rectangle.ts';

type HoleSettings = Config['data']['holes'];

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
    const result = new Float32Array(indices.length * area);
    indices.forEach((index, k) => {
      if (!(index >= 0 && index < this.count)) throw new RangeError(`no mask ${index} in ${this.count}`);
      for (let p = 0, bit = index * area; p < area; p++, bit++) {
        result[k * area + p] = (this.#bits[bit >> 3]! >> (bit & 7)) & 1;
      }
    });
    return result;
  }

  /** Draws `batch` masks with replacement: floats [batch, size, size, 1], 1 = hole. */
  sample(batch: number, stream: RandomStream): Float32Array {
    return this.masks(Array.from({ length: batch }, () => stream.integer(0, this.count)));
  }
}

/** Makes `count` hole masks of `size` px. Equal streams give equal pools. */
export function makeHolePool(
  settings: HoleSettings,
  size: number,
  count: number,
  stream: RandomStream,
): HolePool {
  const area = size * size;
  const bits = new Uint8Array(Math.ceil((count * area) / 8));
  for (let k = 0; k < count; k++) {
    const mask = drawHole(settings, size, stream);
    for (let p = 0, bit = k * area; p < area; p++, bit++) bits[bit >> 3]! |= mask[p]! << (bit & 7);
  }
  return new HolePool(size, count, bits);
}
