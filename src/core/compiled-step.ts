/**
 * A training step as one function of TensorFlow. A step is recorded while it runs call by call; the function does the same
 * to variables that stay in TensorFlow, and guards them: a step whose numbers are not finite leaves all as it was.
 */
import type { TensorFlowFunction } from '../graph/function.ts';
import { type Recording, record } from '../graph/record.ts';
import type { Attribute } from '../ops/raw.ts';
import { assignResource, createResource, destroyResource, readResource } from '../ops/resource.ts';
import { type Tensor, tf, type Variable } from '../ops/tf.ts';
import type { NamedTensors, StepScalars } from './method.ts';
import { type Guard, StepFunction } from './step-function.ts';

/** The variables of a stage as TensorFlow's own, which functions change in place. */
export class DeviceVariables {
  readonly #handles = new Map<Variable, Tensor>();
  /** Those that are ours to free; others are an optimiser's. */
  readonly #own: Tensor[] = [];
  /** The data that TF.js's variable had when both were equal. */
  readonly #equal = new Map<Variable, object>();
  /** Set once a step was not done: those that follow are not done either, until the host has seen it. */
  readonly halted = createResource([], 'bool');
  #ahead = false;

  constructor() {
    this.#own.push(this.halted);
    this.resume();
  }

  /** Lets steps happen again. */
  resume(): void {
    tf.tidy(() => assignResource(this.halted, tf.scalar(false, 'bool'), 'bool'));
  }

  /** The handle of a variable. @param handle an optimiser's that takes the place of one of our own. */
  handle(variable: Variable, handle?: Tensor): Tensor {
    const known = this.#handles.get(variable);
    if (known) return known;
    const made = handle ?? createResource(variable.shape);
    if (!handle) this.#own.push(made);
    this.#handles.set(variable, made);
    return made;
  }

  /** Gives TensorFlow the values that TF.js's variables have been given since. */
  push(): void {
    for (const [variable, handle] of this.#handles) {
      if (this.#equal.get(variable) === variable.dataId) continue;
      assignResource(handle, variable);
      this.#equal.set(variable, variable.dataId);
    }
  }

  /** TensorFlow's are about to change. */
  moveOn(): void {
    this.#ahead = true;
  }

  /** Gives TF.js's variables the values that TensorFlow has: before anything but a compiled step looks at them. */
  pull(): void {
    if (!this.#ahead) return;
    for (const [variable, handle] of this.#handles) {
      tf.tidy(() => variable.assign(readResource(handle) as Variable));
      this.#equal.set(variable, variable.dataId);
    }
    this.#ahead = false;
  }

  dispose(): void {
    for (const handle of this.#own) destroyResource(handle);
  }
}

/**
 * Constants of so many numbers are handed to the function at each call. TensorFlow would keep several copies of those in it:
 * the networks of a perceptual loss and of lower levels would need a gigabyte at the paper's widths.
 */
export const LARGE = 2 ** 16;

/** What {@link recordStep} gives: the step that it did, and how to do it again. */
export interface RecordedStep {
  readonly scalars: StepScalars;
  readonly recording: Recording;
  /** The variables that the step changed, by the names of the recording's outputs. */
  readonly changed: ReadonlyMap<string, Variable>;
}

/**
 * Runs a step call by call and records it.
 *
 * @param weights all variables that the step may change, by name.
 * @param step leaves no tensors but its scalars, which the caller disposes of.
 * @throws Error when the step reads numbers that depend on its inputs.
 */
export function recordStep(
  inputs: NamedTensors,
  weights: Readonly<Record<string, Variable>>,
  step: (inputs: NamedTensors) => StepScalars,
): RecordedStep {
  const entries = Object.entries(weights);
  const before = new Map(entries.map(([name, { dataId }]) => [name, dataId]));
  const changed = new Map<string, Variable>();
  const done: StepScalars[] = [];
  const names = new Map(entries.map(([name, { dataId }]) => [dataId, name]));
  const run = () => {
    const scalars = step(inputs);
    done.push(scalars);
    for (const [name, variable] of entries)
      if (variable.dataId !== before.get(name)) changed.set(name, variable);
    return {
      ...prefixed('loss/', scalars.losses),
      ...prefixed('norm/', scalars.gradientNorms),
      ...Object.fromEntries(changed),
    };
  };
  const recording = record(inputs, run, names, LARGE);
  return { scalars: done[0], recording, changed };
}

const prefixed = <T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

/** A recorded step, for inputs of the shapes that it was recorded with. */
export class CompiledStep {
  readonly #function: TensorFlowFunction;
  readonly #inputs: readonly string[];
  readonly #captured: readonly Tensor[];
  readonly #held: readonly Tensor[];
  readonly #losses: readonly string[];
  readonly #norms: readonly string[];
  readonly #variables: DeviceVariables;

  constructor(step: RecordedStep, variables: DeviceVariables, guard: Guard) {
    const maker = new StepFunction(step, variables, guard);
    this.#function = maker.build();
    this.#captured = maker.captured;
    this.#held = [...step.recording.held.values()];
    this.#inputs = [...step.recording.inputs.keys()];
    this.#losses = Object.keys(step.scalars.losses);
    this.#norms = Object.keys(step.scalars.gradientNorms);
    this.#variables = variables;
  }

  /** A step. @returns its losses and lengths of gradients [k] on the device, in the order of `names`. */
  run(inputs: NamedTensors, attributes: readonly Attribute[] = []): Tensor {
    this.#variables.push();
    this.#variables.moveOn();
    const given = this.#inputs.map((name) => inputs[name]);
    const [values] = this.#function.call([...given, ...this.#captured], attributes);
    return values;
  }

  /** The numbers of {@link run} by their names. */
  named(values: ArrayLike<number>): {
    losses: Record<string, number>;
    gradientNorms: Record<string, number>;
  } {
    const from = (names: readonly string[], start: number) =>
      Object.fromEntries(names.map((name, i) => [name, values[start + i]]));
    return { losses: from(this.#losses, 0), gradientNorms: from(this.#norms, this.#losses.length) };
  }

  dispose(): void {
    this.#function.dispose();
    tf.dispose([...this.#held]);
  }
}
