/**
 * Trains a generator of the smoke config for a long time, with checkpoints and sample grids all along, and shows that memory stays
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
/** Of each stage beside the one that is looked at: memory of different networks does not compare. */
const SHORT_STEPS = 50;
/** Allocators settle first: it takes them about two thousand steps. */
const WARM_UP_SHARE = 0.5;
/** What resident memory may grow by after that. */
const MOST_GROWTH = 0.02;

interface Row {
  /** Of all stages together. */
  readonly step: number;
  readonly stage: string;
  /** How much of the stage is done. */
  readonly share: number;
  readonly tensors: number;
  readonly resident: number;
  readonly heap: number;
}

/** Takes a row whenever training shows how far it is: every ten steps or so. */
function observer(rows: Row[]): Reporter {
  let before = 0;
  return {
    ...silent,
    warn: (message) => console.error(`Warning: ${message}`),
    task: (stage, total) => ({
      update(done) {
        const { rss, heapUsed } = process.memoryUsage();
        const [resident, heap] = [rss / 2 ** 20, heapUsed / 2 ** 20];
        const { numTensors: tensors } = tf.memory();
        rows.push({ step: before + done, stage, share: done / total, tensors, resident, heap });
      },
      finish() {
        before += total;
      },
    }),
  };
}

async function soak(): Promise<{ rows: Row[]; seconds: number }> {
  const level = (batch: number, steps = SHORT_STEPS) => ({
    batch,
    atFullRefinement: { steps: SHORT_STEPS },
    atDrawnRefinement: { steps },
    holePool: 8,
  });
  const { config } = readConfig('configs/smoke.yaml', [
    `training.imageGenerator.duration={steps: ${SHORT_STEPS}}`,
    `training.levels=${JSON.stringify([level(4, STEPS), level(2), level(2)])}`,
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
    const begin = performance.now();
    await train({ config, method, data, plan, run, reporter: observer(rows) });
    return { rows, seconds: (performance.now() - begin) / 1000 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const { rows: all, seconds } = await soak();
const rows = all.filter(({ stage }) => stage === 'G16, any l');
const every = 1 / ROWS;
const shown = rows.filter(
  ({ share }, k) => Math.floor(share / every) > Math.floor((rows[k - 1]?.share ?? 0) / every),
);
const cells = shown.map(({ step, tensors, resident, heap }) => [
  String(step),
  String(tensors),
  resident.toFixed(0),
  heap.toFixed(0),
]);
for (const line of table(['step', 'tensors', 'resident, MB', 'JS heap, MB'], cells)) console.log(line);

const most = (of: readonly Row[], key: 'tensors' | 'resident') => Math.max(...of.map((row) => row[key]));
const warm = rows.filter(({ share }) => share >= WARM_UP_SHARE);
const growth = most(warm, 'resident') / warm[0].resident - 1;
const early = most(
  rows.filter(({ share }) => share < WARM_UP_SHARE),
  'tensors',
);
const late = most(warm, 'tensors');
console.log(
  `${STEPS} steps of G, after ${warm[0].step - rows[0].step} of them at most ${(100 * growth).toFixed(1)} % more memory (bound: ${100 * MOST_GROWTH} %) ` +
    `and at most ${late} tensors (before: ${early}); all stages took ${seconds.toFixed(0)} s, with a checkpoint every ${CHECKPOINT_SECONDS} s.`,
);
if (late > early || growth > MOST_GROWTH) process.exitCode = 1;
