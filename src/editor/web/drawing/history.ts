/** What was done, to be undone and done again without limit. */
import type { Command } from './changes.ts';

export class History {
  readonly #done: Command[] = [];
  #undone: Command[] = [];

  get canUndo(): boolean {
    return this.#done.length > 0;
  }
  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Notes a command that has been carried out. What was undone before can no longer be done again. */
  push(command: Command): void {
    this.#done.push(command);
    this.#undone = [];
  }

  /** The command whose changes are to be done once more, if there is one. */
  undo(): Command | undefined {
    const command = this.#done.pop();
    if (command) this.#undone.push(command);
    return command;
  }

  redo(): Command | undefined {
    const command = this.#undone.pop();
    if (command) this.#done.push(command);
    return command;
  }
}
