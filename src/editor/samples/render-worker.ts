/** What the thread that renders samples does; it takes a second each. */
import { renderPerson } from '../../faces/faces.ts';
import { type HeadFolders, loadHead } from '../../faces/load-head.ts';
import { sampleRecipes, sampleSize } from './recipes.ts';

/** Which picture: a sample, or one of its edits. Indices into the recipes. */
export interface ToRender {
  readonly folders: HeadFolders;
  readonly sample: number;
  readonly edit?: number | undefined;
}

let head: ReturnType<typeof loadHead> | undefined;

/** RGB bytes [sampleSize, sampleSize, 3]. @throws Error when the head cannot be loaded. */
export async function renderSample({ folders, sample, edit }: ToRender): Promise<Uint8Array> {
  head ??= loadHead(folders);
  const { person, edits } = sampleRecipes[sample];
  const changed = edit === undefined ? person : edits[edit].change(person);
  return renderPerson(await head, changed, sampleSize, person);
}
