/** The small table at the end of a training: how well held-out holes are filled, beside filling them with one colour. */
import type { RunConfig } from '../config/run-config.ts';
import { type Predictor, valuesOfL } from '../core/method.ts';
import { heldOutBatch, heldOutHash } from '../data/held-out.ts';
import type { Batch, PreparedSample } from '../data/types.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { type AtResolution, atResolution, blend, unit } from './at-resolution.ts';
import { meanColour } from './mean-colour.ts';
import { MetricCollection } from './metrics/collection.ts';
import { createL1, createPsnr } from './metrics/pixel-error.ts';

const LEVELS = [0, 0.5, 1] as const;
const BATCH = 8;
const BASELINE = 'mean colour';

/** Means over the samples, inside their holes. */
export interface TableRow {
  readonly name: string;
  readonly l1: number;
  /** dB. */
  readonly psnr: number;
}

export interface HeldOutTable {
  /** How many samples were measured, and of which split; those without a hole do not count. */
  readonly samples: number;
  readonly split: string;
  /** Tells sets apart: tables of equal hash compare. */
  readonly setHash: string;
  readonly rows: readonly TableRow[];
}

export interface TableOptions {
  readonly config: RunConfig;
  readonly predictor: Predictor;
  readonly samples: readonly PreparedSample[];
  /** Where the samples come from, for the reader. */
  readonly split: string;
  readonly reporter: Reporter;
}

/**
 * Fills the holes of held-out samples, whose masks derive from seed and id, with their true sketches: L1 and PSNR
 * inside the hole of F with the true sketch, I_gen and I_out at l = 0, 0.5 and 1, as far as the method has such, and one
 * colour: the mean of the known pixels or, in synthesis, where none is known, of the whole image.
 */
export async function heldOutTable(options: TableOptions): Promise<HeldOutTable> {
  const { config, predictor, samples, split, reporter } = options;
  const metrics = new MetricCollection([createL1(), createPsnr()]);
  const [l1, psnr] = ['l1', 'psnr'].map((name) =>
    metrics.columns.findIndex(({ metric, region }) => metric.name === name && region === 'hole'),
  );
  const values = new Map<string, { l1: number; psnr: number }[]>();
  const task = reporter.task('Held-out samples', samples.length, 'images');
  for (let start = 0; start < samples.length; start += BATCH) {
    const batch = await heldOutBatch(config, samples.slice(start, start + BATCH), reporter);
    if (!batch) continue;
    const known = atResolution({ ...batch, trueSketch: batch.sketch }, predictor.resolution);
    const truth = unit(known.truth);
    for (const [name, result] of Object.entries(fillings(predictor, batch, known))) {
      const measured = await metrics.measure({ ...known, truth, result });
      const found = Array.from({ length: truth.shape[0] }, (_, i) => {
        const at = i * metrics.columns.length;
        return { l1: measured[at + l1], psnr: measured[at + psnr] };
      }).filter((value) => !Number.isNaN(value.l1));
      values.set(name, [...(values.get(name) ?? []), ...found]);
      result.dispose();
    }
    tf.dispose([{ ...batch }, { ...known }, truth]);
    task.update(Math.min(samples.length, start + BATCH));
  }
  task.finish();
  const rows = [...values].map(([name, found]) => ({
    name,
    l1: mean(found.map((value) => value.l1)),
    psnr: mean(found.map((value) => value.psnr)),
  }));
  const measured = values.get(BASELINE)?.length ?? 0;
  return { samples: measured, split, setHash: heldOutHash(config, samples), rows };
}

/** Photos with their holes filled, in [0, 1], by row of the table; the caller disposes of them. */
function fillings(
  predictor: Predictor,
  batch: Batch,
  { truth, hole }: AtResolution,
): Record<string, Tensor4D> {
  return tf.tidy(() => {
    const images: Record<string, Tensor4D> = { [BASELINE]: meanColour(truth, hole) };
    if (predictor.predictFromTrueSketch) images['F, true sketch'] = predictor.predictFromTrueSketch(batch);
    const predictions = valuesOfL(predictor, LEVELS).map((level) => ({
      at: level === undefined ? '' : `, l = ${level}`,
      ...predictor.predict({ ...batch, l: level }),
    }));
    for (const { at, firstImage } of predictions) if (firstImage) images[`I_gen${at}`] = firstImage;
    for (const { at, result } of predictions) images[`I_out${at}`] = result;
    const finish = (image: Tensor4D) => unit(blend(tf.clipByValue(image, -1, 1), truth, hole));
    return Object.fromEntries(Object.entries(images).map(([name, image]) => [name, finish(image)]));
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
