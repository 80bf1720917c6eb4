/** Notices a discriminator that has won. */
import type { Config } from '../config/schema.ts';
import type { Reporter } from '../runtime/progress.ts';

/** Steps in a row after which its loss counts as gone for good. */
const PATIENCE = 200;
/** A loss below this share of the hinge's margin is as good as 0. */
const NEARLY_ZERO = 1e-3;

/** Warns, once, when a discriminator's loss stays at nearly 0. One for each stage. */
export class CollapseWatch {
  readonly #threshold: number;
  readonly #reporter: Reporter;
  #since: number | undefined;
  #warned = false;

  constructor({ loss }: Config, reporter: Reporter) {
    this.#threshold = NEARLY_ZERO * loss.hingeMargin * loss.adversarial;
    this.#reporter = reporter;
  }

  /** @param loss the discriminator's at `step`, weighted; undefined where there is none. */
  observe(step: number, loss: number | undefined): void {
    if (this.#warned || loss === undefined || loss >= this.#threshold) {
      this.#since = undefined;
      return;
    }
    this.#since ??= step;
    if (step - this.#since + 1 < PATIENCE) return;
    this.#warned = true;
    this.#reporter.warn(
      `The discriminator's loss has been almost 0 for ${PATIENCE} steps, since step ${this.#since}: it tells real ` +
        'images from generated ones without fail, and the generator learns nothing more from it. If the sample grids ' +
        'get no better, try a larger loss.hingeMargin, a smaller model.discriminatorWidth, fewer ' +
        'model.discriminatorLayers or a lower training.optimizer.learningRate.',
    );
  }
}
