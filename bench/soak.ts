/**
 * Trains the smoke config for a long time, with checkpoints and sample grids all along, and shows that memory stays
 * flat: `node --import tsx bench/soak.ts [STEPS]`. Ends with status 1 where it does not.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunFolder } from '../src/core/run-folder.ts';
import { prepare } from '../src/data/prepare.ts';
import { readConfig } from '../src/models/read-config.ts';
import { createMethod } from '../src/models/registry.ts';
import { tf } from '../src/ops/tf.ts';
import { type Reporter, silent } from '../src/runtime/progress.ts';
import { train } from '../src/train/loop.ts';
import { makePlan, table } from '../src/train/plan.ts';

const STEPS = Number(process.argv[2] ?? 5000);
const ROWS = 20;
/** Seconds between checkpoints. */
const CHECKPOINT_SECONDS = 5;
/** Allocators and compilers settle first. */
const WARM_UP_SHARE = 0.2;
/** What resident memory may grow by after that. */
const MOST_GROWTH = 0.02;

interface Row {
  readonly step: number;
  readonly stage: string;
  readonly tensors: number;
  readonly resident: number;
  readonly heap: number;
}

/** Takes a row every so many steps of all stages together. */
function observer(rows: Row[], tensorsByStage: Map<string, Set<number>>): Reporter {
  let step = 0;
  return {
    ...silent,
    warn: (message) => console.error(`Warning: ${message}`),
    task: (stage) => ({
      update() {
        step += 1;
        const tensors = tf.memory().numTensors;
        tensorsByStage.set(stage, (tensorsByStage.get(stage) ?? new Set()).add(tensors));
        if (step % Math.ceil(STEPS / ROWS) !== 0) return;
        const { rss, heapUsed } = process.memoryUsage();
        rows.push({ step, stage, tensors, resident: rss / 2 ** 20, heap: heapUsed / 2 ** 20 });
      },
      finish() {},
    }),
  };
}

async function soak(): Promise<{ rows: Row[]; tensorsByStage: Map<string, Set<number>>; seconds: number }> {
  const stageSteps = Math.floor(STEPS / 7);
  const level = (batch: number) => ({
    batch,
    atFullRefinement: { steps: stageSteps },
    atDrawnRefinement: { steps: stageSteps },
    holePool: 8,
  });
  const { config } = readConfig('configs/smoke.yaml', [
    `training.imageGenerator.duration={steps: ${STEPS - 6 * stageSteps}}`,
    `training.levels=${JSON.stringify([level(4), level(2), level(2)])}`,
    `output={logEvery: 10, samplesEvery: 100, checkpointMinutes: ${CHECKPOINT_SECONDS / 60}}`,
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  try {
    const data = await prepare({ config, reporter: silent });
    const method = createMethod(config);
    await method.prepareTraining(silent);
    const plan = makePlan(method, data.samples.train.length);
    const run = await createRunFolder(folder, config);
    const rows: Row[] = [];
    const tensorsByStage = new Map<string, Set<number>>();
    const begin = performance.now();
    await train({ config, method, data, plan, run, reporter: observer(rows, tensorsByStage) });
    return { rows, tensorsByStage, seconds: (performance.now() - begin) / 1000 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const { rows, tensorsByStage, seconds } = await soak();
const cells = rows.map(({ step, stage, tensors, resident, heap }) => [
  String(step),
  stage,
  String(tensors),
  resident.toFixed(0),
  heap.toFixed(0),
]);
for (const line of table(['step', 'stage', 'tensors', 'resident, MB', 'JS heap, MB'], cells))
  console.log(line);

const warm = rows.filter(({ step }) => step >= WARM_UP_SHARE * STEPS);
const growth = Math.max(...warm.map(({ resident }) => resident)) / warm[0].resident - 1;
const uneven = [...tensorsByStage].filter(([, counts]) => counts.size > 1);
console.log(
  `${STEPS} steps in ${seconds.toFixed(0)} s, a checkpoint every ${CHECKPOINT_SECONDS} s. ` +
    `Tensors within a stage: ${uneven.length === 0 ? 'always as many' : 'not always as many'}. ` +
    `Resident memory after step ${warm[0].step}: at most ${(100 * growth).toFixed(1)} % more (bound: ${100 * MOST_GROWTH} %).`,
);
for (const [stage, counts] of uneven) console.error(`${stage}: ${[...counts].join(', ')} tensors`);
if (uneven.length > 0 || growth > MOST_GROWTH) process.exitCode = 1;
