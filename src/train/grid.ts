/** Sample grids, which show what a training can do so far: a row for each sample, a column for each kind of image. */
import type { RunConfig } from '../config/run-config.ts';
import type { Method } from '../core/method.ts';
import type { RunFolder } from '../core/run-folder.ts';
import { heldOutBatch } from '../data/held-out.ts';
import { drawPictures, type GridImage } from '../data/picture-grid.ts';
import type { Batch, PreparedData } from '../data/types.ts';
import { type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';

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
  async draw(method: Pick<Method, 'visuals'>, run: RunFolder, step: number): Promise<GridImage | undefined> {
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

/**
 * Draws named images [n,h,w,3] in [-1, 1], all of one n, as a grid of n rows. Images of other sizes than the first
 * are drawn at its size, small images enlarged to 128 px. The images are not disposed of.
 */
export async function drawGrid(images: Readonly<Record<string, Tensor4D>>): Promise<GridImage> {
  const columns = Object.entries(images);
  const [rows, side] = columns[0][1].shape;
  const drawn = columns.map(async ([caption, tensor]) => {
    const [, height, width] = tensor.shape;
    const bytes = await toBytes(tensor);
    const pictures = Array.from({ length: rows }, (_, row) => ({
      data: bytes.subarray(row * height * width * 3, (row + 1) * height * width * 3),
      width,
      height,
    }));
    return { caption, pictures };
  });
  return drawPictures(await Promise.all(drawn), side);
}

/** [n,h,w,3] in [-1, 1] as bytes, rounded; what lies outside is clipped. */
async function toBytes(images: Tensor4D): Promise<Buffer> {
  const scaled = tf.tidy(() => {
    const bytes: TensorFlow.Tensor = tf.clipByValue(tf.mul(tf.add(images, 1), 127.5), 0, 255);
    return tf.cast(tf.round(bytes), 'int32');
  });
  const data = await scaled.data();
  scaled.dispose();
  return Buffer.from(data);
}
