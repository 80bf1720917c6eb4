/** The models of one editor: a process each, which is started when the model is first used. */
import { realpath } from 'node:fs/promises';
import { UserError } from '../../runtime/errors.ts';
import { describeCheckpoints, NativeEngine } from './engine.ts';

/** Each takes the memory of a process of its own once it has been used. */
const MOST_MODELS = 8;

/**
 * Opens checkpoints. The first is loaded; the others are only looked at, and loaded when they are first used.
 *
 * @param checkpoints their folders.
 * @throws UserError when one cannot edit or is there twice, or there are too many.
 */
export async function openModels(checkpoints: readonly string[]): Promise<[NativeEngine, ...NativeEngine[]]> {
  const [first, ...others] = checkpoints;
  await requireDifferent(checkpoints);
  const described = others.length > 0 ? await describeCheckpoints(others) : [];
  const main = await NativeEngine.open(first);
  const names = new Set([main.model.model.name]);
  const engines = described.map((loaded, k) => {
    const model = { ...loaded.model, name: otherName(loaded.model.name, names) };
    names.add(model.name);
    return NativeEngine.unused(others[k], { ...loaded, model });
  });
  return [main, ...engines];
}

/** Requests and people tell models apart by their names. */
function otherName(name: string, taken: ReadonlySet<string>): string {
  let unique = name;
  for (let k = 2; taken.has(unique); k++) unique = `${name} (${k})`;
  return unique;
}

async function requireDifferent(checkpoints: readonly string[]): Promise<void> {
  if (checkpoints.length > MOST_MODELS)
    throw new UserError('These are too many models for one editor.', {
      where: '--checkpoint',
      expected: `at most ${MOST_MODELS}`,
      got: `${checkpoints.length}`,
    });
  // A folder that is not there is told of when it is read.
  const real = await Promise.all(checkpoints.map((path) => realpath(path).catch(() => path)));
  const twice = checkpoints.find((_, k) => real.indexOf(real[k]) < k);
  if (twice !== undefined)
    throw new UserError('The same checkpoint is named twice.', {
      where: '--checkpoint',
      expected: 'different ones; a run stands for its newest',
      got: `${twice} more than once`,
    });
}
