/** Work on whole layers of large photos, cut into steps between which the page answers. */

/** Work that may rest at each `yield`. What it works on must not be changed meanwhile. */
export type Steps = Generator<undefined, void>;

/** So long the page may be held up, ms: what takes less is done at once. */
const longEnough = 12;
/** Of one step: some ms on a slow machine. */
const pixelsOfStep = 2 ** 19;

/** The rows of a raster, as many at a time as one step may take. Reduced copies join two rows, so that they are even. */
export function* bandsOf({ width, height }: { width: number; height: number }) {
  const rows = 2 * Math.max(1, Math.round(pixelsOfStep / width / 2));
  for (let top = 0; top < height; top += rows) yield { top, bottom: Math.min(top + rows, height) };
}

export function atOnce(steps: Steps): void {
  while (!steps.next().done);
}

/** Does the work in as many tasks as it needs. @param onRest called when it does not end with the first */
export async function inTasks(steps: Steps, onRest: () => void): Promise<void> {
  let begin = performance.now();
  while (!steps.next().done) {
    if (performance.now() - begin < longEnough) continue;
    onRest();
    await new Promise((resolve) => setTimeout(resolve));
    begin = performance.now();
  }
}
