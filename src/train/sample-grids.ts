/** Pictures of what a training can do so far. */
import type { RunConfig } from '../config/run-config.ts';
import type { Method } from '../core/method.ts';
import type { RunFolder } from '../core/run-folder.ts';
import { heldOutBatch } from '../data/held-out.ts';
import type { GridImage } from '../data/picture-grid.ts';
import type { Batch, PreparedData } from '../data/types.ts';
import { tf } from '../ops/tf.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { drawGrid } from './grid.ts';

export class SampleGrids {
  readonly #ls: readonly number[];
  readonly #batch: Batch | undefined;
  readonly #reporter: Reporter;
  #path: string | undefined;

  private constructor(ls: readonly number[], batch: Batch | undefined, reporter: Reporter) {
    this.#ls = ls;
    this.#batch = batch;
    this.#reporter = reporter;
  }

  /** Reads the samples that every grid shows: of the validation split, or the next best. */
  static async read(config: RunConfig, data: PreparedData, reporter: Reporter): Promise<SampleGrids> {
    const { sampleCount, sampleRefinement } = config.output;
    const { validation, test, train } = data.samples;
    const shown = [...validation, ...test, ...train].slice(0, sampleCount);
    return new SampleGrids(sampleRefinement, await heldOutBatch(config, shown, reporter), reporter);
  }

  /** The last grid that was written. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Writes `samples/step-N.png`. A disk that refuses it is warned of. Returns undefined without samples. */
  async draw(method: Method, run: RunFolder, step: number): Promise<GridImage | undefined> {
    if (!this.#batch) return undefined;
    const images = method.visuals(this.#batch, this.#ls);
    const grid = await drawGrid(images);
    tf.dispose(images);
    const path = `${run.samples}/step-${String(step).padStart(7, '0')}.png`;
    try {
      await writeFileAtomically(path, grid.png);
      this.#path = path;
    } catch (error) {
      this.#reporter.warn(`A sample grid cannot be written: ${(error as Error).message}`);
    }
    return grid;
  }

  dispose(): void {
    if (this.#batch) tf.dispose({ ...this.#batch });
  }
}
