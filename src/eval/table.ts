/** The small table at the end of a training: how well held-out holes are filled, beside filling them with one colour. */
import type { Config } from '../config/schema.ts';
import { heldOutBatch, heldOutHash } from '../data/held-out.ts';
import { downsample, downsampleHole } from '../data/sketch/resize.ts';
import type { Batch, PreparedSample } from '../data/types.ts';
import type { Prediction, Predictor } from '../models/method.ts';
import type { Reporter } from '../runtime/progress.ts';
import { type Tensor4D, tf } from '../runtime/tf.ts';
import { type HoleError, holeErrors } from './hole-error.ts';
import { meanColour } from './mean-colour.ts';

const LEVELS = [0, 0.5, 1] as const;
const BATCH = 8;
const BASELINE = 'mean colour';

export interface TableRow extends HoleError {
  readonly name: string;
}

export interface HeldOutTable {
  /** How many samples were measured, and of which split; those without a hole do not count. */
  readonly samples: number;
  readonly split: string;
  /** Tells sets apart: tables of equal hash compare. */
  readonly setHash: string;
  /** Means over the samples. */
  readonly rows: readonly TableRow[];
}

export interface TableOptions {
  readonly config: Config;
  readonly predictor: Predictor;
  readonly samples: readonly PreparedSample[];
  /** Where the samples come from, for the reader. */
  readonly split: string;
  readonly reporter: Reporter;
}

/**
 * Fills the holes of held-out samples, whose masks derive from seed and id, with their true sketches: L1 and PSNR
 * inside the hole of F with the true sketch, I_gen and I_out at l = 0, 0.5 and 1, and one colour: the mean of the known
 * pixels or, in synthesis, where none is known, of the whole image.
 */
export async function heldOutTable(options: TableOptions): Promise<HeldOutTable> {
  const { config, predictor, samples, split, reporter } = options;
  const errors = new Map<string, HoleError[]>();
  const task = reporter.task('Held-out samples', samples.length, 'images');
  for (let start = 0; start < samples.length; start += BATCH) {
    const batch = await heldOutBatch(config, samples.slice(start, start + BATCH), reporter);
    if (!batch) continue;
    const { truth, hole } = atResolution(batch, predictor.resolution);
    for (const [name, image] of Object.entries(fillings(predictor, batch, truth, hole))) {
      const found = await holeErrors(image, truth, hole);
      errors.set(name, [...(errors.get(name) ?? []), ...found]);
      image.dispose();
    }
    tf.dispose([batch.image, batch.sketch, batch.hole, truth, hole]);
    task.update(Math.min(samples.length, start + BATCH));
  }
  task.finish();
  const rows = [...errors].map(([name, found]) => ({
    name,
    l1: mean(found.map(({ l1 }) => l1)),
    psnr: mean(found.map(({ psnr }) => psnr)),
  }));
  const measured = errors.get(BASELINE)?.length ?? 0;
  return { samples: measured, split, setHash: heldOutHash(config, samples), rows };
}

/** A batch's photos and holes at the size of the predicted images; the caller disposes of them. */
export function atResolution(
  { image, hole }: Batch,
  resolution: number,
): { truth: Tensor4D; hole: Tensor4D } {
  const factor = image.shape[1] / resolution;
  if (factor === 1) return { truth: image.clone(), hole: hole.clone() };
  return tf.tidy(() => ({ truth: downsample(image, factor), hole: downsampleHole(hole, factor) }));
}

/** The filled images by row of the table; the caller disposes of them. */
function fillings(
  predictor: Predictor,
  batch: Batch,
  truth: Tensor4D,
  hole: Tensor4D,
): Record<string, Tensor4D> {
  return tf.tidy(() => {
    const images: Record<string, Tensor4D> = { [BASELINE]: meanColour(truth, hole) };
    if (predictor.predictFromTrueSketch) images['F, true sketch'] = predictor.predictFromTrueSketch(batch);
    const predictions = LEVELS.map((level): [number, Prediction] => [
      level,
      predictor.predict({ ...batch, level }),
    ]);
    for (const [level, { firstImage }] of predictions)
      if (firstImage) images[`I_gen, l = ${level}`] = firstImage;
    for (const [level, { result }] of predictions) images[`I_out, l = ${level}`] = result;
    return images;
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
