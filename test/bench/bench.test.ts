import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { benchCommand } from '../../bench/bench.ts';
import { findingsTable, reached } from '../../bench/report.ts';
import { type MeasuredRow, measureRow, OURS, ROWS, speedTable } from '../../bench/speed.ts';
import { median, medianRatio, quantile } from '../../bench/statistics.ts';
import type { DpsConfig } from '../../src/models/dps/config.ts';
import { readConfig } from '../../src/models/read-config.ts';
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

const best = Object.keys(OURS).at(-1)!;
const row: MeasuredRow = {
  name: ROWS[0].name,
  batch: 8,
  rounds: 3,
  begun: '2026-01-01T00:00:00.000Z',
  busyCores: 0.1,
  loadAverage: 0.2,
  outcomes: {
    original: { software: 'PyTorch 2', seconds: [4, 5, 6], peakBytes: 2 ** 30 },
    'original, channels_last and torch.compile': { missing: 'no C++ compiler' },
    [best]: { software: 'TensorFlow 2', seconds: [0.1, 0.2, 0.3], peakBytes: 2 ** 29 },
  },
  findings: [{ label: 'times as fast as original', value: 25, low: 20, high: 40, unit: '', atLeast: 2 }],
};

it('the table has a column for each contestant, and the targets below', () => {
  const [head, , cells, , legend, , ...targets] = speedTable([row]);
  expect(head).toBe(
    `|  | original | original, channels_last and torch.compile | ${best} | rounds | cores busy before |`,
  );
  expect(cells).toBe(
    `| ${row.name}, batch 8 | 5.00 s (4.50 to 5.50), 1024 MB | no C++ compiler | 200 ms (150 to 250), 512 MB | 3 | 0.1 |`,
  );
  expect(legend).toContain('PyTorch 2, TensorFlow 2');
  expect(targets.at(-1)).toContain('| times as fast as original | 25.0 | 20.0 to 40.0 | at least 2 | yes |');
});

describe('a row', () => {
  let folder: string;
  const { execArgv, env } = process;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-row-'));
    process.execArgv = ['--import', 'tsx'];
    const python = join(folder, 'python');
    writeFileSync(python, `#!/bin/sh\necho '{"missing": "not in this Python"}'\n`);
    chmodSync(python, 0o755);
    process.env = { ...env, DPS_TEST_PYTHON: python };
  });
  afterEach(() => {
    process.execArgv = execArgv;
    process.env = env;
    rmSync(folder, { recursive: true });
  });
  const smoke = { config: 'configs/smoke.yaml', level: 1, batch: 1, rounds: 2 } as const;

  it('of a prediction has ours, what runs exported files, and why something did not', async () => {
    const targets = [{ than: 'original', atLeast: 2 }, { atMost: 1000 }] as const;
    const options = { deepps: undefined, reporter: silent };
    // What this process holds is not counted as theirs.
    const ballast = Buffer.alloc(2 ** 29, 1);
    const { outcomes, findings } = await measureRow(
      { ...smoke, name: 'smoke', what: 'infer', targets },
      options,
    );
    expect(Object.keys(outcomes).sort()).toEqual([...Object.keys(OURS), 'onnxruntime', 'OpenVINO'].sort());
    const { OpenVINO, ...took } = outcomes;
    expect(OpenVINO).toEqual({ missing: 'not in this Python' });
    for (const [name, outcome] of Object.entries(took)) {
      expect(outcome, name).toMatchObject({ seconds: [expect.any(Number), expect.any(Number)] });
      expect((outcome as { peakBytes: number }).peakBytes, name).toBeGreaterThan(2 ** 25);
    }
    expect((took.onnxruntime as { peakBytes: number }).peakBytes).toBeLessThan(ballast.length);
    // The original takes no part: nothing is said of its target.
    expect(findings).toHaveLength(1);
    expect(findings[0].value).toBeGreaterThan(0);
    expect(reached(findings[0])).toBe(true);
  });
  it('of a step has it call by call and compiled', async () => {
    const { outcomes, findings } = await measureRow(
      { ...smoke, name: 'smoke', what: 'train', targets: [{ than: 'ours, call by call', atLeast: 0 }] },
      { reporter: silent },
    );
    expect(Object.keys(outcomes)).toEqual(Object.keys(OURS));
    expect(findings).toMatchObject([{ label: 'times as fast as ours, call by call' }]);
    expect(findings[0].value).toBeGreaterThan(0.1);
  });
  it('of the start runs trainings to the end of their first step', async () => {
    const { outcomes, findings } = await measureRow(
      { ...smoke, rounds: 1, name: 'smoke', what: 'start', targets: [{ atMost: 0 }] },
      { reporter: silent },
    );
    expect(Object.keys(outcomes)).toEqual(Object.keys(OURS));
    expect(findings[0].value).toBeGreaterThan(0.1);
    expect(reached(findings[0])).toBe(false);
  });
});

describe('the command', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const smoke = {
    what: ['degrade'],
    runs: 2,
    config: 'configs/smoke.yaml',
    set: [],
    reporter: silent,
  } as const;

  it('writes what it found', async () => {
    const out = join(folder, 'speed.json');
    const { config } = readConfig(smoke.config);
    const { resolution, model } = config as DpsConfig;
    await benchCommand({ ...smoke, out });
    const { parts } = JSON.parse(readFileSync(out, 'utf8'));
    expect(readFileSync(join(folder, 'speed.md'), 'utf8')).toMatch(/\| degrade, .* \| share of the step \|/);
    expect(parts).toHaveLength(model.levels);
    expect(parts.at(-1).title).toContain(`${resolution} px`);
    expect(parts.at(-1).findings.at(-1)).toMatchObject({ label: 'share of the step', atMost: 3 });
  });
  it('does not measure a row again that it has, and mixes no machines or programs', async () => {
    const out = join(folder, 'speed.json');
    // A part writes the file as it is for this machine and this program.
    await benchCommand({ ...smoke, what: ['faces'], runs: 1, out });
    const written = JSON.parse(readFileSync(out, 'utf8'));
    const said: string[] = [];
    const reporter = { ...silent, info: (message: string) => void said.push(message) };
    const speed = { ...smoke, what: ['speed'], only: row.name, reporter, out } as const;
    const content = JSON.stringify({ ...written, speed: [row] });
    writeFileSync(out, content);
    await benchCommand(speed);
    expect(said.join()).toContain('in the file already');
    expect(readFileSync(out, 'utf8')).toBe(content);
    for (const key of ['machine', 'sources']) {
      writeFileSync(out, JSON.stringify({ ...written, [key]: 'another' }));
      await expect(benchCommand(speed)).rejects.toThrow(`${key}: another`);
    }
  });

  it('says which rows there are, and what a clone of the original is', async () => {
    const speed = { ...smoke, what: ['speed'] } as const;
    await expect(benchCommand({ ...speed, only: 'no such' })).rejects.toThrow(ROWS[0].name);
    await expect(benchCommand({ ...speed, deepps: folder })).rejects.toThrow(/src\/models\.py/);
  });
});
