/** Upright rectangular holes. */
import type { RandomStream } from '../../runtime/seed.ts';

/** A mask [n, n], 1 = hole: one box with sides in [n/4, 3n/4) anywhere in the image. */
export function drawBoxMask(n: number, stream: RandomStream): Uint8Array {
  const width = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const height = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const left = stream.integer(0, n - width + 1);
  const top = stream.integer(0, n - height + 1);
  const mask = new Uint8Array(n * n);
  for (let y = top; y < top + height; y++) mask.fill(1, y * n + left, y * n + left + width);
  return mask;
}
