import { describe, expect, it } from 'vitest';
import {
  edgeMapToSketch,
  edgeOrientation,
  removeSmallComponents,
  resizeMap,
  suppressNonMaxima,
  thin,
} from '../../src/data/edges.ts';
import { fc } from '../property.ts';
import { deepPsFixtures } from '../reference.ts';
import { fixture } from './support.ts';

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

/** Rows of `#` (line) and `.` to a binary image. */
function image(...rows: string[]): [Uint8Array, number, number] {
  return [Uint8Array.from(rows.join(''), (c) => (c === '#' ? 1 : 0)), rows.length, rows[0].length];
}

function rows(binary: Uint8Array, width: number): string[] {
  const text = Array.from(binary, (v) => (v ? '#' : '.')).join('');
  return text.match(new RegExp(`.{${width}}`, 'g'))!;
}

describe('thinning', () => {
  it.skipIf(deepPsFixtures.reason).each(['thin_edges', 'thin_shapes'])(
    `equals scikit-image exactly: %s${deepPsFixtures.reason}`,
    (name) => {
      const tensors = fixture(name);
      const input = tensors.get('in/binary')!;
      const [height, width] = input.shape as [number, number];
      const lines = thin(input.data as Uint8Array, height, width);
      expect(lines).toEqual(tensors.get('out/thin')!.data);
      expect(removeSmallComponents(lines, height, width, 5)).toEqual(tensors.get('out/clean')!.data);
    },
  );

  it('leaves the middle line of a bar', () => {
    const [binary, height, width] = image('.......', '.#####.', '.#####.', '.#####.', '.......');
    const result = rows(thin(binary, height, width), width);
    expect(result[1]).toBe('.......');
    expect(result[2]).toMatch(/^\.+#{3,}\.+$/);
    expect(result[3]).toBe('.......');
  });

  it('works up to the border of the image', () => {
    const [binary, height, width] = image('####', '####', '....');
    expect(rows(thin(binary, height, width), width).join('')).toContain('##');
  });

  it('only ever removes, changes nothing a second time and keeps every component', () => {
    const anyImage = fc
      .tuple(fc.integer({ min: 3, max: 14 }), fc.integer({ min: 3, max: 14 }))
      .chain(([h, w]) =>
        fc.tuple(
          fc.constant(h),
          fc.constant(w),
          fc.uint8Array({ minLength: h * w, maxLength: h * w, max: 1 }),
        ),
      );
    fc.assert(
      fc.property(anyImage, ([height, width, binary]) => {
        const once = thin(binary, height, width);
        expect(once.every((v, i) => v <= binary[i])).toBe(true);
        expect(thin(once, height, width)).toEqual(once);
        expect(countComponents(once, height, width)).toBe(countComponents(binary, height, width));
      }),
    );
  });
});

function countComponents(binary: Uint8Array, height: number, width: number): number {
  let rest = Uint8Array.from(binary);
  let count = 0;
  const flood = (p: number) => {
    if (!rest[p]) return;
    rest[p] = 0;
    const [y, x] = [Math.floor(p / width), p % width];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) flood(ny * width + nx);
    }
  };
  rest = Uint8Array.from(binary);
  for (let p = 0; p < rest.length; p++) {
    if (rest[p]) {
      count++;
      flood(p);
    }
  }
  return count;
}

describe('removing small components', () => {
  const [binary, height, width] = image('#....##', '.#.....', '..#..#.', '.......', '####.##');

  it('counts diagonal neighbours as connected and removes what is smaller', () => {
    expect(rows(removeSmallComponents(binary, height, width, 3), width)).toEqual([
      '#......',
      '.#.....',
      '..#....',
      '.......',
      '####...',
    ]);
  });

  it('removes nothing at size 0', () => {
    expect(removeSmallComponents(binary, height, width, 0)).toEqual(binary);
  });
});

const noise = (length: number) => Float32Array.from({ length }, (_, i) => ((i * 7919) % 251) / 251);

it('changes nothing at the same size', () => {
  const map = noise(6 * 5);
  expect(resizeMap(map, 6, 5, 6, 5)).toEqual(map);
});

it('keeps a flat map flat, whatever the sizes', () => {
  for (const size of [3, 7, 10, 23]) {
    const flat = resizeMap(new Float32Array(80).fill(0.25), 8, 10, size, size + 1);
    for (const value of flat) expect(value).toBeCloseTo(0.25, 6);
  }
});

it('interpolates between the centres of pixels when it enlarges', () => {
  expect([...resizeMap(Float32Array.of(0, 1), 1, 2, 1, 4)]).toEqual([0, 0.25, 0.75, 1]);
});

it('averages when it shrinks, so that no thin line is lost', () => {
  const map = new Float32Array(16 * 16);
  for (let x = 0; x < 16; x++) map[5 * 16 + x] = 1;
  const small = resizeMap(map, 16, 16, 4, 4);
  const column = [0, 1, 2, 3].map((y) => small[y * 4 + 1]);
  expect(column.reduce((a, b) => a + b)).toBeCloseTo(0.25, 1);
  expect(column[1]).toBeGreaterThan(0.15);
});
