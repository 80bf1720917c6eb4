import { loadHed } from '../../nn/hed.ts';
import type { Tensor4D } from '../../ops/tf.ts';
import type { MetricContext } from './context.ts';
import { type LineMatch, matchLines, toleranceAt } from './line-match.ts';
import type { MetricBatch, SampleMetric } from './metric.ts';
import { borrow, oncePerTensor } from './share.ts';
import { linesOf } from './sketch-of-image.ts';

const kinds = {
  'sketch-precision': {
    title: 'Sketch precision',
    wanted: 'sketch',
    value: 'precision',
    definition:
      'Share of the lines that HED finds in the result’s hole that lie on a line of the given sketch.',
  },
  'sketch-recall': {
    title: 'Sketch recall',
    wanted: 'sketch',
    value: 'recall',
    definition: 'Share of the given sketch’s lines in the hole on which HED finds a line in the result.',
  },
  'sketch-f': {
    title: 'Sketch F',
    wanted: 'sketch',
    value: 'f',
    definition: 'Harmonic mean of sketch precision and recall: how well the result follows the given sketch.',
  },
  'true-sketch-f': {
    title: 'True sketch F',
    wanted: 'trueSketch',
    value: 'f',
    definition: 'As sketch F, but against the photo’s own sketch: how well the true lines are restored.',
  },
} as const satisfies Record<
  string,
  { title: string; wanted: 'sketch' | 'trueSketch'; value: keyof LineMatch; definition: string }
>;

export type SketchMetricName = keyof typeof kinds;

export const sketchMetricNames = Object.keys(kinds) as SketchMetricName[];

/**
 * How well the lines of a result follow a sketch inside the hole: the result is drawn as `prepare` draws photos (HED,
 * thinned to lines of one pixel), and precision, recall and F count pixels of lines within a tolerance, as in the
 * evaluation of edge detectors (Martin, Fowlkes and Malik, PAMI 2004, but for their one-to-one assignment).
 *
 * @throws UserError when HED's weights are missing.
 */
export async function createSketchMetric(
  name: SketchMetricName,
  { edges }: MetricContext,
): Promise<SampleMetric> {
  const { title, definition, wanted, value } = kinds[name];
  const drawing = await borrow(`lines ${JSON.stringify(edges)}`, async () => {
    const hed = await borrow('hed', () => loadHed());
    return {
      linesOf: oncePerTensor((images) => linesOf(hed.value, images, edges)),
      dispose: hed.release,
    };
  });
  return {
    kind: 'sample',
    name,
    title,
    unit: '',
    better: 'higher',
    definition,
    regions: ['hole'],
    async measure(batch) {
      const matches = await matchBatch(await drawing.value.linesOf(batch.result), batch, wanted);
      return { hole: Float64Array.from(matches, (match) => match[value]) };
    },
    dispose: drawing.release,
  };
}

async function matchBatch(
  drawn: readonly Uint8Array[],
  batch: MetricBatch,
  wanted: 'sketch' | 'trueSketch',
): Promise<LineMatch[]> {
  const side = batch.result.shape[1];
  const [hole, sketch] = await Promise.all([planes(batch.hole), planes(batch[wanted])]);
  return drawn.map((lines, i) => {
    const wantedLines = Uint8Array.from(sketch[i], (ink) => (ink < 0 ? 1 : 0));
    return matchLines(lines, wantedLines, hole[i], side, toleranceAt(side));
  });
}

/** The images of a tensor [n,s,s,1]. */
const planes = oncePerTensor(async (x: Tensor4D) => {
  const area = x.shape[1] * x.shape[2];
  const values = await x.data();
  return Array.from({ length: x.shape[0] }, (_, i) => values.slice(i * area, (i + 1) * area));
});
