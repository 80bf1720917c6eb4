/** A stage's variables as TensorFlow's own, which compiled steps change. */
import {
  assignResource,
  createResource,
  destroyResource,
  readResource,
  releaseValue,
} from '../ops/resource.ts';
import { type Tensor, tf, type Variable } from '../ops/tf.ts';

/** They are changed in place; TF.js's variables follow when they are asked to. */
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

  /** TensorFlow's are about to change; TF.js's hold no memory meanwhile. */
  moveOn(): void {
    if (!this.#ahead) for (const variable of this.#handles.keys()) releaseValue(variable);
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
