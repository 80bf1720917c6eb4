/** The command `edit`: the editor, until Ctrl-C. */
import { chooseCheckpoint } from '../editor/checkpoint.ts';
import { startEditor } from '../editor/editor.ts';
import type { Reporter } from '../runtime/progress.ts';

export interface EditCommand {
  /** A run or a checkpoint; left out: the newest run's. */
  readonly checkpoint?: string;
  readonly port: number;
  readonly host?: string;
  readonly reporter: Reporter;
  /** Ends the editor. */
  readonly signal?: AbortSignal;
}

/** Serves the editor. Returns when `signal` is aborted. @throws UserError when it cannot start. */
export async function editCommand(command: EditCommand): Promise<void> {
  const { port, host = '127.0.0.1', reporter, signal } = command;
  const checkpoint = await chooseCheckpoint(command.checkpoint);
  reporter.info(`Loading ${checkpoint} ...`);
  const editor = await startEditor({ checkpoint, host, port, reporter });
  reporter.info(`The editor is at ${editor.url} (Ctrl-C ends it).`);
  await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
  await editor.close();
}
