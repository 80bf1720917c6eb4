import { describe, expect, it } from 'vitest';
import { flipRuns, RunCollector, runsOf } from '../../../src/editor/web/drawing/changes.ts';
import { fc } from '../../property.ts';

describe('runs', () => {
  it('are sorted and joined where they touch', () => {
    const runs = new RunCollector();
    for (const [start, end] of [
      [30, 40],
      [0, 5],
      [5, 9],
      [12, 12],
      [49_999_990, 50_000_000],
    ]) {
      runs.add(start!, end!);
    }
    expect([...runs.finish()]).toEqual([0, 9, 30, 40, 49_999_990, 50_000_000]);
  });

  it('describe any mask, and flipping them twice changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (marks) => {
        const mask = Uint8Array.from(marks, (mark) => (mark ? 255 : 0));
        const runs = runsOf(mask, (byte) => byte >= 128);
        const flipped = new Uint8Array(mask.length);
        flipRuns(flipped, runs, 255);
        expect(flipped).toEqual(mask);
        flipRuns(flipped, runs, 255);
        expect(flipped.every((byte) => byte === 0)).toBe(true);
      }),
    );
  });
});
