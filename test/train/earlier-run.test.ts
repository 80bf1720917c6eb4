/**
 * A run that an earlier version of this program stopped after step 9 of 12, and the table that the same version gave after
 * going on with it to the end: what was trained once can be used and trained on.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeldOutTable } from '../../src/eval/held-out-table.ts';
import { exportModel } from '../../src/export/run.ts';
import { loadMethod, trainedPredictor } from '../../src/models/load.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { trainRun } from '../../src/train/run.ts';
import { loggedSteps } from '../cli/train-process.ts';

const fixture = resolve(import.meta.dirname, '../fixtures/earlier-run');
const before = process.cwd();

// Its configuration has paths that are relative to the working directory.
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'earlier-run-'));
  cpSync(fixture, folder, { recursive: true });
  process.chdir(folder);
});
afterAll(() => {
  const folder = process.cwd();
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

describe('a run of an earlier version', () => {
  it('can be opened', async () => {
    const loaded = await loadMethod('run');
    expect(loaded.checkpoint).toMatchObject({ step: 9, stage: { index: 3, step: 2 } });
    expect(loaded.trained).toEqual(Object.keys(loaded.method.networks));
    const { result } = trainedPredictor(loaded).predict({
      image: tf.zeros([1, 64, 64, 3]),
      sketch: tf.ones([1, 64, 64, 1]),
      hole: tf.ones([1, 64, 64, 1]),
      l: 0.5,
    });
    expect(result.shape).toEqual([1, 64, 64, 3]);
    loaded.method.dispose();
  });

  it('goes on to its end, which is the one that the earlier version came to', async () => {
    const warnings: string[] = [];
    const reporter = { ...silent, warn: (message: string) => warnings.push(message) };
    const { end, table } = await trainRun({ resume: 'run', reporter });
    expect(warnings).toEqual([]);
    expect(end).toMatchObject({
      step: 12,
      complete: true,
      checkpoint: join('run', 'checkpoints', 'step-12'),
    });
    expect(loggedSteps('run')).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const expected = JSON.parse(readFileSync('expected-table.json', 'utf8')) as HeldOutTable;
    expect(table).toMatchObject({
      split: expected.split,
      samples: expected.samples,
      setHash: expected.setHash,
    });
    expect(table?.rows.map(({ name }) => name)).toEqual(expected.rows.map(({ name }) => name));
    for (const [i, { name, l1, psnr }] of (table?.rows ?? []).entries()) {
      expect(Math.abs(l1 - expected.rows[i].l1), name).toBeLessThan(1e-3);
      expect(Math.abs(psnr - expected.rows[i].psnr), name).toBeLessThan(1e-3);
    }
  });

  it('is exported to ONNX with its proof', async () => {
    const { proofs } = await exportModel({ checkpoint: 'run', out: 'export', formats: ['onnx'] });
    expect(readdirSync(join('export', 'onnx'))).toEqual(['pipeline.onnx']);
    expect(proofs.flatMap(({ outputs }) => Object.keys(outputs))).toContain('I_out');
  });
});
