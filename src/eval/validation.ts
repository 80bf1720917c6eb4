/** How well a training does, measured on a few held-out samples while it runs. */
import type { Config } from '../config/schema.ts';
import { heldOutBatch } from '../data/held-out.ts';
import type { Batch, PreparedSample } from '../data/types.ts';
import type { Method } from '../models/method.ts';
import type { Reporter } from '../runtime/progress.ts';
import { tf } from '../runtime/tf.ts';
import { type HoleError, holeErrors } from './hole-error.ts';
import { atResolution } from './table.ts';

/** The middle of l: neither the easiest nor the roughest sketches. */
const LEVEL = 0.5;
/** Samples at once, so that it needs less memory than training does. */
const BATCH = 4;

export class Validation {
  readonly #batches: readonly Batch[];

  private constructor(batches: readonly Batch[]) {
    this.#batches = batches;
  }

  /** Reads samples, which stay in memory. Those that cannot be read are left out, with a warning. */
  static async read(
    config: Config,
    samples: readonly PreparedSample[],
    reporter: Reporter,
  ): Promise<Validation> {
    const batches: Batch[] = [];
    for (let start = 0; start < samples.length; start += BATCH) {
      const batch = await heldOutBatch(config, samples.slice(start, start + BATCH), reporter);
      if (batch) batches.push(batch);
    }
    return new Validation(batches);
  }

  /**
   * Means of the errors inside the holes, filled by what the method has been trained to do so far at l = 0.5 (see
   * {@link Method.fill}). Comparable within a stage. Undefined where there is nothing to measure.
   */
  async measure(method: Method): Promise<HoleError | undefined> {
    const errors: HoleError[] = [];
    for (const batch of this.#batches) {
      const filled = method.fill(batch, LEVEL);
      const { truth, hole } = atResolution(batch, filled.shape[1]);
      errors.push(...(await holeErrors(filled, truth, hole)));
      tf.dispose([filled, truth, hole]);
    }
    if (errors.length === 0) return undefined;
    const mean = (key: keyof HoleError) => errors.reduce((sum, error) => sum + error[key], 0) / errors.length;
    const means = { l1: mean('l1'), psnr: mean('psnr') };
    // An image that is no numbers is no measurement.
    return Number.isFinite(means.l1 + means.psnr) ? means : undefined;
  }

  dispose(): void {
    for (const { image, sketch, hole } of this.#batches) tf.dispose([image, sketch, hole]);
  }
}
