import { expect, it } from 'vitest';
import { matchLines, toleranceAt } from '../../../src/eval/metrics/sketch-fidelity.ts';
import { expectClose, expected, hash } from './support.ts';

const side = 48;
const lines = (name: string, share: number): Uint8Array =>
  Uint8Array.from(hash(name, side * side), (value) => (value < share ? 1 : 0));

it.each([1.5, 2, 4])('equals SciPy’s exact distances at a tolerance of %d px', (tolerance) => {
  const hole = lines('lines hole', 0.5);
  const { precision, recall, f } = matchLines(
    lines('lines a', 0.05),
    lines('lines b', 0.05),
    hole,
    side,
    tolerance,
  );
  expectClose([precision, recall, f], expected.lineMatch[String(tolerance)], 1e-6);
});

it('says what is not there: lines that were not wanted, and those that were not drawn', () => {
  const none = new Uint8Array(16);
  const hole = none.map(() => 1);
  const one = Uint8Array.from(none, (_, i) => (i === 5 ? 1 : 0));
  expect(matchLines(one, none, hole, 4, 1.5)).toEqual({ precision: 0, recall: Number.NaN, f: 0 });
  expect(matchLines(none, one, hole, 4, 1.5)).toEqual({ precision: Number.NaN, recall: 0, f: 0 });
  expect(matchLines(none, none, hole, 4, 1.5).f).toBeNaN();
  expect(matchLines(one, one, none, 4, 1.5).f).toBeNaN();
  expect(matchLines(one, one, hole, 4, 1.5)).toEqual({ precision: 1, recall: 1, f: 1 });
});

it('counts inside the hole alone, but lets its lines agree with those just outside', () => {
  const at = (...places: number[]) => Uint8Array.from({ length: 16 }, (_, i) => (places.includes(i) ? 1 : 0));
  // One drawn pixel in the hole next to a wanted one outside; another drawn pixel outside, far from all.
  const match = matchLines(at(5, 15), at(4), at(5, 6), 4, 1.5);
  expect(match).toEqual({ precision: 1, recall: Number.NaN, f: 0 });
});

it('tolerates two pixels at 256 px, in proportion, but never less than a neighbour', () => {
  expect([64, 128, 256, 512].map(toleranceAt)).toEqual([1.5, 1.5, 2, 4]);
});
