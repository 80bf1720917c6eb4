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
/** In each stage allocators and compilers settle first. */
const WARM_UP_SHARE = 0.2;
/** What resident memory may grow by after that, until the stage ends. */
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
    const begin = performance.now();
    await train({ config, method, data, plan, run, reporter: observer(rows) });
    return { rows, seconds: (performance.now() - begin) / 1000 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const { rows, seconds } = await soak();
const every = STEPS / ROWS;
const shown = rows.filter(
  ({ step }, k) => Math.floor(step / every) > Math.floor((rows[k - 1]?.step ?? 0) / every),
);
const cells = shown.map(({ step, stage, tensors, resident, heap }) => [
  String(step),
  stage,
  String(tensors),
  resident.toFixed(0),
  heap.toFixed(0),
]);
for (const line of table(['step', 'stage', 'tensors', 'resident, MB', 'JS heap, MB'], cells))
  console.log(line);

const most = (of: readonly Row[], key: 'tensors' | 'resident') => Math.max(...of.map((row) => row[key]));
let isFlat = true;
for (const stage of new Set(rows.map((row) => row.stage))) {
  const all = rows.filter((row) => row.stage === stage);
  const warm = all.filter(({ share }) => share >= WARM_UP_SHARE);
  const growth = most(warm, 'resident') / warm[0].resident - 1;
  // Networks are TensorFlow's between two steps and TF.js's, too, where they are looked at: so there are two counts.
  const early = most(
    all.filter(({ share }) => share <= 0.5),
    'tensors',
  );
  const late = most(
    all.filter(({ share }) => share > 0.5),
    'tensors',
  );
  console.log(
    `${stage}: at most ${early} tensors in its first half, ${late} then; memory grew by ${(100 * growth).toFixed(1)} %`,
  );
  isFlat &&= late <= early && growth <= MOST_GROWTH;
}
console.log(
  `${STEPS} steps in ${seconds.toFixed(0)} s, a checkpoint every ${CHECKPOINT_SECONDS} s: memory is ${isFlat ? '' : 'not '}flat ` +
    `(bound of each stage after its first fifth: ${100 * MOST_GROWTH} %, and no tensor more).`,
);
if (!isFlat) process.exitCode = 1;
