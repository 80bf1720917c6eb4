/** A few steps of a training, operation by operation: what takes the time. */
import { join } from 'node:path';
import { type Profile, startProfile } from '../ops/profile.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';

/** Steps before a profile begins: the first ones of a stage are recorded, and warm caches up. */
const WARM_UP = 3;
/** Kinds of operations that the log names. */
const SHOWN = 12;

export class StepProfile {
  #left: number;
  #stop: (() => Profile) | undefined;
  readonly #count: number;
  readonly #run: string;
  readonly #reporter: Reporter;

  /** @param count steps to be profiled; 0: none. @param run the run's folder. */
  constructor(count: number, run: string, reporter: Reporter) {
    this.#left = count;
    this.#count = count;
    this.#run = run;
    this.#reporter = reporter;
  }

  /** @param done steps of the stage so far. */
  before(done: number): void {
    if (this.#left > 0 && done >= WARM_UP) this.#stop ??= startProfile();
  }

  /** Writes `profile/step-N.json` once the last of the steps has been done. */
  async after(step: number): Promise<void> {
    if (!this.#stop) return;
    this.#left -= 1;
    if (this.#left > 0) return;
    const { trace, operations } = this.#stop();
    this.#stop = undefined;
    const path = join(this.#run, 'profile', `step-${step}.json`);
    await writeFileAtomically(path, trace);
    const shown = operations
      .slice(0, SHOWN)
      .map(
        ([name, ms, calls]) =>
          `  ${(ms / this.#count).toFixed(1).padStart(9)} ms  ${name} (${calls / this.#count})`,
      );
    this.#reporter.info(
      [
        `The time of a step by operation, summed over threads (calls):`,
        ...shown,
        `  All of it, for chrome://tracing or ui.perfetto.dev: ${path}`,
      ].join('\n'),
    );
  }
}
