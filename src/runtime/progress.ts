/** What work reports to whoever called it. The command line draws bars and lines; tests pass {@link silent}. */
export interface Task {
  /** Moves the bar to `done` of the total; `note` is a short text beside it, for example the losses. */
  update(done: number, note?: string): void;
  /** Ends the bar. */
  finish(note?: string): void;
}

/** What functions tell of their work. Nothing below the command line prints by itself. */
export interface Reporter {
  /** A line of information. */
  info(message: string): void;
  /** A line that the user should act on or know of. */
  warn(message: string): void;
  /** A progress bar with throughput and time left, for work of `total` units (`unit`: for example `images`). */
  task(label: string, total: number, unit: string): Task;
}

/** Tells nobody anything. */
export const silent: Reporter = {
  info() {},
  warn() {},
  task: () => ({ update() {}, finish() {} }),
};
