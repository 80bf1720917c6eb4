/** The command `infer`: fills the holes of photos by sketches, or draws faces from sketches alone. */

import { infer } from '../infer/infer.ts';
import { findJobs, type JobSources } from '../infer/jobs.ts';
import type { MaskHole } from '../infer/read.ts';
import type { RegionChoice } from '../infer/region.ts';
import { loadMethod, trainedPredictor } from '../models/load.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { catchInterrupts } from './interrupt.ts';

/** As many paths are shown at the end. */
const SHOWN = 12;

export interface InferCommand extends JobSources {
  /** A run's folder, which stands for its newest checkpoint, or a checkpoint's. */
  readonly checkpoint: string;
  /** l as the user wrote it: one value or several with commas between them; left out: 0.5. */
  readonly l?: string | undefined;
  readonly maskHole: MaskHole;
  readonly region: RegionChoice;
  readonly raw: boolean;
  /** Folder of the results. */
  readonly out: string;
  readonly reporter: Reporter;
  /** Ends in good order; by default the signals of the process. */
  readonly signal?: AbortSignal;
}

/** Makes the pictures and says where they lie. Throws the signal's reason when it was interrupted. */
export async function inferCommand(command: InferCommand): Promise<void> {
  const { reporter } = command;
  const ls = parseL(command.l ?? '0.5');
  const loaded = await loadMethod(command.checkpoint);
  try {
    const { config, checkpoint, path } = loaded;
    const { controls } = trainedPredictor(loaded);
    const takesSketch = controls.includes('sketch');
    const sketch = takesSketch ? command.sketch : undefined;
    if (command.sketch !== sketch) reporter.warn('This method takes no sketch: --sketch is not looked at.');
    if (command.l !== undefined && !controls.includes('l'))
      reporter.warn('This method has no l: --l is not looked at.');
    if (command.colour !== undefined && !controls.includes('colour'))
      throw new UserError('This checkpoint takes no strokes of colour.', {
        where: `--colour ${command.colour}`,
        expected: 'no --colour, or a checkpoint of a method that takes them, such as SC-FEGAN',
        got: `a checkpoint of ${config.method}: ${path}`,
      });
    const jobs = await findJobs({ ...command, sketch }, config.task, takesSketch);
    reporter.info(
      `${config.method}, ${config.task} at ${config.resolution} px, step ${checkpoint.step}: ${path}`,
    );
    const signal = command.signal ?? catchInterrupts(reporter.warn, 'after the picture in progress');
    const written = await infer({ ...command, loaded, jobs, ls, signal });
    for (const file of written.slice(0, SHOWN)) reporter.info(file);
    if (written.length > SHOWN) reporter.info(`... and ${written.length - SHOWN} more in ${command.out}`);
    signal.throwIfAborted();
  } finally {
    loaded.method.dispose();
  }
}

/** One l or several, for example `0,0.5,1`. @throws UserError when one is no number in [0, 1], or given twice. */
export function parseL(text: string): number[] {
  const ls = text
    .split(',')
    .map((part) => (/^\s*(\d+\.?\d*|\.\d+)\s*$/.test(part) ? Number(part) : Number.NaN));
  const areRight = ls.every((l) => l >= 0 && l <= 1);
  if (areRight && new Set(ls).size === ls.length) return ls;
  throw new UserError('The value of l is wrong.', {
    where: '--l',
    expected:
      'a number from 0 (the sketch as drawn) to 1 (a rough idea), or different ones with commas, as 0,0.5,1',
    got: text,
  });
}
