/** One budget for every method: minutes of training, which the stages of a method share as its configuration says. */
import { existsSync } from 'node:fs';
import type { RunConfig } from '../config/run-config.ts';
import type { RunFolder } from '../core/run-folder.ts';
import type { LoadedConfig } from '../models/read-config.ts';
import { UserError } from '../runtime/errors.ts';
import { readText } from '../runtime/files.ts';
import { type Plan, stepSamples } from '../train/plan.ts';
import { leaves } from '../train/resume.ts';

/** Keys that say how long stages are. */
const LENGTH = /\.(steps|epochs|minutes)$/;

const lengths = ({ training }: RunConfig): Map<string, string> =>
  new Map([...leaves(training, 'training')].filter(([key]) => LENGTH.test(key)));

/**
 * The `--set` options that make the stages of a configuration take `minutes` in all: its own minutes, in proportion.
 *
 * @throws UserError when a stage that has steps has no minutes.
 */
export function shareMinutes({ config, locate }: LoadedConfig, minutes: number): string[] {
  const all = lengths(config);
  const stages = [...all]
    .filter(([key, value]) => !key.endsWith('.minutes') && Number(value) > 0)
    .map(([key]) => key.replace(LENGTH, ''));
  const own = stages.map((stage) => {
    const value = all.get(`${stage}.minutes`);
    if (value !== undefined) return Number(value);
    throw new UserError('A stage has no minutes.', {
      where: locate(stage.split('.')),
      expected: 'minutes beside its steps, which say what share of the study’s minutes it gets',
      got: `${stage} without minutes`,
      fix: `for example ${stage}: { steps: 10000000, minutes: 10 }`,
    });
  });
  const total = own.reduce((sum, value) => sum + value, 0);
  return stages.map((stage, i) => `${stage}.minutes=${Number(((minutes * own[i]) / total).toPrecision(5))}`);
}

/**
 * Training goes on with a run whose stages are longer or shorter than they were; a study may not, or methods would be
 * compared that were trained by different budgets.
 *
 * @throws UserError that lists the lengths that differ from those of the run.
 */
export function requireSameLengths(trained: RunConfig, config: RunConfig, run: RunFolder): void {
  const [before, after] = [lengths(trained), lengths(config)];
  const differing = [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => `${key}: ${after.get(key) ?? 'nothing'}, in the run ${before.get(key) ?? 'nothing'}`);
  if (differing.length === 0) return;
  throw new UserError('A run of the study was begun with another budget.', {
    where: run.path,
    expected: 'the run’s own lengths of stages',
    got: [`${differing.length} that differ:`, ...differing].join('\n              '),
    fix: 'give the budget that it was begun with, or another folder with --out',
  });
}

/** What a training has used of its budget. */
export interface Used {
  readonly steps: number;
  /** Samples of all steps. */
  readonly images: number;
  readonly seconds: number;
}

/** What a finished run has used. A stage without minutes counts as no time. */
export async function usedBudget(run: RunFolder, plan: Plan): Promise<Used> {
  const last = await lastLines(run);
  const used = { steps: 0, images: 0, seconds: 0 };
  for (const { stage } of plan.stages) {
    const { stageStep = 0, stageSeconds = 0 } = last.get(stage.name) ?? {};
    used.steps += stageStep;
    used.images += stageStep * stepSamples(stage);
    used.seconds += stageSeconds;
  }
  return used;
}

/** The time that a run has used until its last line of the log, for estimates of how long the rest will take. */
export async function usedSeconds(run: RunFolder): Promise<number> {
  const last = await lastLines(run);
  return [...last.values()].reduce((sum, { stageSeconds = 0 }) => sum + stageSeconds, 0);
}

interface LogLine {
  readonly stage: string;
  readonly stageStep: number;
  readonly stageSeconds?: number;
}

/** The last line of every stage; a stage's end is always logged. */
async function lastLines(run: RunFolder): Promise<Map<string, LogLine>> {
  if (!existsSync(run.log)) return new Map();
  // After the last line break there is nothing, or a line that is not whole.
  const lines = (await readText(run.log)).split('\n').slice(0, -1);
  return new Map(lines.map((line) => JSON.parse(line) as LogLine).map((line) => [line.stage, line]));
}
