/** The command `import`. */
import { importWeights } from '../import/import.ts';
import type { Reporter } from '../runtime/progress.ts';

export interface ImportCommand {
  readonly from: readonly string[];
  /** Names of the files, separated by commas, in the order of `from`. */
  readonly as?: string | undefined;
  readonly out: string;
  readonly reporter: Reporter;
}

/** Imports weights and says what became of them. */
export async function importCommand({ from, as, out, reporter }: ImportCommand): Promise<void> {
  const imported = await importWeights({ from, names: as?.split(','), out, reporter });
  if (imported.kind === 'file') {
    reporter.info(`Imported ${imported.description}: ${out}`);
    reporter.info(`It is for ${imported.use}`);
    return;
  }
  const { path, description, trained, untrained, fineTune } = imported.checkpoint;
  reporter.info(`Recognised ${description}: ${trained.join(', ')}`);
  if (untrained.length > 0)
    reporter.info(`No file gave ${untrained.join(', ')}: not trained, as the seed initialises them`);
  reporter.info(`Checkpoint: ${path}`);
  reporter.info(`To train on from it: npm run train -- --config ${fineTune} --set data.source.path=FOLDER`);
}
