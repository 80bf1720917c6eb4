/** Gradients of a loss with respect to variables, in little memory. */
import { engineState, type SelectiveTape } from './gradients.ts';
import { type Tensor, type TensorFlow, tf, type Variable } from './tf.ts';

interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  /** What the operation keeps for its gradient. */
  readonly saved: readonly Tensor[];
  readonly gradient?: (dys: (Tensor | undefined)[]) => Record<string, () => Tensor>;
}

/**
 * The operations that depend on some variables, in the order in which they ran. TF.js takes it for its own tape, an
 * array to which it pushes every operation; those that do not depend on the variables are dropped here, with what they
 * keep.
 */
class Tape extends Array<TapeNode> implements SelectiveTape {
  /** Variables, and results that depend on them. */
  readonly #dependent = new Set<number>();

  /** What is derived from a tape by map or filter is a plain array. */
  static override get [Symbol.species]() {
    return Array;
  }

  of(variables: readonly Variable[]): this {
    for (const { id } of variables) this.#dependent.add(id);
    return this;
  }

  depends(tensor: Tensor): boolean {
    return this.#dependent.has(tensor.id);
  }

  override push(...nodes: TapeNode[]): number {
    for (const node of nodes) {
      if (!Object.values(node.inputs).some((input) => this.depends(input))) {
        tf.dispose([...node.saved]);
        continue;
      }
      for (const { id } of node.outputs) this.#dependent.add(id);
      super.push(node);
    }
    return this.length;
  }
}

/**
 * The value of f and its gradients by the variables' names, as `tf.variableGrads` gives them; variables that f does not
 * depend on have none. TF.js keeps all that the backward pass uses or computes until its end. Here each tensor is freed
 * as soon as it has been used, and constants are not kept at all, which halves the memory of a training step. While
 * another gradient is recorded this must be called by way of `withoutTape`.
 *
 * @throws Error when another gradient is being recorded, or an operation that f depends on has no gradient.
 */
export function valueAndGradients(
  f: () => TensorFlow.Scalar,
  variables: readonly Variable[],
): { value: TensorFlow.Scalar; grads: Record<string, Tensor> } {
  const state = engineState();
  if (state.gradientDepth > 0) throw new Error('A gradient is being recorded already.');
  const tape = new Tape().of(variables);
  try {
    const value = tf.tidy(() => {
      state.gradientDepth = 1;
      state.activeTape = tape;
      try {
        return f();
      } finally {
        state.gradientDepth = 0;
        state.activeTape = null;
      }
    });
    const grads = tf.tidy(() => backpropagate(tape, value, variables));
    return { value, grads };
  } finally {
    for (const { saved } of tape) tf.dispose([...saved]);
  }
}

function backpropagate(tape: Tape, value: Tensor, variables: readonly Variable[]): Record<string, Tensor> {
  const gradients = new Map<number, Tensor>([[value.id, tf.ones(value.shape)]]);
  const add = (id: number, gradient: Tensor) => {
    const before = gradients.get(id);
    gradients.set(id, before ? tf.add(before, gradient) : gradient);
    if (before) tf.dispose([before, gradient]);
  };
  for (let node = tape.pop(); node; node = tape.pop()) {
    const dys = node.outputs.map(({ id }) => gradients.get(id));
    if (dys.some((dy) => dy !== undefined)) {
      const inputs = Object.entries(node.inputs).filter(([, input]) => tape.depends(input));
      const found = tf.tidy(() => gradientsOf(node, dys, inputs));
      for (const [index, [, { id }]] of inputs.entries()) add(id, found[index]);
    }
    // The operations that used these results ran later, so they are done: the gradients are not needed any more.
    for (const { id } of node.outputs) gradients.delete(id);
    tf.dispose([...node.saved, ...dys.filter((dy) => dy !== undefined)]);
  }
  const named = variables.map(({ id, name }) => [name, gradients.get(id)] as const);
  return Object.fromEntries(named.filter((entry): entry is [string, Tensor] => entry[1] !== undefined));
}

function gradientsOf(
  node: TapeNode,
  dys: (Tensor | undefined)[],
  inputs: readonly (readonly [string, Tensor])[],
): Tensor[] {
  const functions = node.gradient?.(dys);
  return inputs.map(([name]) => {
    const gradient = functions?.[name]?.();
    if (!gradient) throw new Error(`${node.kernelName} has no gradient with respect to its input ${name}.`);
    // The caller disposes of the results' gradients.
    return dys.includes(gradient) ? gradient.clone() : gradient;
  });
}
