/** The hole of a ready edit: where two pictures of a person differ, with some margin. */
import { removeSmallComponents } from '../../data/edges.ts';
import type { Area } from './recipes.ts';

/** Bytes that differ by less are the same: shading moves a little everywhere. */
const threshold = 20;
/** A share of the area. */
const smallest = 0.001;

/**
 * @param before RGB bytes [size, size, 3], as `after`. @param area differences outside it do not count.
 * @param islands whether what the hole surrounds is part of it. @param margin a share of the side.
 * @returns [size, size], 255 = hole: what differs, widened, without specks.
 */
export function holeOfDifference(
  before: Uint8Array,
  after: Uint8Array,
  size: number,
  { left, top, right, bottom }: Area,
  { islands = true, margin = 0.03 } = {},
): Uint8Array {
  const differs = new Uint8Array(size * size);
  for (let y = Math.round(top * size); y < bottom * size; y++) {
    for (let i = y * size + Math.round(left * size); i < (y + right) * size; i++) {
      for (let c = 3 * i; c < 3 * i + 3; c++) if (Math.abs(before[c] - after[c]) > threshold) differs[i] = 1;
    }
  }
  const clean = removeSmallComponents(differs, size, size, smallest * size * size);
  const wide = widen(clean, size, Math.round(margin * size));
  return (islands ? fillIslands(wide, size) : wide).map((value) => value * 255);
}

/** Marks all within `radius` of a mark. */
function widen(marks: Uint8Array, size: number, radius: number): Uint8Array {
  const result = new Uint8Array(marks.length);
  for (let i = marks.indexOf(1); i >= 0; i = marks.indexOf(1, i + 1)) {
    const [x, y] = [i % size, Math.floor(i / size)];
    for (let row = Math.max(0, y - radius); row <= Math.min(size - 1, y + radius); row++) {
      const reach = Math.floor(Math.sqrt(radius ** 2 - (row - y) ** 2));
      result.fill(1, row * size + Math.max(0, x - reach), row * size + Math.min(size, x + reach + 1));
    }
  }
  return result;
}

/** Marks all that is not connected with the border by unmarked pixels. */
function fillIslands(marks: Uint8Array, size: number): Uint8Array {
  const outside = new Uint8Array(marks.length);
  const queue: number[] = [];
  const visit = (x: number, y: number) => {
    const i = y * size + x;
    if (x < 0 || y < 0 || x >= size || y >= size || marks[i] || outside[i]) return;
    outside[i] = 1;
    queue.push(i);
  };
  for (let p = 0; p < size; p++) {
    for (const [x, y] of [
      [p, 0],
      [p, size - 1],
      [0, p],
      [size - 1, p],
    ] as const)
      visit(x, y);
  }
  // visit() adds to the queue while it is walked.
  for (const i of queue) {
    const [x, y] = [i % size, Math.floor(i / size)];
    visit(x - 1, y);
    visit(x + 1, y);
    visit(x, y - 1);
    visit(x, y + 1);
  }
  return outside.map((value) => 1 - value);
}
