import { describe, expect, it } from 'vitest';
import { holeKinds } from '../../src/config/run-config.ts';
import {
  drawLamaMask,
  drawRectangle,
  LAMA_HOLES,
  makeHolePool,
  rectangleMask,
} from '../../src/data/holes.ts';
import { stream } from '../../src/runtime/seed.ts';
import { deepPsFixtures } from '../reference.ts';
import { fixture } from './support.ts';

describe('rectangle holes', () => {
  it.skipIf(deepPsFixtures.reason)(`equal the original's get_mask${deepPsFixtures.reason}`, () => {
    const tensors = fixture('mask');
    const params = tensors.get('in/params')!.data as Int32Array;
    const expected = tensors.get('out/masks')!;
    const [count, , n] = expected.shape as [number, number, number];
    for (let k = 0; k < count; k++) {
      const [width, height, x, y, degrees] = params.subarray(k * 5, k * 5 + 5) as unknown as number[];
      const mask = rectangleMask({ width: width, height: height, x: x, y: y, degrees: degrees }, n);
      const original = (expected.data as Float32Array).subarray(k * n * n, (k + 1) * n * n);
      expect(mask).toEqual(Uint8Array.from(original, (v) => (v > 0 ? 1 : 0)));
    }
  });

  it('are where they should be without rotation', () => {
    const mask = rectangleMask({ width: 3, height: 2, x: 4, y: 1, degrees: 0 }, 10);
    const holes = [...mask.keys()].filter((i) => mask[i]);
    expect(holes).toEqual([14, 15, 16, 24, 25, 26]);
  });

  it('are drawn within the bounds of the original', () => {
    const random = stream(1, 'rectangles');
    for (let k = 0; k < 2000; k++) {
      const { width, height, x, y, degrees } = drawRectangle(64, random);
      for (const side of [width, height]) expect(side >= 16 && side < 48).toBe(true);
      expect(x >= 0 && x + width < 64 && y >= 0 && y + height < 64).toBe(true);
      expect(Number.isInteger(degrees) && degrees >= 0 && degrees < 45).toBe(true);
    }
  });
});

describe.each(holeKinds)('a pool of %s holes', (kind) => {
  const make = (seed: number) => makeHolePool({ kinds: [kind] }, 32, 50, stream(seed, 'holes'));

  it('is the same from the same seed and another from another', () => {
    const all = [...Array(50).keys()];
    expect(make(1).masks(all)).toEqual(make(1).masks(all));
    expect(make(1).masks(all)).not.toEqual(make(2).masks(all));
  });

  it('holds masks of 0 and 1, none empty, none all hole', () => {
    const pool = make(3);
    for (let k = 0; k < pool.count; k++) {
      const mask = pool.masks([k]);
      const share = mask.reduce((a, b) => a + b) / mask.length;
      expect(mask.every((v) => v === 0 || v === 1)).toBe(true);
      expect(share).toBeGreaterThan(0.002);
      expect(share).toBeLessThan(0.95);
    }
  });

  it('samples its own masks with replacement', () => {
    const pool = make(4);
    const drawn = pool.sample(3, stream(9, 'draw'));
    const random = stream(9, 'draw');
    expect(drawn).toEqual(pool.masks([0, 1, 2].map(() => random.integer(0, 50))));
    expect(() => pool.masks([50])).toThrow(RangeError);
  });
});

it('a pool of several kinds mixes them', () => {
  const mixed = makeHolePool({ kinds: ['rectangle', 'box'] }, 32, 40, stream(1, 'mixed'));
  // A box fills its own bounding box, a rotated rectangle does not.
  const boxes = [...Array(40).keys()].filter((k) => {
    const holes = [...mixed.masks([k]).entries()].filter(([, v]) => v).map(([i]) => i);
    const xs = holes.map((i) => i % 32);
    const ys = holes.map((i) => Math.floor(i / 32));
    const area = (Math.max(...xs) - Math.min(...xs) + 1) * (Math.max(...ys) - Math.min(...ys) + 1);
    return area === holes.length;
  });
  expect(boxes.length).toBeGreaterThan(8);
  expect(boxes.length).toBeLessThan(36);
});

describe("LaMa's holes", () => {
  const shares = (name: keyof typeof LAMA_HOLES, n: number) => {
    const random = stream(1, name);
    return Array.from({ length: 200 }, () => {
      const mask = drawLamaMask(LAMA_HOLES[name], n, random);
      return mask.reduce((a, b) => a + b) / mask.length;
    });
  };
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;

  it.each([64, 128])('cover up to half of an image of %d px, thick ones more of it than thin ones', (n) => {
    for (const name of ['thin', 'medium', 'thick'] as const) {
      const found = shares(name, n);
      expect(Math.max(...found)).toBeLessThanOrEqual(0.5);
      expect(Math.min(...found)).toBeGreaterThan(0);
    }
    expect(mean(shares('thick', n))).toBeGreaterThan(mean(shares('thin', n)));
  });

  it('scale with the image', () => {
    for (const name of ['medium', 'thick'] as const)
      expect(mean(shares(name, 128))).toBeCloseTo(mean(shares(name, 64)), 1);
  });

  it('leave no square of 21 px all hole in one thin stroke, whose brush has up to 14', () => {
    const random = stream(2, 'thin');
    const n = 256;
    for (let k = 0; k < 8; k++) {
      const mask = drawLamaMask({ strokes: { ...LAMA_HOLES.thin.strokes, count: [1, 1] } }, n, random);
      const filled = (x: number, y: number) =>
        [...Array(441).keys()].every((i) => mask[(y + Math.floor(i / 21)) * n + x + (i % 21)]);
      for (let y = 0; y + 21 <= n; y += 5)
        for (let x = 0; x + 21 <= n; x += 5) expect(filled(x, y)).toBe(false);
    }
  });
});
