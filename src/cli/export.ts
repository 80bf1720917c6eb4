/** The command `export`: a checkpoint in the formats of other programs, each proven equal. */
import { EXPORT_FORMATS, type ExportFormat, exportModel } from '../export/export.ts';
import { describeProof } from '../export/proof.ts';
import { loadMethod } from '../models/load.ts';
import type { Reporter } from '../runtime/progress.ts';

export interface ExportCommand {
  /** A run's folder or a checkpoint's. */
  readonly checkpoint: string;
  readonly format: ExportFormat | 'all';
  readonly precision: 'fp32' | 'fp16';
  /** `pipeline`, `G` for the generators of all levels, or a network's name. */
  readonly network: string;
  readonly out: string;
  readonly reporter: Reporter;
}

/** Writes the export into a new folder and says how equal it is. Throws a UserError; nothing is left then. */
export async function exportCommand(command: ExportCommand): Promise<void> {
  const { checkpoint, format, reporter, out } = command;
  const loaded = await loadMethod(checkpoint);
  try {
    const formats = format === 'all' ? EXPORT_FORMATS : [format];
    const { proofs } = await exportModel(loaded, { ...command, formats });
    for (const line of proofs.flatMap(describeProof)) reporter.info(line);
    reporter.info(`Export: ${out} (how to use it: README.md)`);
  } finally {
    loaded.method.dispose();
  }
}
