/** The command `bench`: what training, inference and what surrounds them cost on this machine. */
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { DpsConfig } from '../config/methods/dps.ts';
import { writeFileAtomically } from '../formats/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { benchConfig, DEFAULT_BATCH } from './bench/bench-config.ts';
import { type Finding, findingsTable } from './bench/finding.ts';
import {
  measureDegradation,
  measureFaces,
  measureLoader,
  measurePreparation,
  type PartOptions,
} from './bench/parts.ts';
import { speedAgainstOriginal, speedAlone } from './bench/speed.ts';
import { measureStartup } from './bench/startup.ts';

export const BENCHMARKS = ['train', 'infer', 'loader', 'prepare', 'degrade', 'faces', 'startup'] as const;
export type Benchmark = (typeof BENCHMARKS)[number];

export interface BenchCommand {
  readonly what: readonly Benchmark[];
  /** Resolutions of the levels to time, px. */
  readonly resolutions: readonly number[];
  readonly batch?: number;
  readonly runs: number;
  /** The folder of a clone of DeepPS to compare with. */
  readonly deepps?: string;
  readonly config: string;
  readonly set: readonly string[];
  /** File of the results. */
  readonly out?: string;
  readonly reporter: Reporter;
}

const parts: Partial<Record<Benchmark, (options: PartOptions) => Promise<Finding[]>>> = {
  loader: measureLoader,
  prepare: measurePreparation,
  degrade: measureDegradation,
  faces: measureFaces,
  startup: measureStartup,
};
/** Benchmarks that cost the same, whichever level is trained. */
const withoutLevel: readonly Benchmark[] = ['infer', 'prepare', 'faces'];

/** What one benchmark found, as the JSON file has it. */
interface Result {
  readonly benchmark: Benchmark;
  readonly resolution: number;
  readonly batch: number;
  readonly findings: readonly Finding[];
}

/** Runs benchmarks one after the other, shows a table of each and writes all to a file. Throws a UserError. */
export async function benchCommand(command: BenchCommand): Promise<void> {
  const { reporter, out } = command;
  if (command.deepps !== undefined) requireOriginal(command.deepps);
  reporter.info(`${cpus()[0]?.model.trim() ?? 'processor'}, ${availableParallelism()} cores`);
  const results: Result[] = [];
  for (const benchmark of command.what) {
    const resolutions = withoutLevel.includes(benchmark) ? [undefined] : command.resolutions;
    for (const resolution of resolutions) {
      const result = await runOne(command, benchmark, resolution);
      results.push(result);
      reporter.info(`\n${benchmark}, ${result.resolution} px, batch ${result.batch}`);
      for (const line of findingsTable(result.findings)) reporter.info(line);
    }
  }
  if (out === undefined) return;
  const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  await writeFileAtomically(out, `${JSON.stringify({ machine, runs: command.runs, results }, null, 1)}\n`);
  reporter.info(`\nResults: ${out}`);
}

async function runOne(
  command: BenchCommand,
  benchmark: Benchmark,
  resolution: number | undefined,
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
    findings = await measure({ config, level, batch, runs, reporter });
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

function levelOf(resolution: number, top: number, levels: number): number {
  const level = levels - Math.log2(top / resolution);
  if (Number.isInteger(level) && level >= 1) return level;
  const there = Array.from({ length: levels }, (_, i) => top / 2 ** (levels - 1 - i));
  throw new UserError('The config has no such level.', {
    where: '--level',
    expected: `one of ${there.join(', ')}`,
    got: String(resolution),
  });
}

function requireOriginal(folder: string): void {
  if (existsSync(join(folder, 'src', 'models.py'))) return;
  throw new UserError('The original’s code is not there.', {
    where: '--deepps',
    expected: 'a clone of DeepPS, with src/models.py in it',
    got: folder,
    fix: 'git clone https://github.com/VITA-Group/DeepPS FOLDER',
  });
}
