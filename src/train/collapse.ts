/** Notices a discriminator that has won. */
import type { Collapse } from '../core/method.ts';
import type { Reporter } from '../runtime/progress.ts';

/** Steps in a row after which its loss counts as gone for good. */
const PATIENCE = 200;

/** Warns, once, when a discriminator's loss stays at nearly 0. One for each stage. */
export class CollapseWatch {
  readonly #collapse: Collapse | undefined;
  readonly #reporter: Reporter;
  #since: number | undefined;
  #warned = false;

  /** @param collapse of the stage; where it has none nothing is noticed. */
  constructor(collapse: Collapse | undefined, reporter: Reporter) {
    this.#collapse = collapse;
    this.#reporter = reporter;
  }

  /** @param losses of `step`, weighted, by name. */
  observe(step: number, losses: Readonly<Record<string, number>>): void {
    if (!this.#collapse || this.#warned) return;
    const loss = losses[this.#collapse.loss];
    if (loss === undefined || loss >= this.#collapse.below) {
      this.#since = undefined;
      return;
    }
    this.#since ??= step;
    if (step - this.#since + 1 < PATIENCE) return;
    this.#warned = true;
    this.#reporter.warn(
      `The discriminator's loss has been almost 0 for ${PATIENCE} steps, since step ${this.#since}: it tells real ` +
        'images from generated ones without fail, and the generator learns nothing more from it. If the sample grids ' +
        `get no better, try ${this.#collapse.advice}.`,
    );
  }
}
