import { describe, expect, it } from 'vitest';
import { idFraction, splitSamples } from '../../src/data/split.ts';
import { fc } from '../property.ts';

const samples = (count: number, prefix = '') =>
  Array.from({ length: count }, (_, i) => ({ id: `${prefix}${i}.jpg` }));
const shares = { validation: 0.1, test: 0.2 };
const ids = (list: { id: string }[]) => list.map(({ id }) => id);

describe('splitting by id', () => {
  it('gives about the shares', () => {
    const split = splitSamples(samples(5000), shares);
    expect(split.test.length / 5000).toBeCloseTo(0.2, 1);
    expect(split.validation.length / 5000).toBeCloseTo(0.1, 1);
  });

  it('depends on nothing but the id', () => {
    // Of a fixed hash: another one would move everybody's samples between splits.
    expect(idFraction('0.jpg')).toBeCloseTo(0.2235, 3);
    expect(idFraction('folder/photo.png')).toBeCloseTo(0.8223, 3);
  });

  it('moves no sample when files are added', () => {
    const before = splitSamples(samples(200), shares);
    const after = splitSamples([...samples(200), ...samples(300, 'new/')], shares);
    for (const name of ['train', 'validation', 'test'] as const) {
      expect(ids(after[name])).toEqual(expect.arrayContaining(ids(before[name])));
    }
  });

  it('is complete and disjoint, keeps order, and leaves no wanted split empty from three samples on', () => {
    const anyShares = fc.record({
      validation: fc.constantFrom(0, 0.02, 0.3, 0.5),
      test: fc.constantFrom(0, 0.05, 0.3, 0.5),
    });
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), fc.string(), anyShares, (count, prefix, given) => {
        const all = samples(count, prefix);
        const { train, validation, test } = splitSamples(all, given);
        expect([...train, ...validation, ...test].length).toBe(count);
        expect(new Set(ids([...train, ...validation, ...test])).size).toBe(count);
        expect(train.length).toBeGreaterThan(0);
        expect(validation.length > 0).toBe(given.validation > 0);
        expect(test.length > 0).toBe(given.test > 0);
        expect(train).toEqual(all.filter((sample) => train.includes(sample)));
      }),
    );
  });

  it('trains on everything when there are one or two samples', () => {
    expect(splitSamples(samples(2), shares)).toEqual({ train: samples(2), validation: [], test: [] });
  });
});
