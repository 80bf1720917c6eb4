/** What a {@link UserError} tells: what is wrong, where, what was expected and found, and how to put it right. */
export interface UserErrorDetails {
  /** File, config key or flag the error is about, for example `configs/dps.yaml: data.source.path`. */
  where?: string | undefined;
  expected?: string;
  got?: string;
  /** What the user can do about it. */
  fix?: string | undefined;
  /** With which commands end. Default: 1. Above 128 it says that the same command may succeed when it is run again. */
  exitStatus?: number;
}

/** The exit status of a worker whose work another one's end has ended. Kubeflow's operator starts such a one again. */
export const LOST_WORKER = 138;

/**
 * An error that a user can act on. Commands print its message without a stack trace and exit with its status;
 * every other error is a defect of the program.
 */
export class UserError extends Error {
  readonly details: UserErrorDetails;

  constructor(what: string, details: UserErrorDetails = {}) {
    const lines = [what];
    if (details.where) lines.push(`  where:    ${details.where}`);
    if (details.expected) lines.push(`  expected: ${details.expected}`);
    if (details.got) lines.push(`  got:      ${details.got}`);
    if (details.fix) lines.push(`  fix:      ${details.fix}`);
    super(lines.join('\n'));
    this.name = 'UserError';
    this.details = details;
  }
}
