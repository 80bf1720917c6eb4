/** The fixed set of images that a suite measures on: photos of a split, each with a hole of every kind. */

import { createHash } from 'node:crypto';
import type { HoleKind, RunConfig } from '../../config/run-config.ts';
import { packPairs, toBatch } from '../../data/batch.ts';
import { drawColourStrokes } from '../../data/colour-strokes.ts';
import { UnusableImage } from '../../data/decode.ts';
import { drawHole } from '../../data/holes.ts';
import { decodePair, type Pair } from '../../data/pair.ts';
import type { Batch, PreparedSample, Split } from '../../data/types.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import { npmRun } from '../../runtime/command-line.ts';
import { UserError } from '../../runtime/errors.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { stream } from '../../runtime/seed.ts';
import { degradeSketch } from './degrade.ts';
import type { Suite } from './suite.ts';

/** Part of every set's hash. Raise it when a change of the code makes other sets of the same settings. */
const VERSION = 1;

/** `all` in synthesis, where the whole image is hole. */
type ItemHole = HoleKind | 'all';

/** A photo with a hole. */
export interface Item {
  readonly photo: PreparedSample;
  /** Index of the photo among the set's photos. */
  readonly photoIndex: number;
  readonly hole: ItemHole;
}

export interface EvaluationSet {
  readonly suite: Suite;
  readonly split: Split;
  readonly task: RunConfig['task'];
  /** Side of photos and sketches, px. */
  readonly resolution: number;
  readonly holes: readonly ItemHole[];
  readonly photos: readonly PreparedSample[];
  /** All holes of the first photo, then those of the second, and so on. */
  readonly items: readonly Item[];
  /** SHA-256 of everything that the set depends on, including the pixels of photos and sketches. */
  readonly hash: string;
}

export interface SetOptions {
  readonly suite: Suite;
  readonly config: RunConfig;
  readonly split: Split;
  /** All samples of the split. */
  readonly samples: readonly PreparedSample[];
  readonly reporter: Reporter;
  /** Stops between photos by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Chooses the photos and reads each once. Those that cannot be read are left out, with a warning.
 *
 * @throws UserError when none is left.
 */
export async function makeSet(options: SetOptions): Promise<EvaluationSet> {
  const { suite, config, split, samples, reporter, signal } = options;
  const { resolution, task } = config;
  const holes: readonly ItemHole[] = task === 'edit' ? suite.holes : ['all'];
  const chosen = choose(samples, suite);
  const photos: PreparedSample[] = [];
  const hash = createHash('sha256');
  const { seed, sketches, strokes, l, blend } = suite;
  hash.update(JSON.stringify([VERSION, task, resolution, holes, seed, sketches, strokes, l, blend]));
  const progress = reporter.task('Reading photos', chosen.length, 'images');
  try {
    for (const [i, sample] of chosen.entries()) {
      signal?.throwIfAborted();
      try {
        const { photo, sketch } = await decodePair(sample.pairPath, resolution, sample.part);
        hash.update(JSON.stringify(sample.id)).update(photo).update(sketch);
        photos.push(sample);
      } catch (error) {
        if (!(error instanceof UnusableImage)) throw error;
        reporter.warn(`A sample cannot be read and is left out: ${sample.pairPath}: ${error.message}`);
      }
      progress.update(i + 1);
    }
  } finally {
    progress.finish();
  }
  if (photos.length === 0) throw emptySplit(config, split, samples.length);
  const items = photos.flatMap((photo, photoIndex) => holes.map((hole) => ({ photo, photoIndex, hole })));
  return { suite, split, task, resolution, holes, photos, items, hash: hash.digest('hex') };
}

/** The suite's number of samples. Their order depends on the suite's seed and the samples' ids alone. */
function choose(samples: readonly PreparedSample[], { seed, images }: Suite): PreparedSample[] {
  return samples
    .map((sample) => ({ sample, rank: createHash('sha256').update(`${seed}/${sample.id}`).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, images)
    .map(({ sample }) => sample);
}

function emptySplit({ data }: RunConfig, split: Split, samples: number): UserError {
  const shares = `data.split is {validation: ${data.split.validation}, test: ${data.split.test}}`;
  return new UserError('There is nothing to evaluate.', {
    where: `--split ${split}`,
    expected: 'a split with photos',
    got: samples === 0 ? `none; the run’s ${shares}` : `${samples} photos, of which none can be read`,
    fix:
      samples === 0
        ? 'choose another split with --split validation or --split train, or add photos to the source'
        : `make them anew: remove the run’s data.cache, then \`${npmRun()} prepare -- --config RUN/config.yaml\``,
  });
}

/** NHWC at the set's resolution; see {@link Batch}. */
export interface ItemBatch extends Batch {
  /** The sketch that methods are given, degraded by d. */
  readonly sketch: Tensor4D;
  /** The photo's own sketch. */
  readonly trueSketch: Tensor4D;
}

/**
 * Reads items, with their sketches degraded by d. The caller disposes of the tensors. An item is the same in any batch.
 *
 * @param withStrokes whether strokes of colour are wanted. If the suite says that there are none, there are none.
 */
export async function readItems(
  set: EvaluationSet,
  items: readonly Item[],
  degradation: number,
  withStrokes: boolean,
): Promise<ItemBatch> {
  const { resolution: n, suite } = set;
  const degraded = new Float32Array(items.length * n * n);
  const holes = new Float32Array(items.length * n * n);
  const reads = new Map<string, Promise<Pair>>();
  const readOnce = (photo: PreparedSample): Promise<Pair> => {
    const read = reads.get(photo.id) ?? readPair(photo, n);
    reads.set(photo.id, read);
    return read;
  };
  const pairs = await Promise.all(
    items.map(async ({ photo }) => ({ id: photo.id, ...(await readOnce(photo)) })),
  );
  for (const [i, pair] of pairs.entries()) {
    const { photo, hole } = items[i];
    const mask = holeOf(set, items[i]);
    holes.set(mask, i * n * n);
    if (degradation === 0) continue;
    const sketch = degradeSketch({
      lines: pair.sketch.map((value) => (value < 128 ? 1 : 0)),
      hole: mask,
      size: n,
      degradation,
      settings: suite.sketches,
      seed: suite.seed,
      names: [photo.id, hole],
    });
    degraded.set(sketch, i * n * n);
  }
  const raw = packPairs(pairs, n);
  const { image, sketch: trueSketch, hole } = toBatch(raw, holes);
  const sketch = degradation === 0 ? trueSketch.clone() : tf.tensor4d(degraded, [items.length, n, n, 1]);
  const streamOf = (i: number) => stream(suite.seed, 'evaluation strokes', raw.ids[i]);
  const colour = suite.strokes && withStrokes ? drawColourStrokes(image, streamOf) : undefined;
  return { image, sketch, trueSketch, hole, ...(colour && { colour }) };
}

async function readPair({ pairPath, part }: PreparedSample, resolution: number): Promise<Pair> {
  try {
    return await decodePair(pairPath, resolution, part);
  } catch (error) {
    // It could be read when the set was made.
    throw new UserError('A photo of the set can no longer be read.', {
      where: pairPath,
      got: (error as Error).message,
      fix: 'start again: the set is then chosen without it',
    });
  }
}

/** An item's hole mask [n, n], 1 = hole. It depends on the suite's seed, the photo's id and the kind of hole alone. */
export function holeOf({ suite, resolution }: EvaluationSet, { photo, hole }: Item): Uint8Array {
  if (hole === 'all') return new Uint8Array(resolution * resolution).fill(1);
  return drawHole({ kinds: [hole] }, resolution, stream(suite.seed, 'evaluation hole', photo.id, hole));
}
