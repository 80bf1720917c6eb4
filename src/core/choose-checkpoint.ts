/** Which checkpoint a user means: the one that is named, or where none is, the newest run's or the one that ships. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { commandLine, shipped } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { ifThere } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { isPretrained, listCheckpoints } from './checkpoint.ts';
import { newestRun, RunFolder } from './run-folder.ts';

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
 * What is taken where no checkpoint is named: the newest run, if it has a checkpoint, or else the model that ships. It
 * tells the reporter which.
 *
 * @param places the folders of runs and of models that ship, for tests.
 * @returns a path for {@link resolveCheckpoint}.
 * @throws UserError when there is none, or several models ship: it says how to come by one, or which there are.
 */
export async function defaultCheckpoint(
  reporter: Reporter,
  places: { readonly runs?: string; readonly pretrained?: string } = {},
): Promise<string> {
  const { runs = 'runs', pretrained = shipped(PRETRAINED) } = places;
  const run = await newestRun(runs);
  if (run && (await listCheckpoints(new RunFolder(run).checkpoints)).length > 0) {
    reporter.info(`No checkpoint is named: the newest run is taken, ${run}.`);
    return run;
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

/** The paths of the models in a folder, by name; none when there is no such folder. */
async function listPretrained(folder: string): Promise<string[]> {
  const entries = (await ifThere(readdir(folder, { withFileTypes: true }))) ?? [];
  const models = entries.filter((entry) => entry.isDirectory() && !entry.name.endsWith('.tmp'));
  return models.map(({ name }) => join(folder, name)).sort();
}
