/** Control over TF.js's gradient tape, for which it has no public functions. */
import { type Tensor, tf } from './tf.ts';

/** What TF.js's engine keeps while a gradient is recorded. */
interface EngineState {
  gradientDepth: number;
  activeTape: unknown;
}

interface Engine {
  readonly state: EngineState;
  runKernelFunc(call: {
    forwardFunc: (backend: unknown, save: (tensors: Tensor[]) => Tensor[]) => Tensor;
    backwardsFunc: (dy: Tensor, saved: Tensor[]) => Record<string, () => Tensor>;
    inputs: Record<string, Tensor>;
  }): Tensor;
}

const engine = (): Engine => tf.engine() as unknown as Engine;
export const engineState = (): EngineState => engine().state;

/**
 * Runs `f` with the gradient tape switched off: its results are constants for any gradient that is being recorded,
 * and nothing that it computes is kept for backpropagation. `f` may itself compute gradients. (TF.js has no
 * stopGradient.)
 */
export function withoutTape<T>(f: () => T): T {
  const state = engineState();
  const { gradientDepth, activeTape } = state;
  state.gradientDepth = 0;
  state.activeTape = null;
  try {
    return f();
  } finally {
    state.gradientDepth = gradientDepth;
    state.activeTape = activeTape;
  }
}

/** A tape that knows which tensors it follows. */
export interface SelectiveTape {
  depends(tensor: Tensor): boolean;
}

/** Whether a gradient with respect to `tensor`, or to what it was computed from, may be asked for. */
export function isRecorded(tensor: Tensor): boolean {
  const { gradientDepth, activeTape } = engineState();
  if (gradientDepth === 0) return false;
  return activeTape !== null && typeof activeTape === 'object' && 'depends' in activeTape
    ? (activeTape as SelectiveTape).depends(tensor)
    : true;
}

/**
 * f(x, constants) with gradient checkpointing: only x and the constants are kept, and the gradient runs f again. So the
 * intermediate results of f take memory only while f runs. The constants have no gradient.
 */
export function recomputed(
  x: Tensor,
  constants: readonly Tensor[],
  f: (x: Tensor, constants: readonly Tensor[]) => Tensor,
): Tensor {
  return withGradient(
    [x],
    (save) => {
      save([x, ...constants]);
      return tf.tidy(() => f(x, constants));
    },
    (dy, [savedX, ...saved]) => [() => withoutTape(() => tf.grad((y) => f(y, saved))(savedX, dy))],
  );
}

/**
 * An operation with its own gradient, like `tf.customGrad`, but each input's gradient is computed only when something
 * asks for it: frozen weights and inputs cost nothing.
 *
 * @param inputs the tensors that the result depends on.
 * @param forward computes the result; `save` keeps tensors for the gradient.
 * @param backward gives, for each input in order, a function that computes its gradient, or null where the result
 *   has none with respect to it.
 */
export function withGradient(
  inputs: readonly Tensor[],
  forward: (save: (tensors: Tensor[]) => void) => Tensor,
  backward: (dy: Tensor, saved: Tensor[]) => ((() => Tensor) | null)[],
): Tensor {
  return engine().runKernelFunc({
    inputs: Object.fromEntries(inputs.map((tensor, index) => [index, tensor])),
    forwardFunc: (_, save) => forward((tensors) => void save(tensors)),
    backwardsFunc: (dy, saved) =>
      Object.fromEntries(
        backward(dy, saved)
          .map((gradient, index) => [index, gradient] as const)
          .filter((entry): entry is readonly [number, () => Tensor] => entry[1] !== null),
      ),
  });
}
