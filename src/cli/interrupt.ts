import { constants } from 'node:os';

/** The reason of the signal of {@link catchInterrupts}. */
export class Interrupted extends Error {
  /** What the shell expects of a program that a signal ended. */
  readonly exitStatus: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Ended by ${signal}.`);
    this.exitStatus = 128 + constants.signals[signal];
  }
}

/** A signal to a whole process group arrives twice, from the sender and from npm, within this time, ms. */
const SAME_SIGNAL = 1000;

/**
 * Aborts the returned signal on the first SIGINT (Ctrl-C) or SIGTERM, so that work ends in good order; the second SIGINT
 * ends the process at once.
 */
export function catchInterrupts(notify: (message: string) => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (name === 'SIGINT' && performance.now() - first > SAME_SIGNAL)
          process.exit(new Interrupted(name).exitStatus);
        return;
      }
      notify(`${name}: ending after the step in progress, with a checkpoint. Ctrl-C again ends at once.`);
      first = performance.now();
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
