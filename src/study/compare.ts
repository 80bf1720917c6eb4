/** The numbers of a study: paired differences of methods with intervals, and what they say of the paper's claim. */
import { Bootstrap, type Estimate } from '../eval/bootstrap.ts';
import { goodness } from '../eval/metrics/metric.ts';
import type { ImageValues } from '../eval/report/image-values.ts';
import type { Report, ReportMetric } from '../eval/report/report.ts';
import type { Measure, Place } from '../eval/report/select.ts';

/** A method as it competes: the studied one at some l, or a baseline. */
export interface Contender {
  readonly name: string;
  /** What it is at sketches of this d. */
  at(d: number): Place;
}

/** A part of a sum over one image: so many times what a method got there. */
export type Term = readonly [factor: number, place: Place];

/** What an evaluation measured of single images, to be compared image by image. */
export class Measured {
  readonly #bootstrap: Bootstrap;
  /** The photo of every image, as an index. */
  readonly #photos: readonly number[];
  /** By place, in the order of the set. */
  readonly #images = new Map<string, ImageValues[]>();

  constructor({ suite, set, methods }: Report, images: readonly ImageValues[]) {
    const { resamples, confidence } = suite.bootstrap;
    this.#bootstrap = new Bootstrap(set.photos, { resamples, confidence, seed: suite.seed });
    for (const image of images) {
      const key = placeKey(image);
      const there = this.#images.get(key);
      if (there) there.push(image);
      else this.#images.set(key, [image]);
    }
    const first = images.filter(({ method }) => method === methods[0].label).slice(0, set.images);
    const ids = [...new Set(first.map(({ photo }) => photo))];
    this.#photos = first.map(({ photo }) => ids.indexOf(photo));
  }

  /** The mean over all images of a sum, with its interval, by the resamples of the report itself. */
  estimate({ metric, region }: Measure, terms: readonly Term[]): Estimate | undefined {
    const parts = terms.map(([factor, place]) => ({ factor, images: this.#imagesAt(place) }));
    const key = `${metric.name}/${region}`;
    const sum = (image: number) =>
      parts.reduce(
        (total, { factor, images }) => total + factor * (images[image].values[key] ?? Number.NaN),
        0,
      );
    return this.#bootstrap.estimate(this.#photos.map((photo, image) => ({ photo, value: sum(image) })));
  }

  /** A method that is given no sketch is the same at every d. */
  #imagesAt(place: Place): readonly ImageValues[] {
    const found = this.#images.get(placeKey(place)) ?? this.#images.get(placeKey({ ...place, d: null }));
    if (found) return found;
    throw new Error(`Nothing was measured at ${JSON.stringify(place)}.`);
  }
}

const placeKey = ({ method, d, l }: Place): string => JSON.stringify([method, d, l]);

/** One contender minus another, both on sketches of one d. */
export const difference = (one: Contender, other: Contender, d: number): Term[] => [
  [1, one.at(d)],
  [-1, other.at(d)],
];

/** What a contender's value changes by from one d to another. */
export const change = (one: Contender, from: number, to: number): Term[] => [
  [1, one.at(to)],
  [-1, one.at(from)],
];

/** By how much more one contender's value changes than another's. */
export const differenceOfChanges = (one: Contender, other: Contender, from: number, to: number): Term[] => [
  ...change(one, from, to),
  ...change(other, from, to).map(([factor, place]): Term => [-factor, place]),
];

/** What an interval says of a claim. */
export type Verdict = 'holds' | 'does not hold' | 'not decided';

/**
 * What the interval of a difference says of the claim that it is good (of `higher`: above 0): that all of it is, that none
 * of it is, or neither. Without an interval nothing is decided.
 */
export function verdictOf(estimate: Estimate | undefined, { better }: Pick<ReportMetric, 'better'>): Verdict {
  if (!estimate || estimate.low === null || estimate.high === null) return 'not decided';
  const ends = [goodness(better, estimate.low), goodness(better, estimate.high)];
  if (Math.min(...ends) > 0) return 'holds';
  return Math.max(...ends) <= 0 ? 'does not hold' : 'not decided';
}

/** A sentence that can be true or false, and what was measured of it. */
export interface Claim {
  readonly sentence: string;
  readonly measure: Measure;
  /** Of the measure; that it is good is what the sentence says. */
  readonly estimate: Estimate | undefined;
  readonly verdict: Verdict;
}

/** Claims that answer one question. */
export interface Question {
  readonly question: string;
  readonly claims: readonly Claim[];
}

/** What competes, and where it is compared. */
export interface Contest {
  readonly quality: Measure;
  readonly fidelity: Measure;
  /** The values of d and of l, rising. */
  readonly ds: readonly number[];
  readonly ls: readonly number[];
  /** The studied method at one l. */
  studied(l: number): Contender;
  /** The studied method at the l that was chosen for each d. */
  readonly chosen: Contender;
  readonly baselines: readonly Contender[];
}

/** The paper's claim in parts, each decided by an interval. */
export function answer(measured: Measured, contest: Contest): Question[] {
  const { quality, fidelity, ds, ls, chosen, studied, baselines } = contest;
  const [fine, rough] = [ds[0], ds[ds.length - 1]];
  const [least, greatest] = [studied(ls[0]), studied(ls[ls.length - 1])];
  const claim = (sentence: string, measure: Measure, terms: readonly Term[]): Claim => {
    const estimate = measured.estimate(measure, terms);
    return { sentence, measure, estimate, verdict: verdictOf(estimate, measure.metric) };
  };
  const roughL = chosen.at(rough).l;
  return [
    {
      question: 'Does it lose less by rough sketches than the others?',
      claims: baselines.map((other) =>
        claim(
          `From d = ${fine} to d = ${rough}, ${chosen.name} loses less than ${other.name}.`,
          quality,
          differenceOfChanges(chosen, other, fine, rough),
        ),
      ),
    },
    {
      question: 'Is it better on rough sketches?',
      claims: baselines.map((other) =>
        claim(
          `At d = ${rough}, ${chosen.name} (${roughL}) is better than ${other.name}.`,
          quality,
          difference(chosen, other, rough),
        ),
      ),
    },
    {
      question: 'Is it l that does it?',
      claims: [
        claim(
          `At d = ${rough}, ${chosen.name} (${roughL}) is better than ${least.name}.`,
          quality,
          difference(chosen, least, rough),
        ),
        claim(
          `From d = ${fine} to d = ${rough}, ${greatest.name} loses less than ${least.name}.`,
          quality,
          differenceOfChanges(greatest, least, fine, rough),
        ),
      ],
    },
    {
      question: `Is the sketch still followed at l = ${ls[0]}?`,
      claims: baselines.map((other) =>
        claim(
          `At d = ${fine}, ${least.name} follows the sketch more closely than ${other.name}.`,
          fidelity,
          difference(least, other, fine),
        ),
      ),
    },
    {
      question: 'Does l give up fidelity for that?',
      claims: [
        claim(
          `At d = ${fine}, ${least.name} follows the sketch more closely than ${greatest.name}.`,
          fidelity,
          difference(least, greatest, fine),
        ),
      ],
    },
  ];
}
