/** Which checkpoint the editor uses. */
import { listCheckpoints, resolveCheckpoint } from '../core/checkpoint.ts';
import { newestRun, RunFolder } from '../core/run-folder.ts';
import { UserError } from '../runtime/errors.ts';

/**
 * The one that is named, or the newest of the newest run.
 *
 * @throws UserError when there is none: it says how to come by one.
 */
export async function chooseCheckpoint(named: string | undefined, runs = 'runs'): Promise<string> {
  if (named !== undefined) return resolveCheckpoint(named);
  const run = await newestRun(runs);
  const newest = run && (await listCheckpoints(new RunFolder(run).checkpoints)).at(-1);
  if (newest) return newest.path;
  throw new UserError('There is no trained model yet.', {
    where: run ?? `${runs}/`,
    expected: 'a run with a checkpoint',
    got: run ? 'a run without one' : 'no run',
    fix: [
      'train one:      npm run train -- --config configs/quickstart.yaml   (a quarter of an hour)',
      '            or import one:  npm run import -- --help',
      '            or name one:    npm run edit -- --checkpoint RUN',
    ].join('\n'),
  });
}
