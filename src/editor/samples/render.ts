/** What the thread that renders samples does; it takes a second each. */
import { renderPerson } from '../../faces/faces.ts';
import { type HeadFolders, loadHead } from '../../faces/load-head.ts';
import { sampleRecipes, sampleSize } from './recipes.ts';

let head: ReturnType<typeof loadHead> | undefined;

/**
 * RGB bytes [sampleSize, sampleSize, 3] of a sample or one of its edits.
 *
 * @param sample index of a recipe. @param edit index among its edits.
 * @throws Error when the head cannot be loaded.
 */
export async function renderSample(folders: HeadFolders, sample: number, edit?: number): Promise<Uint8Array> {
  head ??= loadHead(folders);
  const { person, edits } = sampleRecipes[sample];
  const changed = edit === undefined ? person : edits[edit].change(person);
  return renderPerson(await head, changed, sampleSize, person);
}
