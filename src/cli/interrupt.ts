/** The signals by which people, terminals and schedulers end a process, and what commands do then. */
import { constants } from 'node:os';
import { startedByNohup } from '../runtime/nohup.mjs';

/**
 * Ctrl-C; `kill`, a container's or a machine's end; a window or connection that closes; a limit of CPU time. SIGQUIT
 * (Ctrl-\) stays the way out of a process that does not answer.
 */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGXCPU'] as const;
type EndingSignal = (typeof ENDING)[number];

/** The reason of the signal of {@link catchInterrupts}. */
export class Interrupted extends Error {
  /** What the shell expects of a program that a signal ended. */
  readonly exitStatus: number;

  constructor(signal: EndingSignal) {
    super(`Ended by ${signal}.`);
    this.exitStatus = 128 + constants.signals[signal];
  }
}

/** A signal to a whole process group arrives twice, from the sender and from `npm run`, within this time, ms. */
const SAME_SIGNAL = 2000;

/**
 * A signal ends the process by its exit, which gives locks back, and not as it stands; what a step in progress would do
 * besides is not waited for. Holds until {@link catchInterrupts} is called.
 */
export function exitOnSignals(): void {
  for (const name of ENDING) {
    if (name === 'SIGHUP' && startedByNohup()) continue;
    process.on(name, () => {
      const { message, exitStatus } = new Interrupted(name);
      console.error(message);
      process.exit(exitStatus);
    });
  }
}

/**
 * Aborts the returned signal on the first signal that ends a process, so that work ends in good order. After that SIGINT
 * (Ctrl-C) has its default effect again: the system ends the process at once, whatever it is busy with.
 *
 * @param ending tells the user when the work will end.
 */
export function catchInterrupts(
  notify: (message: string) => void,
  ending = 'after the step in progress, with a checkpoint',
): AbortSignal {
  const controller = new AbortController();
  for (const name of ENDING) {
    if (name === 'SIGHUP' && startedByNohup()) continue;
    process.removeAllListeners(name);
    process.on(name, () => {
      if (controller.signal.aborted) return;
      notify(`${name}: ending ${ending}. Ctrl-C again ends at once.`);
      setTimeout(() => process.removeAllListeners('SIGINT'), SAME_SIGNAL).unref();
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
