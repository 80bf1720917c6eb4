/** Memory that nothing uses any more, given back before something large needs as much. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { nativeBackend } from './raw.ts';

/**
 * Collects garbage and hands freed memory back to the system. Weights that were drawn or read leave arrays as large as
 * themselves behind, of which JavaScript thinks little, and TensorFlow does not take its own memory from there: at the
 * paper's widths 300 MB. It takes some hundredths of a second.
 */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  nativeBackend().binding.releaseFreeMemory();
}
