/** Whether a checkpoint fits what is to be trained: the configuration, the samples, and the lengths of the stages. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RunConfig } from '../config/run-config.ts';
import type { CheckpointHead } from '../core/checkpoint.ts';
import type { RunFolder } from '../core/run-folder.ts';
import type { PreparedSample } from '../data/types.ts';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Plan } from './plan.ts';

/** Keys that do not change what is trained. Lengths of stages are checked by {@link requireSamePast}. */
const free = [
  /^name$/,
  /^output\./,
  /^data\.(ahead|cache|source\.path)$/,
  /^training\.maxBadSteps$/,
  /^training\..*\.(epochs|steps)$/,
];
const FREE_TO_CHANGE =
  'output.*, data.ahead, data.cache, data.source.path (samples of the same names), training.maxBadSteps, and the lengths of stages that are not over';

/** Throws a UserError that lists every key by which `config` would train something else than `trained`. */
export function requireSameTraining(trained: RunConfig, config: RunConfig, run: RunFolder): void {
  const before = leaves(trained);
  const after = leaves(config);
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const differing = keys
    .filter((key) => before.get(key) !== after.get(key) && !free.some((pattern) => pattern.test(key)))
    .map((key) => `${key}: ${after.get(key) ?? 'nothing'}, in the run ${before.get(key) ?? 'nothing'}`);
  if (differing.length === 0) return;
  throw new UserError('The configuration trains something else than the run that is to go on.', {
    where: run.path,
    expected: 'the run’s own values of all keys that say what is trained',
    got: [`${differing.length} that differ:`, ...differing].join('\n              '),
    fix: `leave these out, or begin a new run without --resume; free to change are ${FREE_TO_CHANGE}`,
  });
}

/** Values by key, as JSON: `training.levels.0.batch` to `8`. */
function leaves(value: unknown, key = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[key, JSON.stringify(value)]]);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return new Map(entries.flatMap(([name, item]) => [...leaves(item, key === '' ? name : `${key}.${name}`)]));
}

/** What a checkpoint says of the samples that it was trained on. */
export function sampleIdentity(samples: readonly PreparedSample[]): { count: number; sha256: string } {
  const ids = JSON.stringify(samples.map(({ id }) => id));
  return { count: samples.length, sha256: createHash('sha256').update(ids).digest('hex') };
}

/** Writes the ids of the training samples into the run's folder, so that a later change can be named. */
export async function writeSampleIds(run: RunFolder, samples: readonly PreparedSample[]): Promise<void> {
  const ids = samples.map(({ id }) => id);
  await writeFileAtomically(run.trainingSamples, `${JSON.stringify(ids, null, 0)}\n`);
}

/** Throws a UserError when the training samples are not those of the checkpoint, and says which differ. */
export async function requireSameSamples(
  from: CheckpointHead,
  samples: readonly PreparedSample[],
  run: RunFolder,
): Promise<void> {
  const { trainingSamples: before } = from;
  if (!before || before.sha256 === sampleIdentity(samples).sha256) return;
  const old = await readFile(run.trainingSamples, 'utf8').then(JSON.parse, () => undefined);
  throw new UserError('The training samples have changed since the checkpoint.', {
    where: 'data.source',
    expected: `the run’s ${before.count} training samples, which ${run.trainingSamples} lists`,
    got: `${samples.length} samples${Array.isArray(old) ? difference(old, samples) : ''}`,
    fix: 'put the data back as it was, or begin a new run without --resume',
  });
}

function difference(old: readonly unknown[], samples: readonly PreparedSample[]): string {
  const before = new Set(old.map(String));
  const after = new Set(samples.map(({ id }) => id));
  const list = (label: string, ids: string[]) => {
    if (ids.length === 0) return '';
    const more = ids.length > 3 ? ', ...' : '';
    return `; ${ids.length} ${label}: ${ids.slice(0, 3).join(', ')}${more}`;
  };
  const missing = [...before].filter((id) => !after.has(id));
  const added = [...after].filter((id) => !before.has(id));
  return list('missing', missing) + list('new', added) || ' in another order';
}

/** Throws a UserError when the plan's stages are others up to where the checkpoint stands. */
export function requireSamePast(from: CheckpointHead, plan: Plan): void {
  const { index, name, step } = from.stage;
  const refuse = (where: string, expected: string, got: string) =>
    new UserError('The lengths of the stages do not fit the checkpoint.', {
      where,
      expected,
      got,
      fix: 'only stages that are not over can be made longer or shorter',
    });
  plan.stages.slice(0, index).forEach(({ stage, steps }, at) => {
    const done = from.stageSteps?.[at] ?? steps;
    if (steps !== done) throw refuse(`stage ${stage.name}`, `${done} steps, as they were made`, `${steps}`);
  });
  const current = plan.stages[index];
  if (current?.stage.name !== name)
    throw refuse(`stage ${index + 1}`, name, current?.stage.name ?? 'no such stage');
  if (current.steps < step)
    throw refuse(`stage ${name}`, `at least the ${step} steps made already`, `${current.steps}`);
}

/** Whether a checkpoint is the end of the plan. */
export function isFinished({ stage }: CheckpointHead, plan: Plan): boolean {
  return stage.index === plan.stages.length - 1 && stage.step >= plan.stages[stage.index].steps;
}
