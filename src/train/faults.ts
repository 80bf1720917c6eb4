/** What becomes of steps whose numbers are not finite: a folder for whoever looks into it, and an end to patience. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import type { NamedTensors, Trainable } from '../core/method.ts';
import type { Batch } from '../data/types.ts';
import { type Tensor, type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { type TensorData, writeSafetensors } from '../weights/safetensors.ts';
import { drawGrid } from './grid.ts';
import { notFinite, type StepValues } from './guard.ts';

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
