/** Lets the browser keep a static site, so that the next visit needs no network. */
import type { Editor } from './editor.ts';

/**
 * After the first result, when the model is there anyway: who only looks at the page does not load all of it. Browsers keep
 * pages of https and of this machine alone.
 */
export function keepForOffline(editor: Editor): void {
  const { serviceWorker, connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  if (editor.description.server || !serviceWorker || connection?.saveData) return;
  editor.results.outcome.watch(({ kind }) => {
    if (kind !== 'shown') return;
    // Without it the page is as it was: it needs the network the next time.
    serviceWorker
      .register('service-worker.js')
      .catch((error) => console.warn('The page is not kept:', error));
  });
}
