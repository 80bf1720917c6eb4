import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canPredict, loadMethod, trainedPredictor } from '../../src/models/load.ts';
import { createMethod } from '../../src/models/registry.ts';
import { tf } from '../../src/ops/tf.ts';
import { tinyBatch, tinyConfig } from './dps/tiny.ts';
import { saveMethod } from './save.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a method from its checkpoint', () => {
  const config = { ...tinyConfig(), seed: 7 };
  const all = ['G16', 'G32', 'G64', 'F'];

  it('predicts as the one that was saved, and leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const method = createMethod(config);
    const path = await saveMethod(folder, method, config, all, 1);
    expect(await canPredict(path)).toBe(true);
    const loaded = await loadMethod(folder);
    expect(loaded).toMatchObject({ path, trained: all, config: { seed: 7 } });
    const batch = { ...tinyBatch(2, 64), l: 0.3 };
    const [was, is] = [method.predictor(), trainedPredictor(loaded)].map((predictor) =>
      tf.tidy(() => predictor.predict(batch).result.dataSync()),
    );
    expect(is).toEqual(was);
    loaded.method.dispose();
    method.dispose();
    tf.dispose([batch.image, batch.sketch, batch.hole]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('does not predict with networks that were never trained', async () => {
    const method = createMethod(config);
    expect(await canPredict(await saveMethod(folder, method, config, ['F', 'G16'], 2))).toBe(false);
    const loaded = await loadMethod(folder);
    expect(() => trainedPredictor(loaded)).toThrow(/not trained far enough[\s\S]*only F, G16[\s\S]*G32, G64/);
    loaded.method.dispose();
    method.dispose();
  });

  it('l may differ from sample to sample', () => {
    const method = createMethod(config);
    tf.tidy(() => {
      const batch = tinyBatch(3, 64);
      const ls = [0, 0.37, 1];
      const together = method.predictor().predict({ ...batch, l: tf.tensor2d(ls, [3, 1]) }).result;
      ls.forEach((l, i) => {
        const alone = method.predictor().predict({ ...batch, l }).result;
        const difference = tf.max(tf.abs(tf.sub(alone.slice(i, 1), together.slice(i, 1))));
        expect(difference.dataSync()[0]).toBeLessThan(1e-5);
      });
    });
    method.dispose();
  });
});
