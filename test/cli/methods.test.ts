/** Every method by the commands that users have for it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/eval/report/report.ts';
import { methodNames } from '../../src/models/registry.ts';
import { SmokeRuns } from './smoke-runs.ts';

const names = methodNames();
const runs = new SmokeRuns();
afterAll(() => rmSync(runs.folder, { recursive: true }));

describe.each(names)('%s', (name) => {
  it('trains, and goes on after an interruption as if there had been none', () => runs.trainTwice(name));
  it('is exported to ONNX with its proof', () => runs.exportOnnx(name));
  it('fills a hole of a photo', () => runs.infer(name));
});

it('one evaluation compares them all in one table', async () => {
  const { out, printed } = await runs.evaluate();
  const report = reportSchema.parse(JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')));
  const labels = report.methods.flatMap(({ kind, label }) => (kind === 'checkpoint' ? [label] : []));
  expect(labels).toHaveLength(names.length);
  for (const label of labels) {
    expect(printed).toContain(label);
    const means = report.rows.filter(({ method }) => method === label).map(({ mean }) => mean);
    expect(means.length).toBeGreaterThan(0);
    expect(means.every(Number.isFinite)).toBe(true);
  }
});
