/** The command `prepare`: crops and sketches of a config's source, made once and cached. */
import { join } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import { contactSheet } from '../data/picture-grid.ts';
import { prepare } from '../data/prepare.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';

/** Samples on the contact sheet. */
const shown = 16;

export interface PrepareCommand {
  readonly config: RunConfig;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
}

/** Prepares the source, reports how many samples each split has, and leaves a contact sheet in the cache. */
export async function prepareCommand(command: PrepareCommand): Promise<void> {
  const { reporter } = command;
  const { folder, resolution, samples, problems } = await prepare(command);
  const all = [...samples.train, ...samples.validation, ...samples.test];
  const step = Math.max(1, Math.floor(all.length / shown));
  const some = all.filter((_, i) => i % step === 0).slice(0, shown);
  const sheet = join(folder, 'sheet.png');
  const paths = some.map(({ pairPath }) => pairPath);
  await writeFileAtomically(sheet, await contactSheet(paths, 2 * resolution, resolution, 4));
  const counts = Object.entries(samples).map(([split, { length }]) => `${split} ${length}`);
  reporter.info(`Samples at ${resolution} px: ${counts.join(', ')}; unusable files: ${problems.length}`);
  reporter.info(`Pairs of photo and sketch: ${folder}`);
  reporter.info(`Contact sheet: ${sheet}`);
}
