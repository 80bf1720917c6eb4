import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markdownReport } from '../../bench/bench.ts';
import { Contestant } from '../../bench/contestant.ts';
import { GpuWatch } from '../../bench/gpu-watch.ts';
import { measurePeak, planPeak } from '../../bench/peak.ts';
import { measureScaling, planScaling, type Sweep, scalingTable } from '../../bench/scaling.ts';
import { scalingPlot } from '../../bench/scaling-plot.ts';
import { UserError } from '../../src/runtime/errors.ts';

const peak = { value: 160, low: 150, high: 170, way: 'product of two matrices of 1024²' };
const point = (x: number, gflops: number) => ({
  x,
  seconds: { value: x / 4, low: x / 5, high: x / 3 },
  imagesPerSecond: 4,
  peakBytes: x * 2 ** 30,
  gflops,
});
const sweeps: Sweep[] = [
  { work: 'training', axis: 'images a batch', fixed: '64 px', points: [1, 2, 4].map((x) => point(x, 80)) },
  { work: 'loader', axis: 'threads', fixed: 'batch 8', points: [1, 2].map((x) => point(x, 0)) },
];

it('varies one thing at a time, in every sweep around the same work', () => {
  const plan = planScaling({ config: 'a.yaml', set: ['seed=2'] }, [64, 128, 256]);
  for (const { axis, points } of plan) {
    const values = points.map(({ x }) => x);
    expect(values, axis).toEqual([...new Set(values)].sort((a, b) => a - b));
    // Without what is varied all points are the same.
    const rest = points.map(({ assignment, env }) => Object.keys({ ...assignment, ...env }).join());
    expect(new Set(rest).size, axis).toBe(1);
  }
  const widths = plan.find(({ axis }) => axis.startsWith('width'))!;
  expect(widths.points[0].assignment).toMatchObject({
    set: expect.arrayContaining(['seed=2', 'model.width=16']),
  });
});

describe('what was found', () => {
  it('is a table with the share of the peak, where there is something to compute', () => {
    const [training, loader] = sweeps.map((sweep) => scalingTable(sweep, peak));
    expect(training.head.at(-1)).toBe('of the peak');
    expect(training.rows[1]).toEqual(['2', '0.500 s', '4.00', '2048 MB', '80.0', '50 %']);
    expect(loader.head).toHaveLength(4);
  });
  it('is a picture that renders, with every point in it', async () => {
    const svg = scalingPlot(sweeps);
    expect(svg.match(/<circle/g)).toHaveLength(2 * (3 + 2));
    expect(svg).not.toMatch(/NaN|undefined/);
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
  });
  it('is a document with a table for everything', () => {
    const finding = { label: 'times as fast', value: 1.6, unit: '' };
    const parts = [{ title: 'loader, 64 px', findings: [finding, { ...finding, atLeast: 1.5 }] }];
    const report = { machine: 'a machine', sources: 'abc', speed: [], parts, scaling: { peak, sweeps } };
    const text = markdownReport(report, 'speed.svg');
    const rows = text
      .split('\n')
      .filter((line) => line.startsWith('| loader, 64 px | times as fast | 1.60 |'));
    expect(rows).toHaveLength(2);
    expect(rows[1]).toContain('at least 1.5 | yes |');
    expect(text).toContain('](speed.svg)');
    expect(text).toContain('Peak: 160 GFLOP/s');
  });
  it('tells of the GPU where there is one', () => {
    const gpu = { utilisation: 0.5, peakBytes: 2 ** 30 };
    const points = sweeps[0].points.map((one) => ({ ...one, gpu }));
    const { head, rows } = scalingTable({ ...sweeps[0], points }, peak);
    expect(head.slice(-2)).toEqual(['GPU busy', 'GPU memory']);
    expect(rows[0].slice(-2)).toEqual(['50 %', '1024 MB']);
  });
});

describe('a process of its own', () => {
  const { execArgv } = process;
  beforeEach(() => {
    process.execArgv = ['--import', 'tsx'];
  });
  afterEach(() => {
    process.execArgv = execArgv;
  });
  it('measures time, memory and operations of what it is told', async () => {
    const source = { config: 'configs/smoke.yaml', set: [] };
    const assignment = { ...source, what: 'train', level: 1, batch: 1 } as const;
    const steps: number[] = [];
    const [sweep] = await measureScaling(
      [{ work: 'training', axis: 'images a batch', fixed: '', points: [{ x: 1, assignment }] }],
      1,
      (done) => steps.push(done),
    );
    const [found] = sweep.points;
    expect(found.seconds.value).toBeGreaterThan(0);
    expect(found.imagesPerSecond).toBeCloseTo(1 / found.seconds.value, 6);
    expect(found.peakBytes).toBeGreaterThan(2 ** 26);
    expect(found.gflops).toBeGreaterThan(0.1);
    expect(steps).toEqual([1]);
  });
  it('finds the fastest way of several', async () => {
    const way = 'product of two matrices of 1024²';
    const tries = planPeak().filter((entry) => entry.way === way);
    expect(tries.length).toBeGreaterThan(0);
    const found = await measurePeak(tries, 1, () => {});
    expect(found.way).toContain(way);
    expect(found.value).toBeGreaterThan(0.5);
  });
  it('tells why it could not', async () => {
    const broken = { what: 'train', level: 1, batch: 1, config: 'no-such-file.yaml', set: [] } as const;
    const failure = Contestant.run({ ...broken, runs: 1 });
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow(/no-such-file/);
  });
});

describe('the GPU’s use', () => {
  let folder: string;
  const { PATH } = process.env;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-gpu-'));
    process.env.PATH = `${folder}${delimiter}${PATH}`;
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });

  it('is the mean of all readings, and the most memory', async () => {
    const program = join(folder, 'nvidia-smi');
    writeFileSync(
      program,
      '#!/bin/sh\necho "40, 1000"\necho "[N/A], 2000"\necho "60, 3000"\ntouch "$0.done"\nexec sleep 30\n',
    );
    chmodSync(program, 0o755);
    const watch = GpuWatch.start({})!;
    await expect.poll(() => existsSync(`${program}.done`)).toBe(true);
    expect(await watch.stop()).toEqual({ utilisation: 0.5, peakBytes: 3000 * 2 ** 20 });
  });
  it('is unknown without nvidia-smi, and nobody asks on a CPU', async () => {
    process.env.PATH = folder;
    expect(await GpuWatch.start({})!.stop()).toBeUndefined();
    expect(GpuWatch.start({ DPS_ENGINE: 'cpu' })).toBeUndefined();
  });
});
