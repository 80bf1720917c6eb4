/**
 * Runs the steps of a stage. Compiled, a step is one call that waits for nothing: its numbers are read when somebody wants
 * them, for several steps at once. Call by call they are known at once.
 */
import { accumulationInputs } from '../core/accumulate.ts';
import { CompiledStep } from '../core/compiled-step.ts';
import { DeviceVariables } from '../core/device-variables.ts';
import type { NamedTensors, Position, Scalars, StepInputs, StepScalars, Trainable } from '../core/method.ts';
import { type RecordedStep, recordStep } from '../core/step-function.ts';
import type { Batch } from '../data/types.ts';
import { shapesOf } from '../graph/compiled.ts';
import { lookUp, type ValueId } from '../graph/graph.ts';
import type { Recording } from '../graph/record.ts';
import { explainLostWorker } from '../ops/coordination.ts';
import { floatingPointOperations } from '../ops/flops.ts';
import { releaseMemory } from '../ops/memory.ts';
import { type Attribute, attribute, nativeBackend } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import { inPrecision, type Precision } from '../ops/tuning.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { accumulatedStep, type PartCall, partCalls, splitBatch } from './accumulated-step.ts';
import { isOutOfMemory, notFinite, type StepValues } from './faults.ts';

/** `runtime.compile` of a configuration. */
export type Compile = boolean | 'xla';

/** A batch, and the ids of its samples. */
export interface StepBatch {
  readonly batch: Batch;
  readonly sampleIds: readonly string[];
}

/** A step whose numbers are known. Where they are not finite it has changed nothing but the position in the data. */
export interface Outcome extends StepBatch {
  readonly values: StepValues;
  readonly kept: boolean;
}

/** A step that TensorFlow has been given. */
interface Pending extends StepBatch {
  readonly compiled: CompiledStep;
  /** Its losses and lengths of gradients, on the device. */
  readonly values: Tensor;
  readonly l: number | undefined;
  readonly learningRate: number | undefined;
  /** Its number in the stage. */
  readonly step: number;
  /** Where random streams and optimisers stood before it. */
  readonly before: Position;
}

/** Steps that may wait for somebody to read their numbers, and the bytes that their batches may take meanwhile. */
const MOST_PENDING = 8;
const MOST_PENDING_BYTES = 64e6;

export interface StepperOptions {
  /** The stage's name. */
  readonly stage: string;
  readonly compile: Compile;
  /** Of compiled steps. Default: float32. */
  readonly precision?: Precision;
  readonly reporter: Reporter;
  /** Steps of the stage that were done before. Default: none. */
  readonly done?: number;
  /** The rate of a step of the stage, 0 being its first. Default: each optimiser's own. */
  readonly learningRate?: ((step: number) => number | undefined) | undefined;
  /** So many batches make a step; it is given them as one. Default: 1. */
  readonly accumulate?: number | undefined;
}

export class Stepper {
  readonly #trainable: Trainable;
  readonly #variables = new DeviceVariables();
  /** By the shapes of batches: a step's function, or the functions of its parts. */
  readonly #compiled = new Map<string, Readonly<Record<string, CompiledStep>>>();
  readonly #reporter: Reporter;
  readonly #stage: string;
  #flops: number | undefined;
  readonly #xla: boolean;
  readonly #precision: Precision;
  readonly #accumulate: number;
  readonly #learningRate: (step: number) => number | undefined;
  #compiles: boolean;
  /** Of the stage, counted from 0. */
  #next: number;
  #pending: Pending[] = [];
  #known: Outcome[] = [];

  constructor(
    trainable: Trainable,
    {
      stage,
      compile,
      precision = 'float32',
      reporter,
      done = 0,
      learningRate = () => undefined,
      accumulate = 1,
    }: StepperOptions,
  ) {
    this.#trainable = trainable;
    this.#stage = stage;
    this.#compiles = compile !== false;
    this.#xla = compile === 'xla';
    this.#precision = precision;
    this.#reporter = reporter;
    this.#next = done;
    this.#learningRate = learningRate;
    this.#accumulate = accumulate;
  }

  /**
   * Floating-point operations of the convolutions and products of matrices of a step, forward and backward, as it carries
   * them out; of the last batch's size. Undefined while steps run call by call.
   */
  get flops(): number | undefined {
    return this.#compiles ? this.#flops : undefined;
  }

  /** Steps that {@link settle} will tell of. */
  get open(): number {
    return this.#pending.length + this.#known.length;
  }

  /** Whether {@link settle} must come before the next step. */
  get full(): boolean {
    const bytes = this.#pending.map(
      ({ batch: { image, sketch, hole } }) => 4 * (image.size + sketch.size + hole.size),
    );
    const sum = bytes.reduce((total, one) => total + one, 0);
    return this.#known.length > 0 || bytes.length >= MOST_PENDING || sum >= MOST_PENDING_BYTES;
  }

  /** Does a step on a batch, which is the caller's again once {@link settle} has told of it. */
  run(step: StepBatch): void {
    const compiled =
      this.#compiles && this.#accumulate === 1 ? this.#compiledFor(step.batch)?.step : undefined;
    const learningRate = this.#learningRate(this.#next);
    if (!compiled) {
      const { values, kept } =
        this.#accumulate > 1
          ? this.#accumulated(step.batch, learningRate)
          : guardedStep(this.#trainable, step.batch, learningRate);
      if (kept) this.#next += 1;
      this.#known.push({ ...step, values: { ...values, learningRate }, kept });
      return;
    }
    const before = this.#trainable.position();
    const { tensors, l } = this.#trainable.inputs(step.batch, learningRate);
    try {
      const values = this.#call(compiled, tensors);
      this.#pending.push({ ...step, compiled, l, learningRate, step: this.#next, before, values });
      this.#next += 1;
    } finally {
      tf.dispose(tensors);
    }
  }

  /**
   * Waits for the steps' numbers and tells of each step in order. After one that was not done those that followed it have
   * done nothing either: they are done now, on the same batches.
   */
  *settle(): Generator<Outcome> {
    yield* this.#known.splice(0);
    while (this.#pending.length > 0) {
      const steps = this.#pending.splice(0);
      const numbers = readAll(steps.map(({ values }) => values));
      for (const [i, { compiled, before, step, batch, sampleIds, l, learningRate }] of steps.entries()) {
        const values = { ...compiled.named(numbers[i]), l, learningRate };
        const kept = notFinite(values).length === 0;
        if (!kept) {
          this.#next = step;
          this.#trainable.moveTo(before);
          this.#variables.resume();
          this.bringBack();
        }
        yield { batch, sampleIds, values, kept };
        if (kept) continue;
        for (const again of steps.slice(i + 1)) this.run(again);
        break;
      }
    }
  }

  /** Gives the networks' variables the values that steps have given them on the device; before anybody looks at them. */
  bringBack(): void {
    this.#variables.pull();
  }

  /** Frees what is its own. Batches of steps that nobody was told of are disposed of. */
  dispose(): void {
    this.bringBack();
    for (const { values } of this.#pending) values.dispose();
    for (const { batch } of [...this.#pending, ...this.#known]) tf.dispose({ ...batch });
    for (const functions of this.#compiled.values())
      for (const compiled of Object.values(functions)) compiled.dispose();
    this.#variables.dispose();
  }

  /** A step on a batch that is several in one. */
  #accumulated(batch: Batch, learningRate: number | undefined): { values: StepValues; kept: boolean } {
    const { parts } = this.#trainable;
    if (!parts) throw new Error(`${this.#stage} has no steps on several batches.`);
    const batches = splitBatch(batch, this.#accumulate);
    const functions = this.#compiles ? this.#compiledFor(batches[0]) : undefined;
    const plain = new Map(partCalls(parts));
    const call = (name: PartCall, inputs: NamedTensors) => {
      const compiled = functions?.[name];
      if (compiled) return { values: this.#call(compiled, inputs), names: compiled.losses };
      const scalars = plain.get(name)?.(inputs) as StepScalars;
      const { losses, gradientNorms } = scalars;
      const values = tf.stack([...Object.values(losses), ...Object.values(gradientNorms)]);
      tf.dispose(scalars);
      return { values, names: Object.keys(losses) };
    };
    const bringBack = () => this.bringBack();
    try {
      const done = accumulatedStep(this.#trainable, parts, batches, { learningRate, call, bringBack });
      if (!done.kept) this.#variables.resume();
      return done;
    } finally {
      for (const one of batches) tf.dispose({ ...one });
    }
  }

  #call(compiled: CompiledStep, inputs: NamedTensors): Tensor {
    const attributes: Attribute[] = this.#xla ? [attribute.bool('_XlaMustCompile', true)] : [];
    try {
      return compiled.run(inputs, attributes);
    } catch (error) {
      if (!this.#xla || isOutOfMemory(error)) throw error;
      throw new UserError('XLA cannot compile this training step.', {
        where: `runtime.compile, stage ${this.#stage}`,
        got: (error as Error).message,
        fix: 'train with runtime.compile: true',
      });
    }
  }

  /**
   * The functions for batches of this size; undefined, with a warning, where there can be none. The step that is recorded is
   * undone, so that all steps that count are the function's: a run that is resumed records at another step.
   */
  #compiledFor({ image, sketch, hole }: Batch): Readonly<Record<string, CompiledStep>> | undefined {
    const key = shapesOf({ image, sketch, hole });
    const known = this.#compiled.get(key);
    if (known) return known;
    this.#known.push(...this.settle());
    this.bringBack();
    const trainable = this.#trainable;
    const begin = performance.now();
    releaseMemory();
    const position = trainable.position();
    const before = trainable.state();
    try {
      const steps = this.#record({ image, sketch, hole });
      // A GPU would wait for the host to learn which operations are to run.
      const selects = this.#xla || nativeBackend().isUsingGpuDevice;
      const compiled = steps.map(
        ([name, step]) =>
          [
            name,
            new CompiledStep(step, this.#variables, selects ? 'select' : 'switch', this.#precision),
          ] as const,
      );
      const functions = Object.fromEntries(compiled);
      this.#compiled.set(key, functions);
      const recordings = steps.map(([, { recording }]) => recording);
      this.#flops = this.#accumulate * sumOf(recordings.map(flopsOf));
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      const count = sumOf(recordings.map(({ nodes }) => nodes.length));
      this.#reporter.info(
        `${this.#stage}: a step on ${image.shape[0]} samples is compiled (${count} operations, ${seconds} s).`,
      );
      return functions;
    } catch (error) {
      if (!(error instanceof Error) || isOutOfMemory(error) || explainLostWorker(error) !== error)
        throw error;
      this.#compiles = false;
      this.#reporter.warn(
        `${this.#stage}: steps run operation by operation, which is slower, for they cannot be compiled: ${error.message} ` +
          '(runtime.compile: false asks for that.)',
      );
      return undefined;
    } finally {
      trainable.restore(before);
      trainable.moveTo(position);
      tf.dispose(before);
    }
  }

  /** Records a step, or its parts where several batches make one. */
  #record(batch: Batch): (readonly [string, RecordedStep])[] {
    const trainable = this.#trainable;
    const { parts, weights } = trainable;
    const summed = this.#accumulate > 1 ? parts : undefined;
    summed?.clear();
    const calls = summed
      ? partCalls(summed)
      : [['step', (inputs: NamedTensors) => trainable.step(inputs)] as const];
    const tensors = {
      ...trainable.inputs(batch).tensors,
      ...(summed && accumulationInputs(0, this.#accumulate)),
    };
    try {
      const drawn = JSON.stringify(trainable.position());
      const steps = calls.map(([name, call]) => {
        const step = inPrecision(this.#precision, () => recordStep(tensors, weights, call, !summed));
        tf.dispose(step.scalars);
        return [name, step] as const;
      });
      if (JSON.stringify(trainable.position()) !== drawn)
        throw new Error('The step draws random numbers by itself; they belong into its inputs.');
      return steps;
    } finally {
      tf.dispose(tensors);
    }
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

function flopsOf({ nodes, values }: Recording): number {
  const known = (ids: readonly ValueId[]) => ids.map((id) => lookUp(values, id));
  return nodes.reduce(
    (sum, { op, given, inputs, outputs }) =>
      sum +
      floatingPointOperations({ op, attributes: given, inputs: known(inputs), outputs: known(outputs) }),
    0,
  );
}

/** The numbers of several vectors in one transfer, for each waits for the device. */
function readAll(vectors: readonly Tensor[]): Float32Array[] {
  const all = tf.concat([...vectors]);
  const numbers = all.dataSync() as Float32Array;
  tf.dispose([all, ...vectors]);
  let from = 0;
  return vectors.map(({ size }) => {
    from += size;
    return numbers.subarray(from - size, from);
  });
}

/**
 * Draws a step's inputs and runs it call by call. If a loss or the length of a gradient is not finite, or either throws
 * before that is known, weights, optimisers, statistics and random streams are as before it. The state before is held by
 * reference until then: TensorFlow copies what it changes meanwhile, which is the discriminator's.
 */
export function guardedStep(
  trainable: Trainable,
  batch: Batch,
  learningRate?: number,
): { values: StepValues; kept: boolean } {
  const before = trainable.state();
  const position = trainable.position();
  let inputs: StepInputs | undefined;
  let measured: StepValues | undefined;
  let kept = false;
  try {
    inputs = trainable.inputs(batch, learningRate);
    const scalars = trainable.step(inputs.tensors, (found) => {
      measured = read(found);
      kept = notFinite(measured).length === 0;
      if (kept) tf.dispose(before);
      return kept;
    });
    tf.dispose(scalars);
    if (!measured) throw new Error('The step did not ask whether it is accepted.');
    return { values: { ...measured, l: inputs.l }, kept };
  } finally {
    tf.dispose(inputs?.tensors);
    if (!kept) {
      trainable.restore(before);
      trainable.moveTo(position);
      tf.dispose(before);
    }
  }
}

/** All scalars in one transfer. */
function read({ losses, gradientNorms }: StepScalars): StepValues {
  const stacked = tf.stack([...Object.values(losses), ...Object.values(gradientNorms)]);
  const values = stacked.dataSync();
  stacked.dispose();
  const named = (group: Scalars, from: number) =>
    Object.fromEntries(Object.keys(group).map((name, i) => [name, values[from + i]]));
  return { losses: named(losses, 0), gradientNorms: named(gradientNorms, Object.keys(losses).length) };
}
