/** Computations of tensors that run as one TensorFlow function where they are called again and again. */
import type { Tensor, Variable } from '../ops/tf.ts';
import { FunctionBuilder, type Output, type TensorFlowFunction } from './function.ts';
import { lookUp, type ValueId } from './graph.ts';
import { record } from './record.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export interface CompileOptions {
  /**
   * Variables, by name, whose values may change between calls. All others are constants, which lets TensorFlow keep them in
   * the layout in which it multiplies.
   */
  readonly weights?: Readonly<Record<string, Variable>>;
}

interface Form {
  readonly run: TensorFlowFunction;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly variables: readonly Variable[];
}

export class CompiledFunction {
  readonly #compute: (inputs: Record<string, Tensor>) => Record<string, Tensor>;
  readonly #weights: Readonly<Record<string, Variable>>;
  /** By the shapes of inputs; undefined for shapes that have been seen once. */
  readonly #forms = new Map<string, Form | undefined>();

  /** @param compute a function of its inputs and of weights alone, which reads no tensor's numbers. */
  constructor(
    compute: (inputs: Record<string, Tensor>) => Record<string, Tensor>,
    { weights = {} }: CompileOptions = {},
  ) {
    this.#compute = compute;
    this.#weights = weights;
  }

  /**
   * The results by name, which the caller disposes of. With inputs of shapes that it has not had, it runs operation by
   * operation the first time, since recording pays only where there are more.
   *
   * @throws Error when it cannot be recorded, or TensorFlow does not take what was recorded.
   */
  call(inputs: Tensors): Record<string, Tensor> {
    const key = shapesOf(inputs);
    if (!this.#forms.has(key)) {
      this.#forms.set(key, undefined);
      return this.#compute({ ...inputs });
    }
    const form = this.#forms.get(key) ?? this.#compile(inputs);
    this.#forms.set(key, form);
    const results = form.run.call([...form.inputs.map((name) => inputs[name]), ...form.variables]);
    return Object.fromEntries(form.outputs.map((name, i) => [name, results[i]]));
  }

  #compile(inputs: Tensors): Form {
    const names = new Map(Object.entries(this.#weights).map(([name, { dataId }]) => [dataId, name]));
    const recording = record(inputs, () => this.#compute({ ...inputs }), names);
    const builder = new FunctionBuilder();
    const places = new Map<ValueId, Output>();
    for (const id of recording.inputs.values()) places.set(id, builder.input(lookUp(recording.values, id)));
    const variables: Variable[] = [];
    for (const [id, constant] of recording.constants) {
      const variable = constant.name === undefined ? undefined : this.#weights[constant.name];
      if (variable) variables.push(variable);
      const value = lookUp(recording.values, id);
      places.set(id, variable ? builder.input(value) : builder.constant(value.type, constant));
    }
    for (const node of recording.nodes) {
      const name = builder.recorded(
        node,
        recording.values,
        node.inputs.map((id) => lookUp(places, id)),
      );
      for (const [i, id] of node.outputs.entries()) places.set(id, `${name}:${i}`);
    }
    return {
      run: builder.build([...recording.outputs.values()].map((id) => lookUp(places, id))),
      inputs: [...recording.inputs.keys()],
      outputs: [...recording.outputs.keys()],
      variables,
    };
  }

  dispose(): void {
    for (const form of this.#forms.values()) form?.run.dispose();
    this.#forms.clear();
  }
}

/** What decides whether a recording fits: names, types and shapes. */
export function shapesOf(tensors: Tensors): string {
  const parts = Object.entries(tensors).map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`);
  return parts.join(', ');
}
