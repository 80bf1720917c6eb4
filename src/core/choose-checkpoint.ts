/** Which checkpoint a user means: the one that is named, or where none is, the newest run's or the one that ships. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { commandLine, shipped } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { ifThere } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { isPretrained, listCheckpoints, readWholeManifest, STAGE_FILE } from './checkpoint.ts';
import { newestRuns, RunFolder } from './run-folder.ts';

/** The folder of the models that come with the program: a checkpoint each, under the model's name. */
const PRETRAINED = 'pretrained';

/**
 * The checkpoint folder that a user means: the path of a checkpoint, of its manifest, or of a run, which stands for its
 * newest; or the name of a model that ships. Throws a UserError when there is none.
 */
export async function resolveCheckpoint(path: string, pretrained = shipped(PRETRAINED)): Promise<string> {
  if (basename(path) === 'manifest.json') return dirname(path);
  if (await ifThere(stat(join(path, 'manifest.json')))) return path;
  const found = [...(await listCheckpoints(join(path, 'checkpoints'))), ...(await listCheckpoints(path))];
  const newest = found.at(-1);
  if (newest) return newest.path;
  const models = await listPretrained(pretrained);
  const model = models.find((one) => basename(one) === path);
  if (model) return model;
  const there = await ifThere(stat(path));
  // A model that ships and lacks its manifest is found, too: reading it tells how to get it back.
  if (there?.isDirectory() && isPretrained(path)) return path;
  const names = models.map((one) => basename(one)).join(', ');
  throw new UserError('There is no checkpoint.', {
    where: path,
    expected: `a run folder (such as runs/00001-NAME) or one of its checkpoints/step-N${names && `, or a model of ${pretrained}: ${names}`}`,
    got: there ? 'a folder without checkpoints' : 'nothing of that name',
  });
}

/**
 * What is taken where no checkpoint is named: the newest run that can predict; where none can, the newest run, if it has a
 * checkpoint, or else the model that ships. It tells the reporter which.
 *
 * @param canPredict whether the networks are trained that a checkpoint's predictions need; asked where only some are.
 * @param places the folders of runs and of models that ship, for tests.
 * @returns a path for {@link resolveCheckpoint}.
 * @throws UserError when there is none, or several models ship: it says how to come by one, or which there are.
 */
export async function defaultCheckpoint(
  reporter: Reporter,
  canPredict: (checkpoint: string) => Promise<boolean>,
  places: { readonly runs?: string; readonly pretrained?: string } = {},
): Promise<string> {
  const { runs = 'runs', pretrained = shipped(PRETRAINED) } = places;
  let run: string | undefined;
  let begun: string | undefined;
  for await (const one of newestRuns(runs)) {
    const newest = (await listCheckpoints(new RunFolder(one).checkpoints)).at(-1);
    if (newest && ((await isAllTrained(newest.path)) || (await canPredict(newest.path)))) {
      const which = run === undefined ? 'the newest run' : 'the newest run that is trained far enough';
      reporter.info(`No checkpoint is named: ${which} is taken, ${one}.`);
      return one;
    }
    if (run === undefined && newest) begun = one;
    run ??= one;
  }
  if (begun !== undefined) {
    reporter.info(`No checkpoint is named: the newest run is taken, ${begun}.`);
    return begun;
  }
  const models = await listPretrained(pretrained);
  if (models.length === 1) {
    const why = run ? `the newest run has none (${run})` : 'there is no run';
    reporter.info(`No checkpoint is named, and ${why}: the model ${models[0]} is taken.`);
    return models[0];
  }
  if (models.length > 1)
    throw new UserError('Which model?', {
      where: `${pretrained}/`,
      expected: '--checkpoint with the name of one of them',
      got: `no name, and ${models.length} models: ${models.map((one) => basename(one)).join(', ')}`,
    });
  throw new UserError('There is no trained model yet.', {
    where: run ?? `${runs}/`,
    expected: `a run with a checkpoint, or a model in ${pretrained}/`,
    got: run ? 'a run without a checkpoint, and no model' : 'no run, and no model',
    fix: [
      `train one:      ${commandLine('train', '--config', shipped('configs/quickstart.yaml'))}   (a quarter of an hour)`,
      `            or import one:  ${commandLine('import', '--help')}`,
      '            or name one:    --checkpoint RUN',
    ].join('\n'),
  });
}

/** Whether all networks of a checkpoint are trained, or it does not say; a damaged one is for whoever loads it to tell of. */
async function isAllTrained(path: string): Promise<boolean> {
  const { trained, files = {} } = (await readWholeManifest(path)) ?? {};
  const networks = Object.keys(files).map((file) => basename(file, '.safetensors'));
  return !trained || networks.every((name) => name === STAGE_FILE || trained.includes(name));
}

/** The paths of the models in a folder, by name; none when there is no such folder. */
async function listPretrained(folder: string): Promise<string[]> {
  const entries = (await ifThere(readdir(folder, { withFileTypes: true }))) ?? [];
  const models = entries.filter((entry) => entry.isDirectory() && !entry.name.endsWith('.tmp'));
  return models.map(({ name }) => join(folder, name)).sort();
}
