/** The command `export`: a checkpoint in the formats of other programs, each proven equal. */

import { describeProof } from '../export/proof.ts';
import { EXPORT_FORMATS, type ExportFormat, exportModel } from '../export/run.ts';
import type { Reporter } from '../runtime/progress.ts';
import { catchInterrupts } from './interrupt.ts';

export interface ExportCommand {
  /** A run's folder or a checkpoint's. */
  readonly checkpoint: string;
  readonly format: ExportFormat | 'all';
  readonly precision: 'fp32' | 'fp16';
  /** `pipeline`, `G` for the generators of all levels, or a network's name. */
  readonly network: string;
  readonly out: string;
  readonly reporter: Reporter;
  /** Ends in good order; by default the signals of the process. */
  readonly signal?: AbortSignal;
}

/** Writes the export into a new folder and says how equal it is. Throws a UserError, or the signal's reason; nothing is left then. */
export async function exportCommand(command: ExportCommand): Promise<void> {
  const { format, reporter, out } = command;
  const formats = format === 'all' ? EXPORT_FORMATS : [format];
  const ending = 'after the file in progress; nothing will be left';
  const signal = command.signal ?? catchInterrupts(reporter.warn, ending);
  const { proofs } = await exportModel({ ...command, formats, signal });
  for (const line of proofs.flatMap(describeProof)) reporter.info(line);
  reporter.info(`Export: ${out} (how to use it: README.md)`);
}
