/**
 * A study of the paper's claim: trains Deep Plastic Surgery and baselines for the same time on the same split, measures
 * them by roughness d of the sketch and refinement level l, and says what the numbers decide.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readManifest } from '../core/checkpoint.ts';
import { newestRun, RunFolder } from '../core/run-folder.ts';
import type { Split } from '../data/types.ts';
import { MetricCollection } from '../eval/metrics/collection.ts';
import { readImageValues } from '../eval/report/image-values.ts';
import { type Report, reportSchema } from '../eval/report/report.ts';
import { bestLAt, checkpointLabels, type Measure, measureOf } from '../eval/report/select.ts';
import { type EvaluateRunOptions, evaluateRun } from '../eval/run.ts';
import { readSuite, type Suite } from '../eval/suite/suite.ts';
import { type LoadedConfig, loadConfig, readConfig } from '../models/read-config.ts';
import { createMethod } from '../models/registry.ts';
import { UserError } from '../runtime/errors.ts';
import { readState, requireWritableFolder, writeFilesTogether } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { requireSameTraining } from '../train/resume.ts';
import { trainRun } from '../train/run.ts';
import { requireSameLengths, shareMinutes, usedBudget, usedSeconds } from './budget.ts';
import { answer, type Contender, type Contest, Measured, type Question } from './compare.ts';
import { studyPage, type Trained } from './page.ts';
import { studyPlot } from './plot.ts';
import { readStudy, type Study } from './study-file.ts';

/** What is studied, and where the results go. */
export interface StudyOptions {
  /** A study's file, or what one would hold; see {@link readStudy}. */
  readonly study: string | object;
  /** Minutes of training of each method, in place of the study's own. */
  readonly minutes?: number | undefined;
  /** Folder of runs, evaluations and the answer. What is in it already is not done again. Default: `study`. */
  readonly out?: string;
  /** Folder of the weights that metrics need and that do not install by themselves. Default: `weights`. */
  readonly weights?: string;
  /** Default: none. */
  readonly reporter?: Reporter;
  /** Ends a training with a checkpoint, or an evaluation, and throws its reason. The same call goes on later. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of a study. */
export interface StudyResult {
  /** `study.md` and `study.svg`. */
  readonly files: readonly string[];
  /** The paper's claim in parts, and what the intervals decide. */
  readonly questions: readonly Question[];
  /** The evaluation of the test samples. */
  readonly report: Report;
}

/** A method of the study before it is trained. */
interface Planned {
  readonly name: string;
  readonly path: string;
  /** With the study's budget. */
  readonly loaded: LoadedConfig;
  /** The folder of its run, if it was begun. */
  readonly run: RunFolder | undefined;
  /** Seconds of the budget that the run has used. */
  readonly used: number;
}

/**
 * Trains what is not trained yet, measures what is not measured yet, and writes the answer. Files of a study: `runs/`,
 * `evaluation/`, `validation/`, `study.md` and `study.svg`.
 *
 * @throws UserError when the study, a configuration or the suite cannot be used, methods do not compare, or a run in the
 *   folder was begun with another configuration or budget. All this is told before anything is trained.
 */
export async function runStudy(options: StudyOptions): Promise<StudyResult> {
  const { out = 'study', weights = 'weights', reporter = silent, signal } = options;
  const sets = options.minutes === undefined ? [] : [`minutes=${options.minutes}`];
  const study = readStudy(options.study, sets);
  const suite = readSuite(study.suite);
  await requireWritableFolder(out, '--out');
  const plan = await planMethods(study, join(out, 'runs'));
  await requireMeasures(study, suite, plan[0], { weights, reporter });

  const trained: (Trained & { checkpoint: string })[] = [];
  for (const i of plan.keys()) trained.push(await trainMethod(plan, i, study, { out, reporter, signal }));

  const common = { weights, reporter, ...(signal && { signal }) };
  const [studied] = trained;
  reporter.info('All methods are trained. l is chosen on validation samples.');
  const validation = await evaluateOnce({
    ...common,
    checkpoints: [studied.checkpoint],
    split: 'validation',
    suite: { ...suite, metrics: [study.quality], report: { ...suite.report, samples: 0 } },
    out: join(out, 'validation'),
  });
  reporter.info('All methods are measured on test samples.');
  const report = await evaluateOnce({
    ...common,
    checkpoints: trained.map(({ checkpoint }) => checkpoint),
    split: 'test',
    suite,
    out: join(out, 'evaluation'),
  });
  const contest = contestOf(study, trained, report, validation);
  const measured = new Measured(report, await readImageValues(join(out, 'evaluation', 'images.jsonl')));
  const parts = { minutes: study.minutes, trained, report, validation, contest, measured };
  const files = { 'study.md': studyPage(parts), 'study.svg': studyPlot(measured, contest) };
  await writeFilesTogether(out, files);
  return {
    files: Object.keys(files).map((name) => join(out, name)),
    questions: answer(measured, contest),
    report,
  };
}

/** Reads the configurations, finds the runs that were begun, and checks that all of it can be compared. */
async function planMethods({ methods, minutes }: Study, runs: string): Promise<Planned[]> {
  const plan: Planned[] = [];
  for (const path of methods) {
    const loaded = loadConfig(path, shareMinutes(readConfig(path), minutes));
    const { config } = loaded;
    requireComparable(plan[0], { path, loaded });
    if (plan.some(({ name }) => name === config.name)) {
      throw new UserError('Two methods of a study have the same name.', {
        where: loaded.locate(['name']),
        expected: 'a name of its own for each, which its run is found by',
        got: config.name,
      });
    }
    const begun = await newestRun(runs, config.name);
    const run = begun === undefined ? undefined : new RunFolder(begun);
    if (run) {
      const before = readConfig(run.config).config;
      requireSameTraining(before, config, run);
      requireSameLengths(before, config, run);
    }
    plan.push({ name: config.name, path, loaded, run, used: run ? await usedSeconds(run) : 0 });
  }
  requireStudied(plan[0]);
  return plan;
}

/** Methods are compared that learnt from the same samples to do the same. */
function requireComparable(
  first: Planned | undefined,
  { path, loaded }: Pick<Planned, 'path' | 'loaded'>,
): void {
  const { validation, test } = loaded.config.data.split;
  if (validation === 0 || test === 0) {
    throw new UserError('A study needs held-out samples of both kinds.', {
      where: loaded.locate(['data', 'split']),
      expected: 'shares above 0: validation samples to choose l on, and test samples to measure',
      got: `validation ${validation}, test ${test}`,
    });
  }
  if (!first) return;
  const { task, resolution, data } = first.loaded.config;
  const other = loaded.config;
  for (const [key, one, two] of [
    ['task', task, other.task],
    ['resolution', resolution, other.resolution],
    ['data', { ...data, ahead: 0 }, { ...other.data, ahead: 0 }],
  ] as const) {
    if (isDeepStrictEqual(one, two)) continue;
    throw new UserError('Methods of a study differ in more than the method.', {
      where: loaded.locate([key]),
      expected: `${key} as in ${first.path}: ${JSON.stringify(one)}`,
      got: `in ${path}: ${JSON.stringify(two)}`,
    });
  }
}

/** The first method has l. */
function requireStudied({ path, loaded }: Planned): void {
  const method = createMethod(loaded.config);
  const { controls } = method.predictor();
  method.dispose();
  if (controls.includes('l')) return;
  throw new UserError('The first method of a study is the one whose l is studied.', {
    where: `methods.0: ${path}`,
    expected: 'a method that takes l',
    got: `${loaded.config.method}, which takes ${controls.join(', ') || 'neither sketch nor l'}`,
    fix: 'list the method with l first',
  });
}

/** Tells before hours of training what would stop the evaluation after them. */
async function requireMeasures(
  { suite: path, quality, fidelity }: Study,
  suite: Suite,
  { loaded: { config } }: Planned,
  { weights, reporter }: { readonly weights: string; readonly reporter: Reporter },
): Promise<void> {
  const context = { weights, reporter, edges: config.data.edges };
  const metrics = await MetricCollection.create(suite.metrics, context, config.task === 'synthesis');
  const sides = metrics.sampleMetrics.filter(({ better }) => better !== 'zero').map(({ name }) => name);
  metrics.dispose();
  const { l, sketches } = suite;
  const one = `one of the suite’s metrics of images: ${sides.join(', ')}`;
  const two = 'at least two values, the least and the greatest to be compared';
  const ds = sketches.degradations;
  const expectations = [
    ['quality', sides.includes(quality), one, quality],
    ['fidelity', sides.includes(fidelity), one, fidelity],
    [`${path}: l`, l.length > 1, two, l.join()],
    [`${path}: sketches.degradations`, ds.length > 1, two, ds.join()],
  ] as const;
  for (const [where, fits, expected, got] of expectations)
    if (!fits) throw new UserError('The suite does not fit the study.', { where, expected, got });
}

/** Trains a method, or the rest of it, or finds it trained. */
async function trainMethod(
  plan: readonly Planned[],
  index: number,
  { minutes }: Study,
  { out, reporter, signal }: Pick<Required<StudyOptions>, 'out' | 'reporter'> & Pick<StudyOptions, 'signal'>,
): Promise<Trained & { checkpoint: string }> {
  signal?.throwIfAborted();
  const { name, loaded, run, used } = plan[index];
  const place = `Method ${index + 1} of ${plan.length}: ${name}`;
  const later = plan.slice(index + 1).reduce((sum, one) => sum + Math.max(0, 60 * minutes - one.used), 0);
  reporter.info(`${place}, ${minutes} min`);
  const result = await trainRun({
    // As it was when the study began, whatever its file says by now.
    config: loaded.config,
    runs: join(out, 'runs'),
    resume: run?.path,
    reporter: againstBudget(reporter, { place, budget: 60 * minutes, used, later }),
    signal,
  });
  if (!result.end.complete) signal?.throwIfAborted();
  return {
    name,
    parameters: result.plan.parameters,
    used: await usedBudget(result.run, result.plan),
    checkpoint: result.end.checkpoint,
  };
}

/** Shows how much of its time a training has used; how many steps that will be nobody knows. All in seconds. */
function againstBudget(
  reporter: Reporter,
  training: {
    readonly place: string;
    readonly budget: number;
    readonly used: number;
    readonly later: number;
  },
): Reporter {
  const { place, budget, used, later } = training;
  let begin: number | undefined;
  return {
    ...reporter,
    task(label, total, unit) {
      if (unit !== 'steps') return reporter.task(label, total, unit);
      const start = begin ?? performance.now() - 1000 * used;
      begin = start;
      const task = reporter.task(`${place}, ${label}`, Math.round(budget), 'seconds');
      let last = '';
      return {
        update(done, note) {
          last = note ?? last;
          const seconds = Math.min(budget, (performance.now() - start) / 1000);
          const left = `${Math.ceil((budget - seconds + later) / 60)} min of training left in all`;
          task.update(
            Math.round(seconds),
            [`step ${done}`, left, last].filter((text) => text !== '').join(', '),
          );
        },
        finish: (note) => task.finish(note),
      };
    },
  };
}

/** An evaluation of these checkpoints by this suite: the one that lies in the folder, or a new one. */
async function evaluateOnce(
  options: EvaluateRunOptions & { readonly out: string; readonly split: Split },
): Promise<Report> {
  const { checkpoints, split, suite, out } = options;
  const there = await readState(join(out, 'metrics.json'), reportSchema);
  if (there && existsSync(join(out, 'images.jsonl'))) {
    const measured = there.methods.flatMap(({ kind, checkpoint }) =>
      kind === 'checkpoint' && checkpoint ? [checkpoint.sha256] : [],
    );
    const wanted = await Promise.all(checkpoints.map(async (path) => (await readManifest(path)).sha256));
    const same = [there.set.split, there.suite, measured];
    if (isDeepStrictEqual(same, [split, suite, wanted])) return there;
  }
  return (await evaluateRun(options)).report;
}

/** Who competes at what. */
function contestOf(
  study: Study,
  trained: readonly (Trained & { checkpoint: string })[],
  report: Report,
  validation: Report,
): Contest {
  const measure = (of: Report, name: string): Measure => {
    const found = measureOf(of, name);
    if (found) return found;
    throw new Error(`The report has no ${name}.`);
  };
  const labels = checkpointLabels(report);
  const [{ name }, ...others] = trained;
  const [own] = labels;
  const { sketches, l: ls } = report.suite;
  const choices = new Map(
    sketches.degradations.map((d) => {
      const best = bestLAt(validation, own, d, measure(validation, study.quality));
      if (best) return [d, best.l];
      throw new UserError('l cannot be chosen.', {
        where: 'validation samples',
        expected: `values of ${study.quality}`,
        got: `none at d = ${d}`,
      });
    }),
  );
  return {
    quality: measure(report, study.quality),
    fidelity: measure(report, study.fidelity),
    ds: sketches.degradations.toSorted((a, b) => a - b),
    ls: ls.toSorted((a, b) => a - b),
    studied: (l) => ({ name: `${name} at l = ${l}`, at: (d) => ({ method: own, d, l }) }),
    chosen: {
      name: `${name} at the chosen l`,
      at: (d) => ({ method: own, d, l: choices.get(d) ?? null }),
    },
    baselines: others.map(
      ({ name: other }, i): Contender => ({
        name: other,
        at: (d) => ({ method: labels[i + 1], d, l: null }),
      }),
    ),
  };
}
