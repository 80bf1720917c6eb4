/** The command `bench`: the table of speeds, and what surrounds training costs on this machine. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../src/runtime/errors.ts';
import { writeFileAtomically } from '../src/runtime/files.ts';
import type { Reporter } from '../src/runtime/progress.ts';
import { table } from '../src/train/plan.ts';
import type { Benchmark, Part } from './benchmarks.ts';
import {
  measureDegradation,
  measureFaces,
  measureLoader,
  measurePreparation,
  type PartOptions,
} from './parts.ts';
import { measurePeak, type Peak, planPeak, usesGpu } from './peak.ts';
import { FINDING_HEAD, type Finding, findingRow, findingsTable, markdownTable } from './report.ts';
import { measureScaling, peakLine, planScaling, prepareFaces, type Sweep, scalingTable } from './scaling.ts';
import { scalingPlot } from './scaling-plot.ts';
import { type MeasuredRow, measureRow, ROWS, type Row, speedTable } from './speed.ts';
import { benchConfig } from './works.ts';

export interface BenchCommand {
  readonly what: readonly Benchmark[];
  /** Rows of the table whose names contain this. */
  readonly only?: string | undefined;
  /** Iterations measured; each row of the table has its own number by default. */
  readonly runs?: number | undefined;
  /** The folder of a clone of DeepPS to compare with. */
  readonly deepps?: string | undefined;
  /** What the parts and the scaling are of. */
  readonly config: string;
  readonly set: readonly string[];
  /** File of the results; what it holds of the table is not measured again. Tables in Markdown and a plot are beside it. */
  readonly out?: string | undefined;
  readonly reporter: Reporter;
}

/** What one benchmark beside the table found. */
interface Result {
  readonly title: string;
  readonly findings: readonly Finding[];
}

interface Scaling {
  readonly peak: Peak;
  readonly sweeps: readonly Sweep[];
}

interface Results {
  /** What it was measured on. */
  readonly machine: string;
  /** A hash of the sources that were measured. */
  readonly sources: string;
  readonly speed: readonly MeasuredRow[];
  readonly parts: readonly Result[];
  readonly scaling?: Scaling | undefined;
}

const PART_RUNS = 10;
/** Iterations of what costs much and is measured at many points. */
const SCALING_RUNS = 3;
/** Images of a step, from the lowest level up, where parts are a share of it. */
const BATCHES: readonly number[] = [8, 4, 1];

const parts: Record<Part, (options: PartOptions) => Promise<Finding[]>> = {
  loader: measureLoader,
  prepare: measurePreparation,
  degrade: measureDegradation,
  faces: measureFaces,
};
/** Parts that cost the same, whichever level is trained. */
const withoutLevel: readonly Part[] = ['prepare', 'faces'];

/** Runs benchmarks one after the other, shows a table of each and writes all to files. Throws a UserError. */
export async function benchCommand(command: BenchCommand): Promise<void> {
  const { reporter, what, out } = command;
  if (command.deepps !== undefined) requireComparable(command.deepps);
  const machine = `${cpus()[0]?.model.trim() ?? 'processor'}, ${availableParallelism()} cores, Node ${process.version}`;
  reporter.info(machine);
  const peak = measuredOnce(command);
  let results = await earlierResults(out, { machine, sources: await hashSources() });
  const found = async (more: Partial<Results>) => {
    results = { ...results, ...more };
    if (out !== undefined) await write(out, results);
  };
  for (const benchmark of what) {
    if (benchmark === 'speed') {
      for (const row of rowsToMeasure(command, results)) {
        const measured = await measureRow(row, command);
        const others = results.speed.filter(({ name }) => name !== row.name);
        const order = (name: string) => ROWS.findIndex((one) => one.name === name);
        const speed = [...others, measured].sort((a, b) => order(a.name) - order(b.name));
        await found({ speed });
        for (const line of speedTable([measured])) reporter.info(line);
      }
    } else if (benchmark === 'scaling') {
      await found({ scaling: await runScaling(command, peak) });
    } else {
      await found({ parts: [...results.parts, ...(await runPart(command, benchmark, peak))] });
    }
  }
  if (out !== undefined) reporter.info(`\nResults: ${out} and ${documentOf(out)}`);
}

/** Rows that `only` names, and of those that the results lack; all others have been measured. */
function rowsToMeasure({ only, runs, reporter }: BenchCommand, { speed }: Results): Row[] {
  const chosen = ROWS.filter(({ name }) => name.includes(only ?? ''));
  if (chosen.length === 0)
    throw new UserError('No row of the table has such a name.', {
      where: '--only',
      expected: `a part of: ${ROWS.map(({ name }) => name).join('; ')}`,
      got: only ?? '',
    });
  const done = new Set(speed.map(({ name }) => name));
  const missing = chosen.filter(({ name }) => !done.has(name));
  if (missing.length < chosen.length)
    reporter.info(`${chosen.length - missing.length} rows are in the file already.`);
  return missing.map((row) => ({ ...row, rounds: runs ?? row.rounds }));
}

/** What the file holds, if it is there. */
async function earlierResults(
  out: string | undefined,
  now: Pick<Results, 'machine' | 'sources'>,
): Promise<Results> {
  if (out === undefined || !existsSync(out)) return { ...now, speed: [], parts: [] };
  const earlier = JSON.parse(await readFile(out, 'utf8')) as Results;
  for (const what of ['machine', 'sources'] as const) {
    if (earlier[what] === now[what]) continue;
    throw new UserError(
      'What is measured now does not belong into one table with the results in this file.',
      {
        where: out,
        expected: `${what}: ${now[what]}`,
        got: `${what}: ${earlier[what]}`,
        fix: 'name another file',
      },
    );
  }
  return earlier;
}

/** What the program is made of, benchmarks included. */
async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['src', 'bench', 'configs']) {
    const root = fileURLToPath(new URL(`../${folder}/`, import.meta.url));
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    for (const file of files.sort()) hash.update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 12);
}

const documentOf = (out: string): string => `${out.replace(/\.json$/, '')}.md`;

async function write(out: string, results: Results): Promise<void> {
  await writeFileAtomically(out, `${JSON.stringify(results, null, 1)}\n`);
  const { scaling } = results;
  const plot = `${out.replace(/\.json$/, '')}.svg`;
  if (scaling) await writeFileAtomically(plot, scalingPlot(scaling.sweeps));
  await writeFileAtomically(documentOf(out), markdownReport(results, basename(plot)));
}

/** All tables, ready to be pasted into a document. @param plot the file of the picture, beside the document. */
export function markdownReport(
  { machine, sources, speed, parts: results, scaling }: Results,
  plot: string,
): string {
  const lines = [`Measured on ${machine}; sources ${sources}.`];
  if (speed.length > 0) lines.push('', ...speedTable(speed));
  const rows = results.flatMap(({ title, findings }) =>
    findings.map((finding) => [title, ...findingRow(finding)]),
  );
  if (rows.length > 0) lines.push('', ...markdownTable(['', ...FINDING_HEAD], rows));
  if (scaling) {
    lines.push('', `![How time and memory grow](${plot})`, '', peakLine(scaling.peak));
    for (const sweep of scaling.sweeps) {
      const { title, head, rows: cells } = scalingTable(sweep, scaling.peak);
      lines.push('', `${title}:`, '', ...markdownTable(head, cells));
    }
  }
  return `${lines.join('\n')}\n`;
}

type PeakSource = () => Promise<Peak>;

/** The peak, measured when something asks for it first. */
function measuredOnce({ runs, reporter }: BenchCommand): PeakSource {
  let peak: Promise<Peak> | undefined;
  const measure = async () => {
    const tries = planPeak();
    const task = reporter.task('what this machine can do', tries.length, 'measurements');
    const found = await measurePeak(tries, runs ?? SCALING_RUNS, (done) => task.update(done));
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
  const source = { config: file, set };
  const plan = planScaling(source, sidesOf(benchConfig(file, set)));
  reporter.info('Faces and sketches that are not in the cache yet are made first');
  await prepareFaces(source);
  const peak = await measurePeakOnce();
  const count = plan.reduce((sum, { points }) => sum + points.length, 0);
  const task = reporter.task('how cost grows', count, 'measurements');
  const sweeps = await measureScaling(plan, runs ?? SCALING_RUNS, (done) => task.update(done));
  task.finish();
  for (const sweep of sweeps) {
    const { title, head, rows } = scalingTable(sweep, peak);
    reporter.info(`\n${title}`);
    for (const line of table(head, rows)) reporter.info(line);
  }
  reporter.info(`\n${peakLine(peak)}`);
  return { peak, sweeps };
}

/** A part at every level, or once where that makes no difference. */
async function runPart(command: BenchCommand, part: Part, peak: PeakSource): Promise<Result[]> {
  const { config: file, set, runs = PART_RUNS, reporter } = command;
  const sides = sidesOf(benchConfig(file, set));
  const results: Result[] = [];
  for (const [index, side] of withoutLevel.includes(part)
    ? [[sides.length - 1, sides.at(-1)!]]
    : sides.entries()) {
    const level = index + 1;
    const batch = BATCHES[index] ?? 1;
    const findings = await parts[part]({
      config: benchConfig(file, set, level),
      level,
      batch,
      runs,
      reporter,
      peak,
    });
    const title = withoutLevel.includes(part) ? `${part}, ${side} px` : `${part}, ${side} px, batch ${batch}`;
    results.push({ title, findings });
    reporter.info(`\n${title}`);
    for (const line of findingsTable(findings)) reporter.info(line);
  }
  return results;
}

/** Sides of the levels' pictures, lowest first, px. */
const sidesOf = ({ resolution, model: { levels } }: ReturnType<typeof benchConfig>): number[] =>
  Array.from({ length: levels }, (_, i) => resolution / 2 ** (levels - 1 - i));

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
      where: '--deepps',
      fix: 'Set DPS_ENGINE=cpu, which takes both to the CPU, or leave --deepps out.',
    });
}
