/** A thread that renders samples, as that takes a second each. */
import { parentPort, workerData } from 'node:worker_threads';
import { renderPerson } from '../../faces/faces.ts';
import { type HeadFolders, loadHead } from '../../faces/load-head.ts';
import { sampleRecipes, sampleSize } from './recipes.ts';

/** Which picture: a sample, or one of its edits. Indices into the recipes. */
export interface ToRender {
  readonly sample: number;
  readonly edit?: number | undefined;
}

const port = parentPort!;
const head = await loadHead(workerData as HeadFolders);

port.on('message', ({ sample, edit }: ToRender) => {
  const { person, edits } = sampleRecipes[sample];
  const changed = edit === undefined ? person : edits[edit].change(person);
  port.postMessage(renderPerson(head, changed, sampleSize, person));
});
