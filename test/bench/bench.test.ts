import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { benchCommand } from '../../bench/bench.ts';
import { findingsTable, reached } from '../../bench/finding.ts';
import { median, medianRatio, quantile } from '../../bench/statistics.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';

describe('statistics', () => {
  it('quantiles interpolate', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
  });
  it('a ratio of pairs that slow down together is certain', () => {
    const ours = [1, 2, 3, 4, 5];
    const theirs = ours.map((seconds) => 3 * seconds);
    const { value, low, high } = medianRatio(theirs, ours);
    for (const number of [value, low, high]) expect(number).toBeCloseTo(3, 10);
    expect(medianRatio([1, 9, 2, 8, 5], ours).high).toBeGreaterThan(medianRatio([1, 9, 2, 8, 5], ours).low);
  });
});

it('findings say whether they reach their targets', () => {
  const finding = { label: 'times as fast', value: 1.4, unit: '' };
  expect(reached(finding)).toBeUndefined();
  expect(reached({ ...finding, atLeast: 1.5 })).toBe(false);
  expect(reached({ ...finding, atMost: 1.5 })).toBe(true);
  expect(findingsTable([{ ...finding, atLeast: 1.5 }]).join('\n')).toMatch(/1\.40 .*at least 1\.5 +NO/);
});

describe('the command', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const smoke = {
    what: ['degrade'],
    resolutions: [64],
    batch: 1,
    runs: 2,
    config: 'configs/smoke.yaml',
    set: [],
    reporter: silent,
  } as const;

  it('writes what it found', async () => {
    const out = join(folder, 'speed.json');
    const { resolution } = await import('../../src/models/read-config.ts').then(
      ({ readConfig }) => readConfig(smoke.config).config,
    );
    await benchCommand({ ...smoke, resolutions: [resolution], out });
    const { results } = JSON.parse(readFileSync(out, 'utf8'));
    expect(readFileSync(join(folder, 'speed.md'), 'utf8')).toMatch(/\| degrade, .* \| share of the step \|/);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ benchmark: 'degrade', resolution, batch: 1 });
    expect(results[0].findings.at(-1)).toMatchObject({ label: 'share of the step', atMost: 3 });
  });

  it('says which levels there are, and what a clone of the original is', async () => {
    await expect(benchCommand({ ...smoke, resolutions: [100] })).rejects.toThrow(UserError);
    await expect(benchCommand({ ...smoke, deepps: folder })).rejects.toThrow(/src\/models\.py/);
  });
});
