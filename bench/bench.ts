/** The command `bench`: what training, inference and what surrounds them cost on this machine. */
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename, join } from 'node:path';
import type { DpsConfig } from '../src/models/dps/config.ts';
import { UserError } from '../src/runtime/errors.ts';
import { writeFileAtomically } from '../src/runtime/files.ts';
import type { Reporter } from '../src/runtime/progress.ts';
import { table } from '../src/train/plan.ts';
import type { Benchmark } from './benchmarks.ts';
import { type Finding, findingsTable } from './finding.ts';
import { markdownReport, type Result, resultTitle, type Scaling } from './markdown.ts';
import {
  measureDegradation,
  measureFaces,
  measureLoader,
  measurePreparation,
  type PartOptions,
} from './parts.ts';
import { measurePeak, type Peak, planPeak, usesGpu } from './peak.ts';
import { measureScaling, planScaling, prepareFaces } from './scaling.ts';
import { scalingPlot } from './scaling-plot.ts';
import { peakLine, scalingTable } from './scaling-table.ts';
import { speedAgainstOriginal, speedAlone } from './speed.ts';
import { measureStartup } from './startup.ts';
import { benchConfig } from './works.ts';

export interface BenchCommand {
  readonly what: readonly Benchmark[];
  /** Resolutions of the levels to time, px. */
  readonly resolutions: readonly number[];
  readonly batch?: number | undefined;
  readonly runs: number;
  /** The folder of a clone of DeepPS to compare with. */
  readonly deepps?: string | undefined;
  readonly config: string;
  readonly set: readonly string[];
  /** File of the results; a table in Markdown and a plot get the same name with another ending. */
  readonly out?: string | undefined;
  readonly reporter: Reporter;
}

/** The batch that a level is timed at: what fits in a small machine's memory, the same for every contestant. */
const DEFAULT_BATCH: Readonly<Record<number, number>> = { 1: 8, 2: 4, 3: 1 };

const parts: Partial<Record<Benchmark, (options: PartOptions) => Promise<Finding[]>>> = {
  loader: measureLoader,
  prepare: measurePreparation,
  degrade: measureDegradation,
  faces: measureFaces,
  startup: measureStartup,
};
/** Benchmarks that cost the same, whichever level is trained. */
const withoutLevel: readonly Benchmark[] = ['infer', 'prepare', 'faces'];
/** Iterations of what costs much and is measured at many points. */
const FEW_RUNS = 3;

type PeakSource = () => Promise<Peak>;

/** Runs benchmarks one after the other, shows a table of each and writes all to files. Throws a UserError. */
export async function benchCommand(command: BenchCommand): Promise<void> {
  const { reporter } = command;
  if (command.deepps !== undefined) requireComparable(command.deepps);
  const machine = `${cpus()[0]?.model.trim() ?? 'processor'}, ${availableParallelism()} cores`;
  reporter.info(machine);
  const peak = measuredOnce(command);
  const results: Result[] = [];
  let scaling: Scaling | undefined;
  for (const benchmark of command.what) {
    if (benchmark === 'scaling') {
      scaling = await runScaling(command, peak);
      continue;
    }
    const resolutions = withoutLevel.includes(benchmark) ? [undefined] : command.resolutions;
    for (const resolution of resolutions) {
      const result = await runOne(command, benchmark, resolution, peak);
      results.push(result);
      reporter.info(`\n${resultTitle(result)}`);
      for (const line of findingsTable(result.findings)) reporter.info(line);
    }
  }
  if (command.out !== undefined) await write(command.out, machine, command, results, scaling);
}

async function write(
  out: string,
  machine: string,
  { runs, reporter }: BenchCommand,
  results: readonly Result[],
  scaling: Scaling | undefined,
): Promise<void> {
  const name = out.replace(/\.json$/, '');
  const described = { processor: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  const json = JSON.stringify({ machine: described, runs, results, scaling }, null, 1);
  await writeFileAtomically(out, `${json}\n`);
  const files = [out];
  let plot: string | undefined;
  if (scaling) {
    plot = `${name}.svg`;
    await writeFileAtomically(plot, scalingPlot(scaling.sweeps));
    files.push(plot);
  }
  const document = `${name}.md`;
  const shown = scaling && plot ? { ...scaling, plot: basename(plot) } : undefined;
  await writeFileAtomically(document, markdownReport(machine, results, shown));
  reporter.info(`\nResults: ${[...files, document].join(', ')}`);
}

/** The peak, measured when something asks for it first. */
function measuredOnce({ runs, reporter }: BenchCommand): PeakSource {
  let peak: Promise<Peak> | undefined;
  const measure = async () => {
    const tries = planPeak();
    const task = reporter.task('what this machine can do', tries.length, 'measurements');
    const found = await measurePeak(tries, Math.min(runs, FEW_RUNS), (done) => task.update(done));
    task.finish();
    return found;
  };
  return () => {
    peak ??= measure();
    return peak;
  };
}

async function runScaling(command: BenchCommand, measurePeakOnce: PeakSource): Promise<Scaling> {
  const { config: file, set, runs, reporter } = command;
  const { model, resolution } = benchConfig(file, set);
  const source = { config: file, set };
  const plan = planScaling(source, sidesOf(resolution, model.levels));
  reporter.info('Faces and sketches that are not in the cache yet are made first');
  await prepareFaces(source);
  const peak = await measurePeakOnce();
  const count = plan.reduce((sum, { points }) => sum + points.length, 0);
  const task = reporter.task('how cost grows', count, 'measurements');
  const sweeps = await measureScaling(plan, Math.min(runs, FEW_RUNS), (done) => task.update(done));
  task.finish();
  for (const sweep of sweeps) {
    const { title, head, rows } = scalingTable(sweep, peak);
    reporter.info(`\n${title}`);
    for (const line of table(head, rows)) reporter.info(line);
  }
  reporter.info(`\n${peakLine(peak)}`);
  return { peak, sweeps };
}

async function runOne(
  command: BenchCommand,
  benchmark: Exclude<Benchmark, 'scaling'>,
  resolution: number | undefined,
  peak: PeakSource,
): Promise<Result> {
  const { config: file, set, runs, deepps, reporter } = command;
  const {
    model: { levels },
    resolution: top,
  } = benchConfig(file, set);
  const level = resolution === undefined ? levels : levelOf(resolution, top, levels);
  const config = benchConfig(file, set, level);
  const batch = command.batch ?? (benchmark === 'infer' ? 1 : (DEFAULT_BATCH[level] ?? 1));
  const measure = parts[benchmark];
  let findings: readonly Finding[];
  if (measure) {
    findings = await measure({ config, level, batch, runs, reporter, peak });
  } else {
    const task = reporter.task(`${benchmark} ${resolution ?? top} px`, runs, 'iterations');
    const what = benchmark as 'train' | 'infer';
    const progress = (done: number) => task.update(done);
    const options = { what, level, batch, config: file, set, runs, progress };
    findings =
      deepps === undefined
        ? await speedAlone(options)
        : await speedAgainstOriginal({ ...options, deepps, imageGenerator: judgedByF(config, level) });
    task.finish();
  }
  return { benchmark, resolution: resolution ?? top, batch, findings };
}

/** Whether F judges what G draws at a level. */
function judgedByF({ model }: DpsConfig, level: number): boolean {
  return model.imageGenerator.inLoop && (model.imageGenerator.level ?? model.levels) === level;
}

/** Sides of the levels' pictures, lowest first, px. */
const sidesOf = (top: number, levels: number): number[] =>
  Array.from({ length: levels }, (_, i) => top / 2 ** (levels - 1 - i));

function levelOf(resolution: number, top: number, levels: number): number {
  const sides = sidesOf(top, levels);
  if (sides.includes(resolution)) return sides.indexOf(resolution) + 1;
  throw new UserError('The config has no such level.', {
    where: '--level',
    expected: `one of ${sides.join(', ')}`,
    got: String(resolution),
  });
}

/** Throws a UserError where the folder does not hold the original or the two sides would run on different devices. */
function requireComparable(deepps: string): void {
  if (!existsSync(join(deepps, 'src', 'models.py')))
    throw new UserError('The original’s code is not there.', {
      where: '--deepps',
      expected: 'a clone of DeepPS, with src/models.py in it',
      got: deepps,
      fix: 'git clone https://github.com/VITA-Group/DeepPS FOLDER',
    });
  if (usesGpu())
    throw new UserError('The original is timed on the CPU; this side would run on the GPU.', {
      where: '--against',
      fix: 'Set DPS_ENGINE=cpu, which takes both to the CPU, or leave --against out.',
    });
}
