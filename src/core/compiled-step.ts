/** A training step as one call into TensorFlow, guarded: one whose numbers are not finite leaves all as it was. */
import type { TensorFlowFunction } from '../graph/function.ts';
import type { Attribute } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import type { Precision } from '../ops/tuning.ts';
import type { DeviceVariables } from './device-variables.ts';
import type { NamedTensors } from './method.ts';
import { type Guard, type RecordedStep, StepFunction } from './step-function.ts';

/** A recorded step, for inputs of the shapes that it was recorded with. */
export class CompiledStep {
  readonly #function: TensorFlowFunction;
  readonly #inputs: readonly string[];
  readonly #captured: readonly Tensor[];
  readonly #held: readonly Tensor[];
  readonly #losses: readonly string[];
  readonly #norms: readonly string[];
  readonly #variables: DeviceVariables;

  constructor(step: RecordedStep, variables: DeviceVariables, guard: Guard, precision?: Precision) {
    const maker = new StepFunction(step, variables, guard);
    this.#function = maker.build(precision);
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

  /** Names of the losses, which are the first numbers of {@link run}. */
  get losses(): readonly string[] {
    return this.#losses;
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
