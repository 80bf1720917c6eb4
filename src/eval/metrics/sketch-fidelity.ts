/** How well the lines of a result follow a sketch: precision, recall and F. */
import type { RunConfig } from '../../config/run-config.ts';
import { edgeMapToSketch } from '../../data/edges.ts';
import { type Hed, loadHed } from '../../nn/hed.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { MetricBatch, MetricContext, SampleMetric } from './metric.ts';
import { bicubic, resample, triangle } from './resample.ts';
import { borrow, oncePerTensor } from './share.ts';

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
 * thinned to lines of one pixel), and precision, recall and F count the lines' pixels that agree within a tolerance, as in
 * the evaluation of edge detectors (Martin, Fowlkes and Malik, PAMI 2004, but without their one-to-one assignment).
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

/** The values of each image of a tensor [n,s,s,1]. */
const planes = oncePerTensor(async (x: Tensor4D) => {
  const area = x.shape[1] * x.shape[2];
  const values = await x.data();
  return Array.from({ length: x.shape[0] }, (_, i) => values.slice(i * area, (i + 1) * area));
});

/** At most this many mirrored pixels are added around what HED sees. More would cost time and hardly change a line. */
const mostPadding = 16;

/**
 * The lines of images [n,s,s,3] in [0, 1] as `prepare` draws those of photos: for each image an array [s*s], 1 = line. HED
 * sees images at the side at which it saw the photos, and one at a time: its rounding errors, which the threshold can turn
 * into other lines, would depend on the rest of a batch.
 */
export async function linesOf(
  hed: Hed,
  images: Tensor4D,
  edges: RunConfig['data']['edges'],
): Promise<Uint8Array[]> {
  const [n, size] = images.shape;
  const sketches: Uint8Array[] = [];
  for (let i = 0; i < n; i++) {
    const map = tf.tidy(() => {
      const image = tf.slice(images, [i, 0, 0, 0], [1, size, size, 3]);
      return edgeMap(hed, tf.round(tf.mul(image, 255)) as Tensor4D, edges);
    });
    const probabilities = (await map.data()) as Float32Array;
    map.dispose();
    sketches.push(edgeMapToSketch(probabilities, size, size, edges).map((value) => (value === 0 ? 1 : 0)));
  }
  return sketches;
}

/** HED's edge probabilities [1,s,s,1] of an image of bytes [1,s,s,3]. */
function edgeMap(hed: Hed, bytes: Tensor4D, edges: RunConfig['data']['edges']): Tensor4D {
  const size = bytes.shape[1];
  const seen = size === edges.size ? bytes : tf.clipByValue(resample(bytes, edges.size, bicubic), 0, 255);
  const padding = Math.min(edges.padding, mostPadding);
  const pad: [number, number] = [padding, padding];
  const padded = tf.mirrorPad(seen, [[0, 0], pad, pad, [0, 0]], 'reflect') as Tensor4D;
  const map = tf.slice(hed.edges(padded).fused, [0, padding, padding, 0], [1, edges.size, edges.size, 1]);
  return size === edges.size ? map : resample(map, size, triangle);
}

/** How well two drawings of lines agree. All in [0, 1]. */
export interface LineMatch {
  /** The share of the drawn lines' pixels that are near a wanted line; NaN where no line is drawn. */
  readonly precision: number;
  /** The share of the wanted lines' pixels that are near a drawn line; NaN where no line is wanted. */
  readonly recall: number;
  /** Their harmonic mean; 0 where only one of the drawings has lines, NaN where neither has. */
  readonly f: number;
}

/** Lines agree up to this distance, px: 2 in images of 256 px, and never less than reaches all neighbours of a pixel. */
export const toleranceAt = (side: number): number => Math.max(1.5, (2 * side) / 256);

/**
 * Compares two drawings [side*side], 1 = line, inside a hole (1 = hole). A line's pixel agrees with the other drawing when
 * that has a line within `tolerance` pixels (Euclidean distance), be it inside the hole or outside.
 */
export function matchLines(
  drawn: Uint8Array,
  wanted: Uint8Array,
  hole: ArrayLike<number>,
  side: number,
  tolerance: number,
): LineMatch {
  const precision = shareNear(drawn, dilate(wanted, side, tolerance), hole);
  const recall = shareNear(wanted, dilate(drawn, side, tolerance), hole);
  return { precision, recall, f: harmonicMean(precision, recall) };
}

function shareNear(lines: Uint8Array, near: Uint8Array, hole: ArrayLike<number>): number {
  let all = 0;
  let matched = 0;
  for (let p = 0; p < lines.length; p++) {
    if (!lines[p] || hole[p] < 0.5) continue;
    all += 1;
    matched += near[p];
  }
  return matched / all;
}

function harmonicMean(precision: number, recall: number): number {
  if (Number.isNaN(precision) && Number.isNaN(recall)) return Number.NaN;
  const product = precision * recall;
  return product > 0 ? (2 * product) / (precision + recall) : 0;
}

/** 1 where a line is within `radius` pixels. */
function dilate(lines: Uint8Array, side: number, radius: number): Uint8Array {
  const reach = Math.floor(radius);
  const result = new Uint8Array(lines.length);
  for (let y = 0, p = 0; y < side; y++) {
    for (let x = 0; x < side; x++, p++) {
      if (!lines[p]) continue;
      for (let dy = -Math.min(reach, y); dy <= Math.min(reach, side - 1 - y); dy++) {
        const width = Math.floor(Math.sqrt(radius * radius - dy * dy));
        const from = Math.max(0, x - width);
        const to = Math.min(side - 1, x + width);
        result.fill(1, (y + dy) * side + from, (y + dy) * side + to + 1);
      }
    }
  }
  return result;
}
