/** Draws the samples that a report shows: the worst, the middle and the best. */
import sharp from 'sharp';
import { type Prediction, valuesOfL } from '../../core/method.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { Reporter } from '../../runtime/progress.ts';
import type { EvaluatedCheckpoint } from '../checkpoints.ts';
import { atResolution, blend } from '../images.ts';
import type { MetricCollection } from '../metrics/collection.ts';
import { type Better, goodness } from '../metrics/metric.ts';
import type { EvaluationResult } from '../passes.ts';
import { type EvaluationSet, type Item, readItems } from '../suite/set.ts';

/** An image as a `data:` URI. */
export type DataUri = string;

/** What a checkpoint makes of a sketch at one l. */
export interface SampleResult {
  /** Undefined if the method does not use l. */
  readonly l: number | undefined;
  readonly refinedSketch?: DataUri;
  readonly firstImage?: DataUri;
  readonly result: DataUri;
  /** Of the metric by which samples are sorted; undefined if it was not measured. */
  readonly value: number | undefined;
}

export interface SampleSketch {
  readonly degradation: number;
  readonly sketch: DataUri;
  /** For each checkpoint, the results by l. */
  readonly results: readonly (readonly SampleResult[])[];
}

export interface ReportSample {
  readonly id: string;
  readonly hole: string;
  /** Of the metric by which samples are sorted: the mean over the first checkpoint's d and l. */
  readonly value: number;
  /** Place among all samples; the worst is 1. */
  readonly rank: number;
  readonly photo: DataUri;
  /** The photo with its hole. */
  readonly input: DataUri;
  readonly sketches: readonly SampleSketch[];
}

export interface ReportSamples {
  /** The number of samples that have a value to be sorted by. */
  readonly ranked: number;
  /** The worst first. */
  readonly samples: readonly ReportSample[];
}

type ValueAt = (
  checkpoint: EvaluatedCheckpoint,
  degradation: number,
  l: number | undefined,
) => number | undefined;

/** The colour of holes, RGB in [-1, 1]: a blue that no face has. */
const HOLE_COLOUR = [-0.35, 0.05, 0.75];
/** Of WebP, 0 to 100: high enough to show no artefacts of its own. */
const QUALITY = 82;

/** Draws as many samples as the suite asks for and its bound of size allows. Undefined without a metric to sort by. */
export async function drawSamples(
  set: EvaluationSet,
  metrics: MetricCollection,
  results: readonly EvaluationResult[],
  checkpoints: readonly EvaluatedCheckpoint[],
  { reporter, signal }: { reporter: Reporter; signal?: AbortSignal | undefined },
): Promise<ReportSamples | undefined> {
  const column = sortColumn(set, metrics);
  if (column === undefined) return undefined;
  const ofCheckpoints = results.filter(({ method }) => method.kind === 'checkpoint');
  const valueIn = ({ values }: EvaluationResult, item: number) =>
    values[item * metrics.columns.length + column];
  const worstFirst = rank(set, metrics.columns[column].metric.better, (item) =>
    ofCheckpoints
      .filter(({ method }) => method.checkpoint === checkpoints[0])
      .map((result) => valueIn(result, item)),
  );
  const samples: ReportSample[] = [];
  let bytes = 0;
  const places = spread(worstFirst.length, set.suite.report.samples);
  const task = reporter.task('Sample images', places.length, 'samples');
  for (const [i, place] of places.entries()) {
    signal?.throwIfAborted();
    const { item, value } = worstFirst[place];
    const drawn = await drawSample(set, set.items[item], checkpoints, (checkpoint, degradation, l) => {
      // A result that has no d was measured once, and belongs to every d.
      const result = ofCheckpoints.find(
        (one) =>
          one.method.checkpoint === checkpoint &&
          (one.degradation ?? degradation) === degradation &&
          one.l === l,
      );
      return result && valueIn(result, item);
    });
    bytes += JSON.stringify(drawn).length;
    if (bytes > set.suite.report.megabytes * 1e6) break;
    samples.push({ ...drawn, value, rank: place + 1 });
    task.update(i + 1);
  }
  task.finish();
  samples.sort((a, b) => a.rank - b.rank);
  return { ranked: worstFirst.length, samples };
}

/** The column of the suite's `sortBy`, inside the hole if it is measured there; undefined if it is not measured. */
function sortColumn(set: EvaluationSet, { columns }: MetricCollection): number | undefined {
  const own = [...columns.keys()].filter((i) => columns[i].metric.name === set.suite.report.sortBy);
  return own.find((i) => columns[i].region === 'hole') ?? own[0];
}

/** Items by the means of their values, the worst first. Items without a value are left out. */
function rank(
  set: EvaluationSet,
  better: Better,
  valuesOf: (item: number) => readonly number[],
): { item: number; value: number }[] {
  return [...set.items.keys()]
    .map((item) => {
      const values = valuesOf(item);
      return { item, value: values.reduce((sum, value) => sum + value, 0) / values.length };
    })
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => goodness(better, a.value) - goodness(better, b.value) || a.item - b.item);
}

/** Chooses `count` of `total` places: in turn the next from the beginning, from the end, and from the middle on. */
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
  checkpoints: readonly EvaluatedCheckpoint[],
  valueAt: ValueAt,
): Promise<Omit<ReportSample, 'value' | 'rank'>> {
  const { resolution } = checkpoints[0].predictor;
  const takesColour = checkpoints.some(({ predictor }) => predictor.controls.includes('colour'));
  const sketches: SampleSketch[] = [];
  let source = { photo: '', input: '' };
  for (const degradation of set.suite.sketches.degradations) {
    const batch = await readItems(set, [item], degradation, takesColour);
    const references = atResolution(batch, resolution);
    const results: SampleResult[][] = [];
    for (const checkpoint of checkpoints) {
      const ofCheckpoint: SampleResult[] = [];
      for (const l of valuesOfL(checkpoint.predictor, set.suite.l)) {
        const prediction = checkpoint.predictor.predict({ ...batch, l });
        const finish = (image: Tensor4D) => (set.suite.blend ? blend(image, references) : image.clone());
        const images = await predictionImages(prediction, finish);
        ofCheckpoint.push({ l, ...images, value: valueAt(checkpoint, degradation, l) });
        tf.dispose({ ...prediction });
      }
      results.push(ofCheckpoint);
    }
    sketches.push({ degradation, sketch: await toDataUri(references.sketch), results });
    const input = tf.tidy(() => blend(tf.tensor4d(HOLE_COLOUR, [1, 1, 1, 3]), references));
    source = { photo: await toDataUri(references.truth), input: await toDataUri(input) };
    tf.dispose([{ ...batch }, { ...references }, input]);
  }
  return { id: item.photo.id, hole: item.hole, ...source, sketches };
}

async function predictionImages(
  { refinedSketch, firstImage, result }: Prediction,
  finish: (image: Tensor4D) => Tensor4D,
): Promise<Pick<SampleResult, 'refinedSketch' | 'firstImage' | 'result'>> {
  const finished = async (image: Tensor4D) => {
    const shown = finish(image);
    const uri = await toDataUri(shown);
    shown.dispose();
    return uri;
  };
  return {
    ...(refinedSketch ? { refinedSketch: await toDataUri(refinedSketch) } : {}),
    ...(firstImage ? { firstImage: await finished(firstImage) } : {}),
    result: await finished(result),
  };
}

/** An image [1,h,w,1 or 3] in [-1, 1] as WebP. */
async function toDataUri(image: Tensor4D): Promise<DataUri> {
  const [, height, width, channels] = image.shape;
  const bytes = tf.tidy(() => tf.round(tf.clipByValue(tf.mul(tf.add(image, 1), 127.5), 0, 255)).dataSync());
  const raw = { width, height, channels: channels as 1 | 3 };
  const webp = await sharp(Uint8Array.from(bytes), { raw }).webp({ quality: QUALITY }).toBuffer();
  return `data:image/webp;base64,${webp.toString('base64')}`;
}
