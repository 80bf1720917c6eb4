/**
 * Whether operations may take the form that is fastest on this machine. Each such form computes what the plain one
 * does, up to rounding; a GPU and every export take the plain one.
 */
import { nativeBackend } from './raw.ts';

let allowed = true;

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
