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
 * Aborts the returned signal on the first SIGINT (Ctrl-C) or SIGTERM, so that work ends in good order. After that SIGINT
 * has its default effect again: the system ends the process at once, whatever it is busy with.
 *
 * @param ending tells the user when the work will end.
 */
export function catchInterrupts(
  notify: (message: string) => void,
  ending = 'after the step in progress, with a checkpoint',
): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      notify(`${name}: ending ${ending}. Ctrl-C again ends at once.`);
      // All listeners, as progress bars have their own.
      setTimeout(() => process.removeAllListeners('SIGINT'), SAME_SIGNAL).unref();
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
