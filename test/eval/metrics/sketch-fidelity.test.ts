import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { detectEdges } from '../../../src/data/detect-edges.ts';
import { edgeMapToSketch } from '../../../src/data/edges.ts';
import type { SampleMetric } from '../../../src/eval/metrics/metric.ts';
import { createMetric } from '../../../src/eval/metrics/registry.ts';
import { linesOf } from '../../../src/eval/metrics/sketch-fidelity.ts';
import { hedWeightsPath, loadHed } from '../../../src/nn/hed.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { disposeBatch, edges, expectClose, readBatch, sample, temporaryContext } from './support.ts';

const installed = existsSync(hedWeightsPath);
const note = installed ? '' : ' (skipped: the HED weights are not installed, see `npm run doctor`)';
const names = ['sketch-precision', 'sketch-recall', 'sketch-f', 'true-sketch-f'] as const;

/** Lines as a sketch [n,s,s,1]. */
const toSketch = (lines: readonly Uint8Array[], size: number): Tensor4D =>
  tf.tidy(() =>
    tf.sub(
      1,
      tf.mul(
        tf.tensor4d(
          lines.flatMap((l) => [...l]),
          [lines.length, size, size, 1],
        ),
        2,
      ),
    ),
  );

describe.skipIf(!installed)(`sketch fidelity${note}`, () => {
  it('draws an image as `prepare` does', async () => {
    const hed = await loadHed();
    const batch = await readBatch(192);
    const { truth } = sample(batch, 0);
    const bytes = Uint8Array.from(await truth.data(), (value) => Math.round(value * 255));
    const [map] = await detectEdges(hed, [bytes], 192, edges.padding);
    const sketch = edgeMapToSketch(map, 192, 192, edges);
    const [lines] = await linesOf(hed, truth, edges);
    expect(lines.map((line) => (line ? 0 : 255))).toEqual(sketch);
    expect(lines.reduce((sum, line) => sum + line, 0)).toBeGreaterThan(500);
    hed.dispose();
    disposeBatch(batch);
  });

  it('gives the same to one sample and to a batch, 1 to an image’s own lines, and leaves no tensors behind', async () => {
    const context = await temporaryContext();
    const batch = await readBatch(64);
    const hed = await loadHed();
    const own = toSketch(await linesOf(hed, batch.result, edges), 64);
    hed.dispose();
    const followed = { ...batch, sketch: own };
    const one = sample(followed, 1);
    const before = tf.memory().numTensors;
    const metrics = await Promise.all(
      names.map((name) => createMetric(name, context) as Promise<SampleMetric>),
    );
    const [together, alone] = await Promise.all(
      [followed, one].map((samples) => Promise.all(metrics.map((metric) => metric.measure(samples)))),
    );
    for (const i of [0, 1, 2]) expect([...together[i].hole!]).toEqual([1, 1, 1, 1]);
    for (const value of together[3].hole!) expect(value).toBeLessThan(0.9);
    for (const i of names.keys()) expectClose(alone[i].hole!, together[i].hole!.slice(1, 2), 1e-9);
    for (const metric of metrics) metric.dispose();
    expect(tf.memory().numTensors).toBe(before);
    disposeBatch(batch);
    disposeBatch(one);
    own.dispose();
  });
});
