/** Evaluates checkpoints: measures them on a suite's set of images, and writes a report. */
import { createHash } from 'node:crypto';
import { basename, dirname, join, relative } from 'node:path';
import { isPretrained } from '../core/checkpoint.ts';
import { prepare } from '../data/prepare.ts';
import type { Split } from '../data/types.ts';
import { amongWorkers, byLeader, exchange, programHash, requireEqual } from '../ops/coordination.ts';
import { currentCluster } from '../runtime/cluster.ts';
import { requireWritableFolder, writeFilesTogether } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { closeCheckpoints, type EvaluatedCheckpoint, openCheckpoints, trainedOn } from './checkpoints.ts';
import { MetricCollection } from './metrics/collection.ts';
import { type EvaluateOptions, evaluateCheckpoints, measureShare } from './passes.ts';
import { imageLines } from './report/image-values.ts';
import { reportPage } from './report/page.ts';
import { buildReport, type Report, reportCsv, reportJson } from './report/report.ts';
import { drawSamples } from './report/sample-images.ts';
import { Shards } from './shards.ts';
import { type EvaluationSet, makeSet } from './suite/set.ts';
import type { Suite } from './suite/suite.ts';
import { summarize } from './summarize.ts';

/** What is evaluated, and where the results go. */
export interface EvaluateRunOptions {
  /** Checkpoints, or runs, which stand for their newest checkpoint. Photos are taken from the first one's data source. */
  readonly checkpoints: readonly string[];
  /**
   * Where the photos lie now, where not as in training: `data.source.path=FOLDER`, and other keys of `data.source`,
   * `data.cache` and `data.split.groups.file`. Default: as in training.
   */
  readonly dataSets?: readonly string[];
  /** The part of the data whose photos are taken. Default: `test`. */
  readonly split?: Split;
  /** What is measured; see {@link readSuite}. */
  readonly suite: Suite;
  /** Folder of the report. Default: one below the first run's `metrics`. */
  readonly out?: string | undefined;
  /** Images at once. Default: 8. */
  readonly batch?: number;
  /** Folder of the weights that metrics need and that do not install by themselves. Default: `weights`. */
  readonly weights?: string;
  /** Default: none. */
  readonly reporter?: Reporter;
  /** Stops the evaluation by throwing its reason. The same call goes on later with what was measured until then. */
  readonly signal?: AbortSignal;
}

/** Where the results of an evaluation are, and what they say. */
export interface EvaluateRunResult {
  /** The folder of the report. */
  readonly folder: string;
  /** The files in it: `metrics.json`, `metrics.csv`, `images.jsonl` and `report.html`. */
  readonly files: readonly string[];
  /** What `metrics.json` holds. */
  readonly report: Report;
}

/**
 * Measures checkpoints side by side, and writes a report of four files, which appear together. Where this process is one of
 * several workers, each measures its share of the images, and worker 0 writes the report.
 *
 * @throws UserError when a checkpoint cannot be used or compared with the first one, a metric is unknown or lacks its
 *   weights, the split has no photos, or the folder cannot be written. All this is told before anything is measured.
 */
export async function evaluateRun(options: EvaluateRunOptions): Promise<EvaluateRunResult> {
  return amongWorkers(() => openAndMeasure(options));
}

async function openAndMeasure(options: EvaluateRunOptions): Promise<EvaluateRunResult> {
  const { suite, weights = 'weights', reporter = silent } = options;
  const checkpoints = await openCheckpoints(options.checkpoints, reporter, options.dataSets);
  try {
    const { config } = checkpoints[0].loaded;
    const context = { weights, reporter, edges: config.data.edges };
    const metrics = await MetricCollection.create(suite.metrics, context, config.task === 'synthesis');
    try {
      return await measureAndReport(options, checkpoints, metrics);
    } finally {
      metrics.dispose();
    }
  } finally {
    closeCheckpoints(checkpoints);
  }
}

async function measureAndReport(
  options: EvaluateRunOptions,
  checkpoints: readonly EvaluatedCheckpoint[],
  metrics: MetricCollection,
): Promise<EvaluateRunResult> {
  const { suite, split = 'test', batch = 8, reporter = silent, signal } = options;
  const begin = performance.now();
  const { config } = checkpoints[0].loaded;
  const { resolution } = checkpoints[0].predictor;
  const folder = options.out ?? defaultFolder(suite, split, checkpoints);
  // A mistake in its name is told before any work.
  await requireWritableFolder(folder, '--out');
  const { samples } = await prepare({ config, reporter, ...(signal && { signal }) });
  const set = await makeSet({ suite, config, split, samples: samples[split], reporter, signal });
  metrics.requireImages(set.items.length);
  const seen = await warnOfTrainingPhotos(checkpoints, set, reporter);
  reporter.info(
    `${set.photos.length} photos, ${set.items.length} images, set ${set.hash.slice(0, 12)}; ${suite.metrics.join(', ')}`,
  );

  const shards = new Shards(folder, [set.hash, suite.metrics, config.data.edges, resolution]);
  const measuring = { set, checkpoints, metrics, batch, shards, reporter, signal };
  const cluster = currentCluster();
  if (cluster) {
    await requireEqual({
      'the program': programHash(),
      'the images': `${set.items.length}, ${set.hash.slice(0, 12)}`,
      'the checkpoints': checkpoints.map(({ sha256 }) => sha256.slice(0, 12)).join(', '),
      'the metrics': suite.metrics.join(', '),
      '--batch': String(batch),
    });
    await measureShare(measuring, cluster.rank);
    await exchange('measured');
  }
  return byLeader(() => writeReport(measuring, folder, seen, begin));
}

/** Measures, or puts together what all workers have measured, and writes the report. */
async function writeReport(
  measuring: EvaluateOptions,
  folder: string,
  seen: Map<EvaluatedCheckpoint, number>,
  begin: number,
): Promise<EvaluateRunResult> {
  const { set, checkpoints, metrics, shards, reporter, signal } = measuring;
  const { resolution } = checkpoints[0].predictor;
  const results = await evaluateCheckpoints(measuring);
  const shown = await drawSamples(set, metrics, results, checkpoints, { reporter, signal });
  const report = buildReport({
    set,
    resolution,
    metrics,
    methods: [...new Set(results.map(({ method }) => method))],
    trainedOn: seen,
    summary: summarize(set, metrics, results),
    times: { created: new Date().toISOString(), seconds: Math.round((performance.now() - begin) / 1000) },
  });
  const files = {
    'metrics.json': reportJson(report),
    'metrics.csv': reportCsv(report),
    'images.jsonl': imageLines(set, metrics, results),
    'report.html': reportPage(report, shown),
  };
  await writeFilesTogether(folder, files);
  await shards.remove();
  return { folder, files: Object.keys(files).map((name) => join(folder, name)), report };
}

/** Warns of photos that a checkpoint was trained on. Returns their number by checkpoint, where it is known. */
async function warnOfTrainingPhotos(
  checkpoints: readonly EvaluatedCheckpoint[],
  set: EvaluationSet,
  reporter: Reporter,
): Promise<Map<EvaluatedCheckpoint, number>> {
  const { source } = checkpoints[0].loaded.config.data;
  const seen = new Map<EvaluatedCheckpoint, number>();
  for (const checkpoint of checkpoints) {
    const count = await trainedOn(checkpoint, set, source);
    if (count !== undefined) seen.set(checkpoint, count);
    if (count) {
      reporter.warn(`${checkpoint.label} was trained on ${count} of these ${set.photos.length} photos.`);
    }
  }
  return seen;
}

/**
 * `RUN/metrics/evaluation-quick-test-step-1800`; for a checkpoint that lies in no run, a folder beside it; for a model that
 * ships, one below `runs`.
 */
function defaultFolder(
  { name: suite }: Suite,
  split: Split,
  checkpoints: readonly EvaluatedCheckpoint[],
): string {
  const { path } = checkpoints[0].loaded;
  const others = checkpoints.slice(1).map(({ sha256 }) => sha256);
  const key = createHash('sha256').update(others.join()).digest('hex').slice(0, 8);
  const compared = others.length > 0 ? `-compared-${key}` : '';
  const name = `evaluation-${suite}-${split}`;
  const inRun = basename(dirname(path)) === 'checkpoints';
  const folder = inRun
    ? join(dirname(dirname(path)), 'metrics', `${name}-${basename(path)}${compared}`)
    : `${isPretrained(path) ? join('runs', basename(path)) : path}-${name}${compared}`;
  return relative('.', folder) || '.';
}
