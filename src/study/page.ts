/** `study.md`: the answer of a study, and the tables behind it. One section, so that it can stand in another page as well. */
import type { Estimate } from '../eval/bootstrap.ts';
import { wordsFor } from '../eval/metrics/metric.ts';
import type { Report } from '../eval/report/report.ts';
import {
  format,
  formatDifference,
  formatInterval,
  type Measure,
  mainMeasures,
  measureTitle,
} from '../eval/report/select.ts';
import type { Used } from './budget.ts';
import {
  answer,
  type Contender,
  type Contest,
  change,
  difference,
  differenceOfChanges,
  type Measured,
  type Question,
  type Verdict,
  verdictOf,
} from './compare.ts';

/** A method's training. */
export interface Trained {
  readonly name: string;
  /** Parameters by network. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly used: Used;
}

/** What the page is made of. */
export interface StudyParts {
  readonly minutes: number;
  readonly trained: readonly Trained[];
  readonly report: Report;
  /** The evaluation of the validation samples, by which l was chosen. */
  readonly validation: Report;
  readonly contest: Contest;
  readonly measured: Measured;
}

export function studyPage(parts: StudyParts): string {
  const { contest, measured } = parts;
  return [
    '## Does l buy robustness to rough sketches?',
    '',
    ...introduction(parts),
    '',
    '### The answer',
    '',
    ...answer(measured, contest).flatMap(questionLines),
    '*Holds*: the whole interval says so. *Does not hold*: none of it does. *Not decided*: it has both. Each interval stands for itself;',
    'of twenty, one is expected to miss.',
    '',
    '![Quality by roughness of the sketch](study.svg)',
    '',
    '### 1. Budgets',
    '',
    ...budgetTable(parts),
    '',
    '### 2. Quality on good sketches',
    '',
    ...qualityTable(parts),
    '',
    '### 3. Robustness',
    '',
    ...robustness(parts),
    '',
    '### 4. Fidelity to the sketch',
    '',
    ...fidelityTables(parts),
    '',
  ].join('\n');
}

function introduction({ minutes, trained, report, validation, contest }: StudyParts): string[] {
  const { set, suite, times } = report;
  const { quality, fidelity, ds } = contest;
  const percent = Math.round(100 * suite.bootstrap.confidence);
  const count = trained.length - 1;
  return [
    `${trained[0].name} and ${count} baseline${count === 1 ? '' : 's'} were trained for ${minutes} min each and measured on the same ${set.photos} held-out photos, ${set.images}`,
    `images with holes (${set.holes.join(', ')}) at ${set.resolution} px. d says how rough sketches are, from ${ds[0]} to ${ds[ds.length - 1]}; l says how much of that ${trained[0].name} is told`,
    `to forgive. *Quality* is ${measureTitle(quality)} (${wordsFor(quality.metric.better)}), *fidelity* ${measureTitle(fidelity)} (${wordsFor(fidelity.metric.better)}): ${fidelity.metric.definition}`,
    '',
    `In brackets are ${percent} % bootstrap intervals over photos. Differences are taken image by image. The *chosen* l is, for each d, the best on`,
    `${validation.set.photos} validation photos, which are no test photos. Suite ${suite.name}, set ${set.hash.slice(0, 12)}, ${times.created.slice(0, 10)}.`,
  ];
}

/** `Holds against 3 of 4`, and every claim with its numbers. */
function questionLines({ question, claims }: Question): string[] {
  const counts = (['holds', 'does not hold', 'not decided'] as const)
    .map((verdict) => [verdict, claims.filter((claim) => claim.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${verdict}: ${count} of ${claims.length}`);
  return [
    `**${question}** ${counts.join(', ')}.`,
    '',
    ...claims.map(
      ({ sentence, verdict, estimate, measure }) =>
        `- ${sentence} **${verdict}** (${measure.metric.title}: ${signed(estimate)})`,
    ),
    '',
  ];
}

function budgetTable({ minutes, trained }: StudyParts): string[] {
  const rows = trained.map(({ name, parameters, used }) => {
    const total = Object.values(parameters).reduce((sum, count) => sum + count, 0);
    const networks = Object.entries(parameters).map(([network, count]) => `${network} ${millions(count)}`);
    const early = used.seconds < 0.95 * 60 * minutes ? ' (ended by its steps)' : '';
    return [
      name,
      `${millions(total)} (${networks.join(', ')})`,
      used.steps.toLocaleString('en'),
      used.images.toLocaleString('en'),
      `${(used.seconds / 60).toFixed(1)}${early}`,
      (used.images / used.seconds).toFixed(1),
    ];
  });
  return [
    `The budget is ${minutes} min of training each, all stages together. Networks that only training needs are counted, too.`,
    '',
    ...table(['Method', 'Parameters, millions', 'Steps', 'Images', 'Minutes', 'Images/s'], rows),
  ];
}

function qualityTable({ report, contest, measured }: StudyParts): string[] {
  const [d] = contest.ds;
  const measures = mainMeasures(report).filter(({ metric }) => metric.kind === 'sample');
  const rows = contenders(contest).map((one) => [
    one.name,
    ...measures.map((measure) => plain(measured.estimate(measure, [[1, one.at(d)]]))),
  ]);
  const heads = measures.map((measure) => `${measureTitle(measure)}, ${wordsFor(measure.metric.better)}`);
  return [`All at d = ${d}.`, '', ...table(['Method', ...heads], rows)];
}

function robustness({ trained, contest, measured, validation }: StudyParts): string[] {
  const { quality, ds, ls, chosen, studied, baselines } = contest;
  const [fine, rough] = [ds[0], ds[ds.length - 1]];
  const own = [chosen, studied(ls[0]), studied(ls[ls.length - 1])];
  const byD = ds.map((d) => `d = ${d}`);
  const title = measureTitle(quality);
  const compared = (estimate: Estimate | undefined) => withVerdict(estimate, quality);
  return [
    `The l chosen on ${validation.set.photos} validation photos:`,
    '',
    ...table(['', ...byD], [['chosen l', ...ds.map((d) => String(chosen.at(d).l))]]),
    '',
    `${title} (${wordsFor(quality.metric.better)}) by d:`,
    '',
    ...table(
      ['Method', ...byD],
      contenders(contest).map((one) => [
        one.name,
        ...ds.map((d) => plain(measured.estimate(quality, [[1, one.at(d)]]))),
      ]),
    ),
    ...own.flatMap((one) => [
      '',
      `${one.name} minus each baseline:`,
      '',
      ...table(
        ['Baseline', ...byD],
        baselines.map((other) => [
          other.name,
          ...ds.map((d) => compared(measured.estimate(quality, difference(one, other, d)))),
        ]),
      ),
    ]),
    '',
    `What roughness costs: the change of ${title} from d = ${fine} to d = ${rough}, and by how much that of ${trained[0].name} differs:`,
    '',
    ...table(
      ['Method', 'Change', ...own.map(({ name }) => `${name}, minus it`)],
      [...own, ...baselines].map((other) => [
        other.name,
        signed(measured.estimate(quality, change(other, fine, rough))),
        ...own.map((one) =>
          own.includes(other)
            ? ''
            : compared(measured.estimate(quality, differenceOfChanges(one, other, fine, rough))),
        ),
      ]),
    ),
  ];
}

function fidelityTables({ contest, measured }: StudyParts): string[] {
  const { fidelity, ds, ls, studied, baselines } = contest;
  const [d] = ds;
  const least = studied(ls[0]);
  const row = (one: Contender) => [
    one.name,
    plain(measured.estimate(fidelity, [[1, one.at(d)]])),
    one.name === least.name
      ? ''
      : withVerdict(measured.estimate(fidelity, difference(least, one, d)), fidelity),
  ];
  const title = measureTitle(fidelity);
  return [
    `${title} (${wordsFor(fidelity.metric.better)}) at d = ${d}, and what ${least.name} has more. As l grows, the method is meant to follow less closely.`,
    '',
    ...table(
      ['Method', title, `${least.name}, minus it`],
      [...ls.map((l) => studied(l)), ...baselines].map(row),
    ),
  ];
}

/** Everything that competes: the studied method at the chosen, the least and the greatest l, then the baselines. */
const contenders = ({ chosen, studied, ls, baselines }: Contest): Contender[] => [
  chosen,
  studied(ls[0]),
  studied(ls[ls.length - 1]),
  ...baselines,
];

const plain = (estimate: Estimate | undefined): string =>
  estimate ? `${format(estimate.mean)} ${formatInterval(estimate)}`.trim() : '–';

function signed(estimate: Estimate | undefined): string {
  if (!estimate) return '–';
  const { mean, low, high } = estimate;
  const interval =
    low === null || high === null ? '' : ` [${formatDifference(low)}, ${formatDifference(high)}]`;
  return `${formatDifference(mean)}${interval}`;
}

const WORDS: Record<Verdict, string> = { holds: ' better', 'does not hold': ' worse', 'not decided': '' };

/** A difference, with the word that its interval allows. */
const withVerdict = (estimate: Estimate | undefined, { metric }: Measure): string =>
  `${signed(estimate)}${WORDS[verdictOf(estimate, metric)]}`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`);

const millions = (count: number): string => (count / 1e6).toFixed(2);
