import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Predictor } from '../../src/core/method.ts';
import { heldOutBatch } from '../../src/data/held-out.ts';
import { encodePair } from '../../src/data/pair.ts';
import type { Batch, PreparedSample } from '../../src/data/types.ts';
import { heldOutTable } from '../../src/eval/held-out-table.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { readDps } from '../config/dps.ts';

const side = 64;
let folder: string;
const samples: PreparedSample[] = [];
const config = readDps('configs/smoke.yaml');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'table-'));
  for (let i = 0; i < 10; i++) {
    const pairPath = join(folder, `${i}.png`);
    const photo = new Uint8Array(side * side * 3).fill(20 * i + 10);
    const sketch = new Uint8Array(side * side).fill(255);
    writeFileSync(pairPath, await encodePair({ photo, sketch }, side));
    samples.push({ id: `${i}`, pairPath });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['holes', ({ hole }: Batch) => hole],
  ['strokes of colour', ({ colour }: Batch) => colour!.where],
])('%s depend on seed and id alone', async (_, of) => {
  const all = (await heldOutBatch(config, samples, silent))!;
  const some = (await heldOutBatch(config, [samples[7]], silent))!;
  expect(await tf.slice(of(all), [7, 0, 0, 0], [1, -1, -1, -1]).data()).toEqual(await of(some).data());
  const other = (await heldOutBatch({ ...config, seed: 99 }, [samples[7]], silent))!;
  expect(await of(other).data()).not.toEqual(await of(some).data());
});

it('leaves out what cannot be read, with a warning', async () => {
  const warnings: string[] = [];
  const reporter = { ...silent, warn: (message: string) => warnings.push(message) };
  const missing = { id: 'x', pairPath: join(folder, 'none.png') };
  const batch = await heldOutBatch(config, [samples[1], missing, samples[2]], reporter);
  expect(batch!.image.shape[0]).toBe(2);
  expect(warnings).toEqual([expect.stringContaining('none.png')]);
  expect(await heldOutBatch(config, [missing], reporter)).toBeUndefined();
});

it.each(['edit', 'synthesis'] as const)(
  'has a row for each filling and leaks no tensors (%s)',
  async (task) => {
    const predictor: Predictor = {
      resolution: side,
      networks: [],
      controls: ['sketch', 'l'],
      intermediates: ['firstImage'],
      predict: ({ image, l = 0 }) => ({
        result: tf.add(image, tf.mul(l, 0.2)) as Tensor4D,
        firstImage: tf.add(image, 0.1) as Tensor4D,
      }),
      upperBound: { label: 'F, true sketch', predict: ({ image }) => tf.add(image, 0.4) as Tensor4D },
    };
    const before = tf.memory().numTensors;
    const table = await heldOutTable({
      config: { ...config, task },
      predictor,
      samples,
      split: 'test',
      reporter: silent,
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(table).toMatchObject({ samples: 10, split: 'test' });
    const l1 = Object.fromEntries(table.rows.map((row) => [row.name, row.l1]));
    expect(Object.keys(l1)).toEqual([
      'mean colour',
      'F, true sketch',
      'I_gen, l = 0',
      'I_gen, l = 0.5',
      'I_gen, l = 1',
      'I_out, l = 0',
      'I_out, l = 0.5',
      'I_out, l = 1',
    ]);
    // The photos are of one colour each, so their mean fills them without error.
    expect(l1['mean colour']).toBeCloseTo(0, 4);
    expect(l1['F, true sketch']).toBeCloseTo(0.2, 3);
    expect(l1['I_gen, l = 0']).toBeCloseTo(0.05, 3);
    expect(l1['I_out, l = 0.5']).toBeCloseTo(0.05, 3);
    expect(l1['I_out, l = 1']).toBeCloseTo(0.1, 3);
  },
);
