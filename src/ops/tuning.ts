/**
 * Whether operations may take the form that is fastest on this machine. Each such form computes what the plain one
 * does, up to rounding; a GPU and every export take the plain one.
 */
import { nativeBackend } from './raw.ts';

/** `runtime.precision` of a configuration. */
export type Precision = 'float32' | 'bfloat16';

let allowed = true;
let precision: Precision = 'float32';

/** True on a CPU, outside of {@link plainly}: the fast forms were made for TensorFlow's kernels there. */
export function tuned(): boolean {
  return allowed && !nativeBackend().isUsingGpuDevice;
}

/** Runs `f` with every operation in its plain form, which does not depend on the sizes of its inputs. */
export function plainly<T>(f: () => T): T {
  const before = allowed;
  allowed = false;
  try {
    return f();
  } finally {
    allowed = before;
  }
}

/** The precision in which products of matrices will be computed. */
export const precisionOfProducts = (): Precision => precision;

/** Runs `f`, which records what will be computed in another precision. */
export function inPrecision<T>(other: Precision, f: () => T): T {
  const before = precision;
  precision = other;
  try {
    return f();
  } finally {
    precision = before;
  }
}
