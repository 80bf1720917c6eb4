/** Trainings that go wrong: steps whose numbers are not finite, discriminators that have won, memory that runs out. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import type { Collapse, NamedTensors, StagePlan, Trainable } from '../core/method.ts';
import type { Batch } from '../data/types.ts';
import { type Tensor, type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { type TensorData, writeSafetensors } from '../weights/safetensors.ts';
import { drawGrid } from './grid.ts';

/** What one step measured, see `StepScalars` in core/method.ts. */
export interface StepValues {
  readonly losses: Readonly<Record<string, number>>;
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly l?: number | undefined;
  /** Where the stage says what its optimisers' is. */
  readonly learningRate?: number | undefined;
}

/** The names of the values that are NaN or infinite, for example `discriminator loss`. */
export function notFinite({ losses, gradientNorms }: StepValues): string[] {
  const named = [
    ...Object.entries(losses).map(([name, value]) => [`${name} loss`, value] as const),
    ...Object.entries(gradientNorms).map(([name, value]) => [`${name} gradient`, value] as const),
  ];
  return named.filter(([, value]) => !Number.isFinite(value)).map(([name]) => name);
}

/** Discarded steps count for so many steps. */
const WINDOW = 1000;
/** Folders that a run may have: a batch is megabytes, and the first ones tell most. */
const MOST_FOLDERS = 20;

/** A discarded step; the training stands as before it. */
export interface Fault {
  /** The step that it would have been. */
  readonly step: number;
  readonly stage: string;
  readonly sampleIds: readonly string[];
  readonly batch: Batch;
  readonly values: StepValues;
  readonly trainable: Trainable;
}

export interface FaultLogOptions {
  /** Where each fault gets a folder. */
  readonly folder: string;
  readonly config: RunConfig;
  readonly reporter: Reporter;
}

export class FaultLog {
  readonly #options: FaultLogOptions;
  #steps: number[] = [];

  constructor(options: FaultLogOptions) {
    this.#options = options;
  }

  /**
   * Writes `step-N/` with the batch (`batch.png`, `batch.safetensors`) and `fault.json`, and warns.
   *
   * @throws UserError when `training.maxBadSteps` of the last 1,000 steps are exceeded.
   */
  async record(fault: Fault): Promise<void> {
    const { config, reporter, folder } = this.#options;
    this.#steps = [...this.#steps.filter((step) => step > fault.step - WINDOW), fault.step];
    const names = notFinite(fault.values);
    const state = tf.tidy(() => unsound(fault.trainable.state()));
    const { image, sketch, hole } = fault.batch;
    const cause = describeCause(
      tf.tidy(() => unsound({ image, sketch, hole })),
      state,
    );
    const where = await this.#write(fault, { notFinite: names, cause, unsoundState: state });
    const limit = config.training.maxBadSteps;
    if (this.#steps.length > limit) {
      throw new UserError('Training ends: too many steps gave numbers that are not finite.', {
        where: `step ${fault.step}, stage ${fault.stage}: ${names.join(', ')}`,
        expected: `at most ${limit} such steps in ${WINDOW} (training.maxBadSteps)`,
        got: `${this.#steps.length}; the last one: ${cause}`,
        fix: `look at ${folder}; go on from an earlier checkpoint, or lower training.optimizer.learningRate`,
      });
    }
    reporter.warn(
      `Step ${fault.step} was discarded: ${names.join(', ')} not finite; ${cause}. ` +
        `Nothing has changed, the next batch follows (${this.#steps.length} of ${limit} tolerated). ${where}`,
    );
  }

  /** Returns a sentence on where it lies. Never throws: what can be kept of a fault is no reason to end. */
  async #write(fault: Fault, findings: Record<string, unknown>): Promise<string> {
    const { folder, config } = this.#options;
    try {
      await mkdir(folder, { recursive: true });
      const used = await readdir(folder);
      if (used.length >= MOST_FOLDERS) return `Not written: ${folder} holds ${used.length} already.`;
      const repeated = used.filter((name) => name.split('.')[0] === `step-${fault.step}`).length;
      const path = join(folder, `step-${fault.step}${repeated > 0 ? `.${repeated + 1}` : ''}`);
      const { step, stage, sampleIds, values, batch } = fault;
      const report = {
        step,
        stage,
        time: new Date().toISOString(),
        ...findings,
        ...values,
        sampleIds,
        config,
      };
      await writeFileAtomically(join(path, 'fault.json'), `${toJson(report)}\n`);
      const tensors = Object.entries(batch) as [string, Tensor4D][];
      const arrays = tensors.map(
        ([name, tensor]) => [name, { shape: tensor.shape, data: tensor.dataSync() as TensorData }] as const,
      );
      await writeSafetensors(join(path, 'batch.safetensors'), arrays);
      await writeFileAtomically(join(path, 'batch.png'), await draw(batch));
      return `See ${path}.`;
    } catch (error) {
      return `Its batch could not be written: ${(error as Error).message}`;
    }
  }
}

async function draw({ image, sketch, hole }: Batch): Promise<Buffer> {
  const grey = (plane: Tensor) => tf.tile(plane, [1, 1, 1, 3]) as Tensor4D;
  const shown = tf.tidy(() => ({
    photo: image.clone(),
    sketch: grey(sketch),
    hole: grey(tf.sub(tf.mul(hole, 2), 1)),
  }));
  const { png } = await drawGrid(shown);
  tf.dispose(shown);
  return png;
}

/** The names of the tensors that hold NaN or infinity. */
function unsound(tensors: NamedTensors): string[] {
  return Object.entries(tensors)
    .filter(([, tensor]) => tensor.dtype === 'float32' && tf.all(tf.isFinite(tensor)).dataSync()[0] === 0)
    .map(([name]) => name);
}

function describeCause(batch: readonly string[], state: readonly string[]): string {
  if (batch.length > 0) return `the batch itself is not (${batch.join(', ')})`;
  if (state.length > 0) {
    const more = state.length > 3 ? ` and ${state.length - 3} more` : '';
    return `weights or optimiser state are not (${state.slice(0, 3).join(', ')}${more}), so no step can succeed`;
  }
  return 'batch and weights are, so a value overflowed on the way';
}

/** JSON has no NaN and no infinity: they become strings. */
function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, item) => (typeof item === 'number' && !Number.isFinite(item) ? String(item) : item),
    1,
  );
}

/** Steps in a row after which its loss counts as gone for good. */
const COLLAPSE_PATIENCE = 200;

/** Warns, once, when a discriminator's loss stays at nearly 0. One for each stage. */
export class CollapseWatch {
  readonly #collapse: Collapse | undefined;
  readonly #reporter: Reporter;
  #since: number | undefined;
  #warned = false;

  /** @param collapse of the stage; where it has none nothing is noticed. */
  constructor(collapse: Collapse | undefined, reporter: Reporter) {
    this.#collapse = collapse;
    this.#reporter = reporter;
  }

  /** @param losses of `step`, weighted, by name. */
  observe(step: number, losses: Readonly<Record<string, number>>): void {
    if (!this.#collapse || this.#warned) return;
    const loss = losses[this.#collapse.loss];
    if (loss === undefined || loss >= this.#collapse.below) {
      this.#since = undefined;
      return;
    }
    this.#since ??= step;
    if (step - this.#since + 1 < COLLAPSE_PATIENCE) return;
    this.#warned = true;
    this.#reporter.warn(
      `The discriminator's loss has been almost 0 for ${COLLAPSE_PATIENCE} steps, since step ${this.#since}: it tells real ` +
        'images from generated ones without fail, and the generator learns nothing more from it. If the sample grids ' +
        `get no better, try ${this.#collapse.advice}.`,
    );
  }
}

/** Whether TensorFlow or JavaScript could not allocate memory. */
export function isOutOfMemory(error: unknown): boolean {
  // 8 is TensorFlow's RESOURCE_EXHAUSTED.
  const failed = /TF_Status: 8\b|OOM when allocating|Array buffer allocation failed|bad_alloc/;
  return error instanceof Error && failed.test(error.message);
}

/** The UserError for a failed allocation, TensorFlow's or JavaScript's; any other error as it is. */
export function explainMemory(error: unknown, { name, batch }: StagePlan): unknown {
  if (!isOutOfMemory(error)) return error;
  return new UserError('There is not enough memory for this training.', {
    where: `stage ${name}, batches of ${batch}`,
    expected: 'the memory that the plan shows, and some more',
    got: (error as Error).message.replaceAll(/\s*\n\s*/g, ' '),
    fix: 'end other programs, or begin a new run with a smaller `batch` of that stage or narrower networks (model.width)',
  });
}
