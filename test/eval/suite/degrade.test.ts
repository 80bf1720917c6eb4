import { expect, it } from 'vitest';
import { thin } from '../../../src/data/edges.ts';
import { degradeSketch } from '../../../src/eval/suite/degrade.ts';
import { suiteSchema } from '../../../src/eval/suite/suite.ts';

const size = 64;
const { sketches } = suiteSchema.parse({ name: 'test' });
const lines = new Uint8Array(size * size);
for (let i = 8; i < 56; i++) for (const p of [20, 32, 44]) lines[i * size + p] = 1;
const hole = new Uint8Array(size * size).fill(1, 0, (size * size) / 2);
const names = ['a.png', 'rectangle'] as const;

function degrade(
  degradation: number,
  change: Partial<typeof sketches> = {},
  own: readonly [string, string] = names,
) {
  const settings = { ...sketches, ...change };
  return degradeSketch({ lines, hole, size, degradation, settings, seed: 1, names: own });
}
const ink = (sketch: Float32Array) => sketch.reduce((sum, value) => sum + (1 - value) / 2, 0);
const drawn = (sketch: Float32Array) => Uint8Array.from(sketch, (value) => (value < 0 ? 1 : 0));

/** Of the true lines' pixels, how far the nearest line of a sketch is on average, px. */
function distance(sketch: Float32Array): number {
  const found = [...sketch.keys()].filter((p) => sketch[p] < 0);
  const distances = [...lines.keys()]
    .filter((p) => lines[p])
    .map((p) =>
      Math.min(
        ...found.map((q) => Math.hypot((p % size) - (q % size), Math.floor(p / size) - Math.floor(q / size))),
      ),
    );
  return distances.reduce((sum, value) => sum + value, 0) / distances.length;
}

it('is the true sketch at d = 0, and rougher the larger d', () => {
  expect(degrade(0)).toEqual(Float32Array.from(lines, (line) => (line ? -1 : 1)));
  const [half, full] = [distance(degrade(0.5)), distance(degrade(1))];
  expect(half).toBeGreaterThan(0.1);
  expect(full).toBeGreaterThan(half);
});

it('keeps lines one pixel wide', () => {
  const sketch = drawn(degrade(1, { discarded: 0 }));
  expect(thin(sketch, size, size)).toEqual(sketch);
  expect(sketch.reduce((a, b) => a + b)).toBeGreaterThan(100);
});

it('moves lines no further than it says', () => {
  expect(distance(degrade(1, { discarded: 0 }))).toBeLessThan(sketches.deformation * size);
  expect(distance(degrade(1, { discarded: 0, deformation: 0 }))).toBeLessThan(0.5);
});

it('wipes lines inside the hole', () => {
  const still = { deformation: 0 };
  const whole = degrade(1, { ...still, discarded: 0 });
  const wiped = degrade(1, { ...still, discarded: 4 });
  const half = (size * size) / 2;
  expect(ink(wiped.subarray(0, half))).toBeLessThan(ink(whole.subarray(0, half)) - 8);
  expect(ink(degrade(0.3, { ...still, discarded: 4 }))).toBeGreaterThan(ink(wiped));
});

it('widens lines if asked to', () => {
  expect(ink(degrade(1, { dilation: 5 / 64, discarded: 0 }))).toBeGreaterThan(
    3 * ink(degrade(1, { discarded: 0 })),
  );
});

it('depends on its names alone', () => {
  expect(degrade(1)).toEqual(degrade(1));
  expect(degrade(1, {}, ['b.png', 'rectangle'])).not.toEqual(degrade(1));
  expect(degrade(1, {}, ['a.png', 'thin'])).not.toEqual(degrade(1));
  const blank = { lines: new Uint8Array(size * size), hole, size, settings: sketches, seed: 1, names };
  expect(ink(degradeSketch({ ...blank, degradation: 1 }))).toBe(0);
});
