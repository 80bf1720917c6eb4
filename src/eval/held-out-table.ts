/** The small table at the end of a training: errors of a method on held-out samples, beside those of a single colour. */
import { z } from 'zod';
import type { RunConfig } from '../config/run-config.ts';
import { type Predictor, valuesOfL } from '../core/method.ts';
import { CAPTIONS } from '../core/vocabulary.ts';
import { heldOutBatch, heldOutHash } from '../data/held-out.ts';
import type { Batch, PreparedSample } from '../data/types.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { atResolution, clipAndBlend, meanColour, type References, toUnitRange } from './images.ts';
import { MetricCollection } from './metrics/collection.ts';
import { createL1, createPsnr } from './metrics/pixel-error.ts';

const VALUES_OF_L = [0, 0.5, 1] as const;
const BATCH = 8;
const BASELINE = 'mean colour';

/** Means over the samples, inside their holes. */
interface TableRow {
  readonly name: string;
  readonly l1: number;
  /** dB. */
  readonly psnr: number;
}

/** Mean errors on held-out samples, a row a result. */
export interface HeldOutTable {
  /** How many samples were measured; those without a hole do not count. */
  readonly samples: number;
  /** The split that the samples are taken from. */
  readonly split: string;
  /** Tables of equal hash compare. */
  readonly setHash: string;
  readonly rows: readonly TableRow[];
}

/** What a file that holds such a table has in it. */
export const heldOutTableForm: z.ZodType<HeldOutTable> = z.object({
  samples: z.number(),
  split: z.string(),
  setHash: z.string(),
  rows: z.array(z.object({ name: z.string(), l1: z.number(), psnr: z.number() })),
});

export interface TableOptions {
  readonly config: RunConfig;
  readonly predictor: Predictor;
  readonly samples: readonly PreparedSample[];
  /** The split that the samples are taken from. */
  readonly split: string;
  readonly reporter: Reporter;
}

/**
 * Measures L1 and PSNR inside the holes of held-out samples, given their true sketches. The rows are: the mean colour of
 * the known pixels (in synthesis, of the whole image) as a baseline; F with the true sketch; and I_gen and I_out at l = 0,
 * 0.5 and 1; as far as the method has these. The holes derive from the seed and the samples' ids.
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
    const references = atResolution({ ...batch, trueSketch: batch.sketch }, predictor.resolution);
    const truth = toUnitRange(references.truth);
    for (const [name, result] of Object.entries(fillings(predictor, batch, references))) {
      const measured = await metrics.measure({ ...references, truth, result });
      const found = Array.from({ length: truth.shape[0] }, (_, i) => {
        const at = i * metrics.columns.length;
        return { l1: measured[at + l1], psnr: measured[at + psnr] };
      }).filter((value) => !Number.isNaN(value.l1));
      values.set(name, [...(values.get(name) ?? []), ...found]);
      result.dispose();
    }
    tf.dispose([{ ...batch }, { ...references }, truth]);
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

/** Photos with their holes filled, in [0, 1], by row of the table. The caller disposes of them. */
function fillings(predictor: Predictor, batch: Batch, references: References): Record<string, Tensor4D> {
  return tf.tidy(() => {
    const images: Record<string, Tensor4D> = { [BASELINE]: meanColour(references.truth, references.hole) };
    const { upperBound } = predictor;
    if (upperBound) images[upperBound.label] = upperBound.predict(batch);
    const predictions = valuesOfL(predictor, VALUES_OF_L).map((l) => ({
      at: l === undefined ? '' : `, l = ${l}`,
      ...predictor.predict({ ...batch, l }),
    }));
    for (const { at, firstImage } of predictions)
      if (firstImage) images[`${CAPTIONS.firstImage}${at}`] = firstImage;
    for (const { at, result } of predictions) images[`${CAPTIONS.result}${at}`] = result;
    return Object.fromEntries(
      Object.entries(images).map(([name, image]) => [name, clipAndBlend(image, references)]),
    );
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
