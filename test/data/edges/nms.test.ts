import { describe, expect, it } from 'vitest';
import { edgeOrientation, suppressNonMaxima } from '../../../src/data/edges/nms.ts';
import { edgeMapToSketch } from '../../../src/data/edges/sketch-of-edges.ts';

const size = 64;

/** A soft straight line through the centre; `degrees` is the direction across it, x to the right, y down. */
function ridge(degrees: number, sigma = 2): Float32Array {
  const angle = (degrees * Math.PI) / 180;
  const centre = (size - 1) / 2;
  return Float32Array.from({ length: size * size }, (_, i) => {
    const across =
      ((i % size) - centre) * Math.cos(angle) + (Math.floor(i / size) - centre) * Math.sin(angle);
    return 0.9 * Math.exp((-across * across) / (2 * sigma * sigma));
  });
}

describe.each([0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165])(
  'a soft line across %d degrees',
  (degrees) => {
    it('has that orientation along its ridge', () => {
      const angles = edgeOrientation(ridge(degrees), size, size);
      const centre = (size / 2) * size + size / 2;
      const found = (angles[centre] * 180) / Math.PI;
      const error = Math.abs(((found - degrees + 270) % 180) - 90);
      // Orientation from separate second derivatives is only exact at multiples of 45 degrees.
      expect(error).toBeLessThan(18);
    });

    it('becomes a line of one pixel on the ridge', () => {
      const sketch = edgeMapToSketch(ridge(degrees), size, size, { threshold: 25 / 255, minimumSize: 5 });
      const angle = (degrees * Math.PI) / 180;
      let pixels = 0;
      for (let y = 8; y < size - 8; y++) {
        for (let x = 8; x < size - 8; x++) {
          if (sketch[y * size + x] !== 0) continue;
          pixels++;
          const across = (x - 31.5) * Math.cos(angle) + (y - 31.5) * Math.sin(angle);
          expect(Math.abs(across)).toBeLessThan(1.1);
        }
      }
      const length = 48 / Math.max(Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle)));
      expect(pixels).toBeGreaterThanOrEqual(46);
      expect(pixels).toBeLessThan(length * 1.5);
    });
  },
);

describe('non-maximum suppression', () => {
  it('keeps strengths on the ridge as they were and sets the flanks to zero', () => {
    const edges = ridge(0);
    const kept = suppressNonMaxima(edges, size, size);
    const row = 32 * size;
    expect(kept[row + 31]).toBe(edges[row + 31]);
    expect(kept[row + 28]).toBe(0);
    expect(kept[row + 35]).toBe(0);
  });

  it('fades the border', () => {
    const flat = new Float32Array(size * size).fill(0.8);
    const kept = suppressNonMaxima(flat, size, size);
    expect(kept[0]).toBe(0);
    expect(kept[10 * size + 2]).toBeCloseTo(0.8 * 0.4, 5);
    expect(kept[10 * size + 10]).toBeCloseTo(0.8, 6);
  });
});

describe('a sketch', () => {
  it('is 0 on lines and 255 on paper, and empty below the threshold', () => {
    const settings = { threshold: 0.5, minimumSize: 5 };
    const sketch = edgeMapToSketch(ridge(30), size, size, settings);
    expect([...new Set(sketch)].sort((a, b) => a - b)).toEqual([0, 255]);
    const faint = ridge(30).map((v) => v * 0.5);
    expect(edgeMapToSketch(faint, size, size, settings).every((v) => v === 255)).toBe(true);
  });
});
