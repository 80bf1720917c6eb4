/** The command `evaluate`: checkpoints on a fixed set of photos, holes and sketches, and a report of it. */
import { createHash } from 'node:crypto';
import { basename, dirname, join, relative } from 'node:path';
import { prepare } from '../data/prepare.ts';
import type { Split } from '../data/types.ts';
import { evaluate } from '../eval/evaluate.ts';
import { MetricCollection } from '../eval/metrics/collection.ts';
import { drawSamples } from '../eval/pictures.ts';
import { buildReport } from '../eval/report/build.ts';
import { reportCsv, reportJson, writeTogether } from '../eval/report/files.ts';
import { headline } from '../eval/report/headline.ts';
import { reportPage } from '../eval/report/page.ts';
import { requireWritable, Shards } from '../eval/shards.ts';
import { openSubjects, type Subject, trainedOn } from '../eval/subject.ts';
import type { Suite } from '../eval/suite/schema.ts';
import { makeSet } from '../eval/suite/set.ts';
import { summarize } from '../eval/summarize.ts';
import type { Reporter } from '../runtime/progress.ts';
import { table } from '../train/plan.ts';
import { catchInterrupts } from './interrupt.ts';

export interface EvaluateCommand {
  /** Runs, which stand for their newest checkpoint, or checkpoints; the first one's data are used for all. */
  readonly checkpoints: readonly string[];
  readonly split: Split;
  readonly suite: Suite;
  /** Folder of the results; by default one below the first run's `metrics`. */
  readonly out?: string | undefined;
  /** Images at once. */
  readonly batch: number;
  /** Folder of weights that metrics need. */
  readonly weights: string;
  readonly reporter: Reporter;
  /** Ends in good order; by default the signals of the process. */
  readonly signal?: AbortSignal;
}

/** Evaluates, and writes `metrics.json`, `metrics.csv` and `report.html`. Returns their folder. */
export async function evaluateCommand(command: EvaluateCommand): Promise<string> {
  const subjects = await openSubjects(command.checkpoints);
  try {
    const { config } = subjects[0].loaded;
    const context = { weights: command.weights, reporter: command.reporter, edges: config.data.edges };
    const metrics = await MetricCollection.create(
      command.suite.metrics,
      context,
      config.task === 'synthesis',
    );
    try {
      return await evaluateSubjects(command, subjects, metrics);
    } finally {
      metrics.dispose();
    }
  } finally {
    for (const { loaded } of subjects) loaded.method.dispose();
  }
}

async function evaluateSubjects(
  command: EvaluateCommand,
  subjects: readonly Subject[],
  metrics: MetricCollection,
): Promise<string> {
  const { suite, split, batch, reporter } = command;
  const begin = performance.now();
  const { config } = subjects[0].loaded;
  const out = command.out ?? defaultFolder(command, subjects);
  await requireWritable(out);
  const samples = (await prepare({ config, reporter })).samples[split];
  const set = await makeSet({ suite, config, split, samples, reporter });
  metrics.requireImages(set.items.length);
  const seen = await warnOfTraining(subjects, set, reporter);
  reporter.info(
    `${set.photos.length} photos, ${set.items.length} images, set ${set.hash.slice(0, 12)}; ${suite.metrics.join(', ')}`,
  );

  const signal =
    command.signal ??
    catchInterrupts(reporter.warn, 'after the images in progress; the same command goes on');
  const identity = [set.hash, suite.metrics, config.data.edges, subjects[0].predictor.resolution];
  const shards = new Shards(out, identity);
  const cells = await evaluate({ set, subjects, metrics, batch, shards, reporter, signal });
  const shown = await drawSamples(set, metrics, cells, subjects, { reporter, signal });
  const report = buildReport({
    set,
    resolution: subjects[0].predictor.resolution,
    metrics,
    methods: [...new Set(cells.map(({ method }) => method))],
    trainedOn: seen,
    summary: summarize(set, metrics, cells),
    times: { created: new Date().toISOString(), seconds: Math.round((performance.now() - begin) / 1000) },
  });
  await writeTogether(out, {
    'report.html': reportPage(report, shown),
    'metrics.csv': reportCsv(report),
    'metrics.json': reportJson(report),
  });
  await shards.remove();
  const { head, rows } = headline(report);
  for (const line of ['', ...table(head, rows)]) reporter.info(line);
  for (const name of ['metrics.json', 'metrics.csv', 'report.html']) reporter.info(join(out, name));
  return out;
}

/** Tells of photos that a checkpoint was trained on; returns their number by checkpoint. */
async function warnOfTraining(
  subjects: readonly Subject[],
  set: Parameters<typeof trainedOn>[1],
  reporter: Reporter,
): Promise<Record<string, number | undefined>> {
  const { source } = subjects[0].loaded.config.data;
  const seen: Record<string, number | undefined> = {};
  for (const subject of subjects) {
    const count = await trainedOn(subject, set, source);
    seen[subject.sha256] = count;
    if (count) {
      reporter.warn(`${subject.label} was trained on ${count} of these ${set.photos.length} photos.`);
    }
  }
  return seen;
}

/** `RUN/metrics/evaluation-quick-test-step-1800`; beside a checkpoint that lies in no run. */
function defaultFolder({ suite, split }: EvaluateCommand, subjects: readonly Subject[]): string {
  const { path } = subjects[0].loaded;
  const others = subjects.slice(1).map(({ sha256 }) => sha256);
  const key = createHash('sha256').update(others.join()).digest('hex').slice(0, 8);
  const compared = others.length > 0 ? `-compared-${key}` : '';
  const name = `evaluation-${suite.name}-${split}`;
  const inRun = basename(dirname(path)) === 'checkpoints';
  const step = basename(path);
  const folder = inRun
    ? join(dirname(dirname(path)), 'metrics', `${name}-${step}${compared}`)
    : `${path}-${name}${compared}`;
  return relative('.', folder) || '.';
}
