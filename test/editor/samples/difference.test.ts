import { describe, expect, it } from 'vitest';
import { holeOfDifference } from '../../../src/editor/samples/difference.ts';

describe('the hole of a ready edit', () => {
  it('covers what differs inside the area, with a margin and without islands', () => {
    const size = 100;
    const before = new Uint8Array(size * size * 3);
    const after = before.slice();
    const change = (x: number, y: number) => after.fill(200, 3 * (y * size + x), 3 * (y * size + x) + 3);
    // A ring in the area, a speck there, and something outside.
    for (let angle = 0; angle < 360; angle++) {
      change(Math.round(50 + 12 * Math.cos(angle)), Math.round(50 + 12 * Math.sin(angle)));
    }
    change(30, 70);
    for (let x = 40; x < 60; x++) change(x, 5);
    const hole = holeOfDifference(before, after, size, { left: 0.2, top: 0.2, right: 0.8, bottom: 0.8 });
    const at = (x: number, y: number) => hole[y * size + x];
    expect([at(50, 50), at(62, 50), at(64, 50), at(67, 50)]).toEqual([255, 255, 255, 0]);
    expect([at(30, 70), at(50, 5), at(0, 0)]).toEqual([0, 0, 0]);
  });
});
