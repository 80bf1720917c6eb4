/** Steps of narrow networks, as one process or one of several workers does them; see workers.test.ts. */
import type { Method } from '../../src/core/method.ts';
import type { Batch } from '../../src/data/types.ts';
import { configSchemas, createMethod } from '../../src/models/registry.ts';
import { workerCount } from '../../src/ops/collectives.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { plainly } from '../../src/ops/tuning.ts';
import { silent } from '../../src/runtime/progress.ts';
import { ownPlaces } from '../../src/train/plan.ts';
import { type Compile, Stepper } from '../../src/train/stepper.ts';
import { tinyConfig, tinyMethod } from '../models/dps/tiny.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { batches, runAll, valuesOf } from './batches.ts';

interface Case {
  readonly make: () => Method;
  /** The stage, by its place among the method's. */
  readonly stage: number;
  readonly compile?: Compile;
  readonly accumulate?: number;
  readonly plain?: boolean;
}

const maskedPconv = () =>
  createMethod(
    configSchemas().zod.parse({
      method: 'pconv',
      resolution: 64,
      data: { source: { kind: 'faces' } },
      model: { width: 4, depth: 5, sketch: true },
      loss: { variant: 'mmagic' },
    }),
  );

/** Batch, spectral and instance normalisation, dropout, means over the hole's pixels, several batches a step. */
export const cases: Readonly<Record<string, Case>> = {
  'F of Deep Plastic Surgery': { make: () => tinyMethod(tinyConfig()), stage: 0 },
  'G of Deep Plastic Surgery': { make: () => tinyMethod(tinyConfig()), stage: -1 },
  pix2pix: { make: () => tinyMethods.pix2pix(), stage: 0 },
  // The plain forms are those of a GPU.
  'partial convolutions, call by call': { make: maskedPconv, stage: 0, compile: false, plain: true },
  'F of Deep Plastic Surgery, two batches a step': {
    make: () => tinyMethod(tinyConfig()),
    stage: 0,
    accumulate: 2,
  },
};

/** The samples of a step, those of all workers. */
const SAMPLES = 4;

/** What three steps are, of which the second cannot count, for a sample of the last worker is not finite. */
export async function stepsOf({ make, stage: index, compile = true, accumulate = 1, plain = false }: Case) {
  const method = make();
  await method.prepareTraining(silent);
  const stage = method.stages.at(index)!;
  const trainable = method.begin(stage);
  const stepper = new Stepper(trainable, { stage: stage.name, compile, reporter: silent, accumulate });
  const places = ownPlaces({ batch: SAMPLES / accumulate, accumulate });
  const all = batches(2, SAMPLES);
  const { image } = all[0];
  const bad = tf.concat([tf.zeros([SAMPLES - 1, 64, 64, 3]), tf.fill([1, 64, 64, 3], Number.NaN)], 0);
  const steps = [all[0], { ...all[0], image: tf.add(image, bad) as Tensor4D }, all[1]].map(
    (batch) =>
      Object.fromEntries(
        Object.entries(batch).map(([name, x]) => [name, tf.gather(x, places)]),
      ) as unknown as Batch,
  );
  const run = (some: readonly Batch[]) =>
    plain ? plainly(() => runAll(stepper, some)) : runAll(stepper, some);
  const [first] = run(steps.slice(0, 1));
  const state = valuesOf(trainable);
  const rest = run(steps.slice(1));
  const result = {
    workers: workerCount(),
    outcomes: [first, ...rest].map(({ values, kept }) => ({ values, kept })),
    /** After the first step, and after all. */
    state,
    last: valuesOf(trainable),
    position: JSON.stringify(trainable.position()),
  };
  stepper.dispose();
  method.dispose();
  return result;
}

export type Steps = Awaited<ReturnType<typeof stepsOf>>;
