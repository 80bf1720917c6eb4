import { expect, it } from 'vitest';
import { resizeMap } from '../../../src/data/edges/resize.ts';

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
