/** The fixed set of a suite: photos of a split, each with a hole of every kind. */
import { createHash } from 'node:crypto';
import type { HoleKind, RunConfig } from '../../config/run-config.ts';
import { UnusableImage } from '../../data/decode.ts';
import { decodePair } from '../../data/pair.ts';
import type { PreparedSample, Split } from '../../data/types.ts';
import { UserError } from '../../runtime/errors.ts';
import type { Reporter } from '../../runtime/progress.ts';
import type { Suite } from './schema.ts';

/** Raise it when the same settings would give another set. */
const VERSION = 1;

/** `all` in synthesis, where everything is hole. */
export type ItemHole = HoleKind | 'all';

/** A photo with a hole. */
export interface Item {
  readonly photo: PreparedSample;
  /** Index of the photo among the set's. */
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
  /** Photo by photo. */
  readonly items: readonly Item[];
  /** SHA-256 of everything that the set depends on, photos' and sketches' pixels included. */
  readonly hash: string;
}

export interface SetOptions {
  readonly suite: Suite;
  readonly config: RunConfig;
  readonly split: Split;
  /** Of the split. */
  readonly samples: readonly PreparedSample[];
  readonly reporter: Reporter;
}

/**
 * Chooses the photos, reads each once, and leaves out those that cannot be read, with a warning.
 *
 * @throws UserError when none is left.
 */
export async function makeSet({
  suite,
  config,
  split,
  samples,
  reporter,
}: SetOptions): Promise<EvaluationSet> {
  const { resolution, task } = config;
  const holes: readonly ItemHole[] = task === 'edit' ? suite.holes : ['all'];
  const chosen = choose(samples, suite);
  const photos: PreparedSample[] = [];
  const hash = createHash('sha256');
  const { seed, sketches, strokes, levels, blend } = suite;
  const settings = [VERSION, task, resolution, holes, seed, sketches, strokes, levels, blend];
  hash.update(JSON.stringify(settings));
  const progress = reporter.task('Reading photos', chosen.length, 'images');
  for (const [i, sample] of chosen.entries()) {
    try {
      const { photo, sketch } = await decodePair(sample.pairPath, resolution);
      hash.update(JSON.stringify(sample.id)).update(photo).update(sketch);
      photos.push(sample);
    } catch (error) {
      if (!(error instanceof UnusableImage)) throw error;
      reporter.warn(`A sample cannot be read and is left out: ${sample.pairPath}: ${error.message}`);
    }
    progress.update(i + 1);
  }
  progress.finish();
  if (photos.length === 0) throw emptySplit(config, split, samples.length);
  const items = photos.flatMap((photo, photoIndex) => holes.map((hole) => ({ photo, photoIndex, hole })));
  return { suite, split, task, resolution, holes, photos, items, hash: hash.digest('hex') };
}

/** The first of the samples in an order that depends on the suite's seed and their ids alone. */
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
        : 'make them anew: remove the run’s data.cache, then `npm run prepare -- --config RUN/config.yaml`',
  });
}
