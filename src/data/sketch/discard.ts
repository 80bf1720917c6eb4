import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';

/** A box in px. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
}

/** Draws for one sample of side `size` none, one or two boxes of an eighth to a quarter of it. */
export function drawDiscardBoxes(size: number, random: RandomStream): Box[] {
  const side = Math.floor(size / 8);
  return Array.from({ length: random.integer(0, 3) }, () => {
    const width = random.integer(side, side * 2);
    const height = random.integer(side, side * 2);
    return { width, height, x: random.integer(0, size - width), y: random.integer(0, size - height) };
  });
}

/**
 * Wipes boxes of a sketch [n,s,s,1] clean (to paper, +1), so that G learns to draw what is missing
 * (random_discard, roughSketchSyn.py:20-31). `boxes` has one list a sample.
 */
export function discardBoxes(sketch: Tensor4D, boxes: readonly (readonly Box[])[]): Tensor4D {
  const [count, height, width] = sketch.shape;
  if (boxes.every((list) => list.length === 0)) return sketch.clone();
  const wiped = new Float32Array(count * height * width);
  boxes.forEach((list, sample) => {
    for (const box of list)
      for (let row = box.y; row < box.y + box.height; row++) {
        const start = (sample * height + row) * width + box.x;
        wiped.fill(1, start, start + box.width);
      }
  });
  return tf.tidy(() => {
    const mask = tf.tensor4d(wiped, [count, height, width, 1]);
    return tf.add(tf.mul(sketch, tf.sub(1, mask)), mask);
  });
}
