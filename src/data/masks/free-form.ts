/** Holes like the strokes of an eraser, after the free-form masks of DeepFillv2 (Yu et al., ICCV 2019). */
import type { RandomStream } from '../../runtime/seed.ts';
import { drawCapsule } from './capsule.ts';

/**
 * A mask [n, n], 1 = hole: one to four strokes of a round brush. A stroke is a chain of straight parts that swings to
 * one side and the other, as a hand that rubs something out.
 */
export function drawFreeFormMask(n: number, stream: RandomStream): Uint8Array {
  const mask = new Uint8Array(n * n);
  const strokes = stream.integer(1, 5);
  for (let s = 0; s < strokes; s++) {
    let x = stream.uniform(0, n);
    let y = stream.uniform(0, n);
    const radius = stream.uniform(n / 32, n / 12);
    const direction = stream.uniform(0, 2 * Math.PI);
    const parts = stream.integer(3, 10);
    for (let part = 0; part < parts; part++) {
      const swing = stream.uniform(0.2, 0.8) * Math.PI * 0.75;
      const angle = direction + (part % 2 === 0 ? swing : -swing);
      const length = stream.uniform(n / 12, n / 4);
      const nextX = clamp(x + length * Math.cos(angle), n);
      const nextY = clamp(y + length * Math.sin(angle), n);
      drawCapsule(mask, n, [x, y], [nextX, nextY], radius);
      x = nextX;
      y = nextY;
    }
  }
  return mask;
}

function clamp(v: number, n: number): number {
  return Math.min(Math.max(v, 0), n - 1);
}
