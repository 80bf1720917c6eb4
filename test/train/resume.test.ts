import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../src/config/load.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { type Checkpoint, listCheckpoints, readCheckpoint } from '../../src/formats/checkpoint.ts';
import { createMethod } from '../../src/models/registry.ts';
import { silent } from '../../src/runtime/progress.ts';
import { train } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';
import { createRunFolder } from '../../src/train/run-folder.ts';
import { makePairs } from './pairs.ts';

let folder: string;
let data: PreparedData;
let whole: string;
const { config } = readConfig('configs/smoke.yaml', [
  'output.samplesEvery=1000',
  'output.keepCheckpoints=20',
]);

/** Trains the smoke config on noise, from the beginning or a checkpoint. Returns the run's checkpoints. */
async function run(from?: Checkpoint, maxSteps?: number): Promise<string> {
  const method = await createMethod(config, { reporter: silent });
  const plan = makePlan(method, config.resolution, data.samples.train.length);
  const place = await createRunFolder(join(folder, 'runs'), config);
  await train({ config, method, data, plan, run: place, reporter: silent, from, maxSteps });
  return place.checkpoints;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'resume-'));
  data = await makePairs(join(folder, 'pairs'), 7);
  whole = await run();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['in the middle of F', 3, 4],
  ['between F and the first level', 4, 6],
  ['between the phases of a level, which share their optimisers', 6, 7],
  ['between levels', 8, 10],
])(
  'Deep Plastic Surgery stopped %s goes on as if it had not',
  async (_, k, end) => {
    const stopped = await run(undefined, k);
    const resumed = await run(await readCheckpoint(join(stopped, `step-${k}`)), end);
    const reference = (await listCheckpoints(whole)).some(({ step }) => step === end)
      ? whole
      : await run(undefined, end);
    const [a, b] = await Promise.all(
      [reference, resumed].map((path) => readCheckpoint(join(path, `step-${end}`))),
    );
    expect(b!.random).toEqual(a!.random);
    for (const [file, tensors] of Object.entries(a!.tensors)) {
      expect([...b!.tensors[file]!.keys()]).toEqual([...tensors.keys()]);
      for (const [name, { data: values }] of tensors) {
        const other = b!.tensors[file]!.get(name)!.data;
        expect(Buffer.from(other.buffer).equals(Buffer.from(values.buffer)), name).toBe(true);
      }
    }
  },
  60_000,
);
