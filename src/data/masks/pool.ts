/** A stage's hole masks: made once at its start, drawn from in every step (the original's get_mask pool). */
import type { HoleKind, RunConfig } from '../../config/run-config.ts';
import type { RandomStream } from '../../runtime/seed.ts';
import { drawBoxMask } from './box.ts';
import { drawFreeFormMask } from './free-form.ts';
import { drawLamaMask, LAMA_HOLES } from './lama.ts';
import { drawRectangle, rectangleMask } from './rectangle.ts';

type HoleSettings = RunConfig['data']['holes'];

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

/** Bytes that the bits of a mask take: each mask begins with a byte of its own. */
const bytesOf = (size: number): number => Math.ceil((size * size) / 8);

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
    const bytes = bytesOf(this.size);
    const result = new Float32Array(indices.length * area);
    indices.forEach((index, k) => {
      if (!(index >= 0 && index < this.count)) throw new RangeError(`no mask ${index} in ${this.count}`);
      const mask = result.subarray(k * area, (k + 1) * area);
      for (let i = 0; i < bytes; i++) {
        // Most bytes are all hole or all known; what is known is 0 already.
        const byte = this.#bits[index * bytes + i];
        if (byte === 0xff) mask.fill(1, i * 8, i * 8 + 8);
        else for (let rest = byte, p = i * 8; rest > 0; rest >>= 1, p++) mask[p] = rest & 1;
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
  const bytes = bytesOf(size);
  const bits = new Uint8Array(count * bytes);
  for (let k = 0; k < count; k++) {
    const mask = drawHole(settings, size, stream);
    for (let p = 0; p < mask.length; p++) bits[k * bytes + (p >> 3)] |= mask[p] << (p & 7);
  }
  return new HolePool(size, count, bits);
}
