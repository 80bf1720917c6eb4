import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { graphOf, pipeline } from '../../src/core/computation.ts';
import { openGraphModel } from '../../src/export/formats/tfjs.ts';
import { pythonExample } from '../../src/export/model-card.ts';
import { compareOutputs, makeCases } from '../../src/export/proof.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { writeGraphModel } from '../../src/graph/tfjs.ts';
import { tf } from '../../src/ops/tf.ts';
import { expectClose } from '../graph/graphs.ts';
import { tinyScFegan, tinyScFeganConfig } from '../models/scfegan/tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'colour-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the whole path of a model that takes strokes of colour', () => {
  const config = tinyScFeganConfig();
  const method = tinyScFegan(config);
  const computation = pipeline(method, config);
  const graph = graphOf(computation);
  const cases = makeCases(computation);
  afterAll(() => method.dispose());

  it('has a port for them, and none for l', () => {
    expect([...graph.inputs.keys()]).toEqual(['photo', 'hole', 'sketch', 'colour']);
    expect(computation.inputs.colour.shape).toEqual([64, 64, 4]);
    expect(pythonExample(computation)).toContain("'colour': colour");
  });

  it('is proven on strokes that change the result', () => {
    for (const { inputs, expected } of cases) {
      const where = inputs.colour.data.filter((_, i) => i % 4 === 3);
      expect(new Set(where)).toEqual(new Set([0, 1]));
      const tensors = Object.entries(inputs).map(([name, { shape, data }]) => [
        name,
        tf.tensor(data, [...shape]),
      ]);
      const none = { ...Object.fromEntries(tensors), colour: tf.zeros([...inputs.colour.shape]) };
      const plain = computation.run(none).I_out.dataSync() as Float32Array;
      const largest = plain.reduce(
        (max, value, i) => Math.max(max, Math.abs(value - expected.I_out.data[i])),
        0,
      );
      expect(largest).toBeGreaterThan(1e-3);
    }
  });

  it('is one graph for every batch, its noise a constant', async () => {
    for (const { inputs } of cases) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
      );
      expectClose(evaluateGraph(graph, feeds), computation.run(feeds), 2e-5);
    }
    const path = join(folder, 'model');
    await writeGraphModel(path, graph, 'fp32');
    const { outputs } = await compareOutputs(cases, await openGraphModel(join(path, 'model.json')));
    expect(outputs.I_out.max).toBeLessThan(1e-4);
  });
});
