/** How many floating-point operations a computation needs. */
import { floatingPointOperations } from '../src/ops/flops.ts';
import { watchOperations } from '../src/ops/raw.ts';
import type { Work } from './works.ts';

/** Those of all that runs during one iteration. */
export async function countOperations({ iterate }: Pick<Work, 'iterate'>): Promise<number> {
  let sum = 0;
  const stop = watchOperations({
    executed(execution) {
      sum += floatingPointOperations(execution);
    },
  });
  try {
    await iterate();
  } finally {
    stop();
  }
  return sum;
}
