/** Pictures of the samples that a report shows: the worst, the middle and the best. */
import sharp from 'sharp';
import { type Prediction, valuesOfL } from '../core/method.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { atResolution, blend } from './at-resolution.ts';
import type { Cell } from './evaluate.ts';
import type { MetricCollection } from './metrics/collection.ts';
import type { Subject } from './subject.ts';
import { readItems } from './suite/read-items.ts';
import type { EvaluationSet, Item } from './suite/set.ts';

/** A picture as a data URI. */
export type Picture = string;

/** What a checkpoint makes of a sketch at one l; undefined where it has none. */
export interface ShownResult {
  readonly level: number | undefined;
  readonly refinedSketch?: Picture;
  readonly firstImage?: Picture;
  readonly result: Picture;
  /** The value that samples are sorted by; undefined where there is none. */
  readonly error: number | undefined;
}

export interface ShownSketch {
  readonly degradation: number;
  readonly sketch: Picture;
  /** By checkpoint, in their order; then by l. */
  readonly results: readonly (readonly ShownResult[])[];
}

export interface ShownSample {
  readonly id: string;
  readonly hole: string;
  /** The mean over the first checkpoint's d and l of the value that samples are sorted by. */
  readonly error: number;
  /** Place among all samples from the worst, which is 1. */
  readonly rank: number;
  readonly photo: Picture;
  /** The photo with its hole. */
  readonly input: Picture;
  readonly sketches: readonly ShownSketch[];
}

export interface ShownSamples {
  readonly metric: string;
  readonly region: string;
  /** Images that have the value. */
  readonly ranked: number;
  /** Worst first. */
  readonly samples: readonly ShownSample[];
}

type ErrorAt = (subject: Subject, degradation: number, level: number | undefined) => number | undefined;

/** RGB in [-1, 1] of holes: a blue that no face has. */
const HOLE_COLOUR = [-0.35, 0.05, 0.75];
/** WebP's quality, 0 to 100: artefacts stay below what one looks for here. */
const QUALITY = 82;

/** Draws the samples to show, as many as the suite says and its bound of size allows; none without a metric to sort by. */
export async function drawSamples(
  set: EvaluationSet,
  metrics: MetricCollection,
  cells: readonly Cell[],
  subjects: readonly Subject[],
  { reporter, signal }: { reporter: Reporter; signal?: AbortSignal },
): Promise<ShownSamples | undefined> {
  const column = sortColumn(set, metrics);
  if (column === undefined) return undefined;
  const { metric, region } = metrics.columns[column];
  const worstFirst = rank(set, metrics, cells, column, metric.better === 'lower');
  const samples: ShownSample[] = [];
  let bytes = 0;
  const places = spread(worstFirst.length, set.suite.report.samples);
  const task = reporter.task('Pictures', places.length, 'samples');
  for (const [i, place] of places.entries()) {
    signal?.throwIfAborted();
    const { item, error } = worstFirst[place];
    const errorAt: ErrorAt = (subject, degradation, level) =>
      cells.find(
        (cell) =>
          cell.method.kind === 'checkpoint' &&
          cell.method.subject === subject &&
          (cell.degradation ?? degradation) === degradation &&
          cell.level === level,
      )?.values[item * metrics.columns.length + column];
    const drawn = await drawSample(set, set.items[item], subjects, errorAt);
    bytes += JSON.stringify(drawn).length;
    if (bytes > set.suite.report.megabytes * 1e6) break;
    samples.push({ ...drawn, error, rank: place + 1 });
    task.update(i + 1);
  }
  task.finish();
  samples.sort((a, b) => a.rank - b.rank);
  return { metric: metric.name, region, ranked: worstFirst.length, samples };
}

/** The suite's `sortBy`, inside the hole where it is measured there; undefined where it is not measured. */
export function sortColumn(set: EvaluationSet, { columns }: MetricCollection): number | undefined {
  const own = [...columns.keys()].filter((i) => columns[i].metric.name === set.suite.report.sortBy);
  return own.find((i) => columns[i].region === 'hole') ?? own[0];
}

/** Items with the mean of their values over the first checkpoint's cells, worst first; those without a value left out. */
function rank(
  set: EvaluationSet,
  { columns }: MetricCollection,
  cells: readonly Cell[],
  column: number,
  lowerIsBetter: boolean,
): { item: number; error: number }[] {
  const own = cells.filter(({ method }) => method.kind === 'checkpoint');
  const first = own.filter(({ method }) => method.label === own[0].method.label);
  return [...set.items.keys()]
    .map((item) => {
      const values = first.map((cell) => cell.values[item * columns.length + column]);
      return { item, error: values.reduce((sum, value) => sum + value, 0) / values.length };
    })
    .filter(({ error }) => Number.isFinite(error))
    .sort((a, b) => (lowerIsBetter ? b.error - a.error : a.error - b.error) || a.item - b.item);
}

/** Places of `count` of `total`: alternately from the beginning, the middle and the end. */
export function spread(total: number, count: number): number[] {
  if (count >= total) return [...Array(total).keys()];
  const middle = Math.floor((total - Math.floor(count / 3)) / 2);
  const third = (start: number, step: number) => Array.from({ length: count }, (_, i) => start + i * step);
  const [first, mid, last] = [third(0, 1), third(middle, 1), third(total - 1, -1)];
  const places: number[] = [];
  for (let i = 0; places.length < count; i++) {
    for (const place of [first[i], last[i], mid[i]])
      if (places.length < count && place >= 0 && place < total && !places.includes(place)) places.push(place);
  }
  return places;
}

async function drawSample(
  set: EvaluationSet,
  item: Item,
  subjects: readonly Subject[],
  errorAt: ErrorAt,
): Promise<Omit<ShownSample, 'error' | 'rank'>> {
  const resolution = subjects[0].predictor.resolution;
  const sketches: ShownSketch[] = [];
  const takesColour = subjects.some(({ predictor }) => predictor.controls.includes('colour'));
  let pictures = { photo: '', input: '' };
  for (const degradation of set.suite.sketches.degradations) {
    const batch = await readItems(set, [item], degradation, takesColour);
    const { truth, hole, sketch } = atResolution(batch, resolution);
    const results: ShownResult[][] = [];
    for (const subject of subjects) {
      const drawn: ShownResult[] = [];
      for (const level of valuesOfL(subject.predictor, set.suite.levels)) {
        const prediction = subject.predictor.predict({ ...batch, l: level });
        const finish = (image: Tensor4D) => (set.suite.blend ? blend(image, truth, hole) : image.clone());
        drawn.push({
          level,
          ...(await predictionPictures(prediction, finish)),
          error: errorAt(subject, degradation, level),
        });
        tf.dispose({ ...prediction });
      }
      results.push(drawn);
    }
    sketches.push({ degradation, sketch: await toPicture(sketch), results });
    const known = tf.tidy(() => blend(tf.tensor4d(HOLE_COLOUR, [1, 1, 1, 3]), truth, hole));
    pictures = { photo: await toPicture(truth), input: await toPicture(known) };
    tf.dispose([truth, hole, sketch, known]);
    tf.dispose({ ...batch });
  }
  return { id: item.photo.id, hole: item.hole, ...pictures, sketches };
}

async function predictionPictures(
  { refinedSketch, firstImage, result }: Prediction,
  finish: (image: Tensor4D) => Tensor4D,
): Promise<Pick<ShownResult, 'refinedSketch' | 'firstImage' | 'result'>> {
  const finished = async (image: Tensor4D) => {
    const shown = finish(image);
    const picture = await toPicture(shown);
    shown.dispose();
    return picture;
  };
  return {
    ...(refinedSketch ? { refinedSketch: await toPicture(refinedSketch) } : {}),
    ...(firstImage ? { firstImage: await finished(firstImage) } : {}),
    result: await finished(result),
  };
}

/** One image [1,h,w,1 or 3] in [-1, 1] as WebP. */
async function toPicture(image: Tensor4D): Promise<Picture> {
  const [, height, width, channels] = image.shape;
  const bytes = tf.tidy(() => tf.round(tf.clipByValue(tf.mul(tf.add(image, 1), 127.5), 0, 255)).dataSync());
  const raw = { width, height, channels: channels as 1 | 3 };
  const webp = await sharp(Uint8Array.from(bytes), { raw }).webp({ quality: QUALITY }).toBuffer();
  return `data:image/webp;base64,${webp.toString('base64')}`;
}
