/**
 * What the guard of a step and a checkpoint cost: `node --import tsx bench/checkpoint-cost.ts CONFIG STAGE STEPS [--set
 * KEY=VALUE ...]`. STAGE counts from 1; after STEPS steps (0: none) of it a checkpoint is written into the working
 * directory's disk.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Batch } from '../src/data/types.ts';
import { readConfig } from '../src/models/read-config.ts';
import { createMethod } from '../src/models/registry.ts';
import { tf } from '../src/ops/tf.ts';
import { silent } from '../src/runtime/progress.ts';
import { CheckpointWriter, type Snapshot, takeSnapshot } from '../src/train/saver.ts';
import { guardedStep } from '../src/train/stepper.ts';
import { median } from './statistics.ts';
import { makeUpBatch, measured } from './works.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { set: { type: 'string', multiple: true, default: [] } },
});
const [file = 'configs/quickstart.yaml', stageNumber = '1', steps = '20'] = positionals;
const { config } = readConfig(file, values.set);
const method = createMethod(config);
await method.prepareTraining(silent);
const stage = method.stages[Number(stageNumber) - 1];
const trainable = method.begin(stage);

const cpuSeconds = async (iterate: () => void) => (await measured({ iterate })).cpuSeconds;
const seconds = async (iterate: () => Promise<void>) => (await measured({ iterate })).seconds;

/** As training would be without the guard. */
function plainStep(batch: Batch): void {
  const { tensors } = trainable.inputs(batch);
  tf.dispose([trainable.step(tensors), tensors]);
}

/**
 * Against training without the guard, where the losses alone are read, as rarely as they are logged. In turns, either
 * first, so that whatever else the machine does falls on both.
 */
async function measureGuard(batch: Batch): Promise<void> {
  const plain: number[] = [];
  const guarded: number[] = [];
  await guardedStep(trainable, batch);
  for (let i = 0; i < Number(steps); i++) {
    const turns = [
      async () => plain.push(await cpuSeconds(() => plainStep(batch))),
      async () => guarded.push(await cpuSeconds(() => void guardedStep(trainable, batch))),
    ];
    for (const turn of i % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  const [without, withIt] = [median(plain), median(guarded)];
  console.log(
    `${stage.name}, batch ${stage.batch}: a step takes ${(1000 * without).toFixed(0)} ms of CPU time, guarded ` +
      `${(1000 * withIt).toFixed(0)} ms (${((100 * withIt) / without - 100).toFixed(1)} % more; medians of ${steps})`,
  );
}

async function measureCheckpoint(): Promise<void> {
  const folder = await mkdtemp(join('.', 'checkpoint-cost-'));
  const writer = new CheckpointWriter();
  try {
    for (const step of [1, 2]) {
      const head = { step, stage: { index: 0, name: stage.name, step }, config, random: {}, metrics: {} };
      let tensors: Snapshot['tensors'] = {};
      const stall = await seconds(async () => {
        ({ tensors } = takeSnapshot(method, trainable));
      });
      let path = '';
      const written = await seconds(async () => {
        ({ path } = await writer.write(folder, { head, tensors }));
      });
      const sizes = await Promise.all(
        (await readdir(path)).map(async (name) => (await stat(join(path, name))).size),
      );
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      console.log(
        `Checkpoint ${step}: ${(bytes / 1e6).toFixed(0)} MB; training waits ${stall.toFixed(2)} s for the copy; ` +
          `on the disk ${written.toFixed(1)} s later`,
      );
    }
  } finally {
    await writer.close();
    await rm(folder, { recursive: true });
  }
}

if (Number(steps) > 0) await measureGuard(makeUpBatch(config, stage.batch));
await measureCheckpoint();
