/** The command `edit`: the editor, until Ctrl-C; or the editor as a static site. */
import { chooseCheckpoint, startEditor } from '../editor/editor.ts';
import type { Reporter } from '../runtime/progress.ts';

export interface EditCommand {
  /** A run or a checkpoint; left out: the newest run's. */
  readonly checkpoint?: string | undefined;
  readonly port: number;
  readonly host?: string | undefined;
  /** A new folder: writes a static site there and ends. */
  readonly static?: string | undefined;
  readonly reporter: Reporter;
  /** Ends the editor. */
  readonly signal?: AbortSignal;
}

/** Serves the editor until `signal` is aborted, or writes the site. @throws UserError when it cannot. */
export async function editCommand(command: EditCommand): Promise<void> {
  const { port, host = '127.0.0.1', reporter, signal } = command;
  const checkpoint = await chooseCheckpoint(command.checkpoint);
  if (command.static !== undefined) {
    const { writeSite } = await import('../editor/site.ts');
    await writeSite({ checkpoint, out: command.static, reporter });
    reporter.info(`The editor of ${checkpoint} is in ${command.static}: copy it to any web server.`);
    return;
  }
  reporter.info(`Loading ${checkpoint} ...`);
  const editor = await startEditor({ checkpoint, host, port, reporter });
  reporter.info(`The editor is at ${editor.url} (Ctrl-C ends it).`);
  await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
  await editor.close();
}
