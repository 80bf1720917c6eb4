import { describe, expect, it } from 'vitest';
import { createVisibility, rasterize } from '../../src/faces/rasterizer.ts';

describe('rasterize', () => {
  const triangle = Uint32Array.from([0, 1, 2]);

  it('covers the samples whose centres are inside, whichever way round the corners go', () => {
    const screen = Float32Array.from([0, 0, 1, 4, 0, 1, 0, 4, 1]);
    for (const order of [triangle, Uint32Array.from([0, 2, 1])]) {
      const view = createVisibility(4, 4);
      rasterize(view, screen, order, 9);
      const rows = [0, 1, 2, 3].map((y) =>
        [...view.surface.subarray(y * 4, y * 4 + 4)].map((s) => (s ? 1 : 0)),
      );
      // The centres on the long edge, x + y = 4, count as inside.
      expect(rows).toEqual([
        [1, 1, 1, 1],
        [1, 1, 1, 0],
        [1, 1, 0, 0],
        [1, 0, 0, 0],
      ]);
    }
  });

  it('keeps the nearer surface whatever the order, and its place in the triangle', () => {
    const near = Float32Array.from([-9, -9, 5, 20, -9, 5, -9, 20, 5]);
    const far = near.map((value, i) => (i % 3 === 2 ? 2 : value));
    for (const order of [[near, far] as const, [far, near] as const]) {
      const view = createVisibility(2, 2);
      for (const screen of order) rasterize(view, screen, triangle, screen === near ? 1 : 2);
      expect([...view.surface]).toEqual([1, 1, 1, 1]);
      expect([...view.depth]).toEqual([5, 5, 5, 5]);
      const x = view.first[3] * -9 + view.second[3] * 20 + (1 - view.first[3] - view.second[3]) * -9;
      expect(x).toBeCloseTo(1.5, 4);
    }
  });

  it('ignores triangles without area and those outside', () => {
    const view = createVisibility(4, 4);
    rasterize(view, Float32Array.from([0, 0, 1, 2, 2, 1, 4, 4, 1]), triangle, 1);
    rasterize(view, Float32Array.from([10, 10, 1, 12, 10, 1, 10, 12, 1]), triangle, 1);
    expect(view.surface.every((s) => s === 0)).toBe(true);
  });
});
