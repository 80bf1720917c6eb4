/**
 * An error that the user can act on, worded like the program's own `UserError` (src/runtime/errors.ts), which cannot
 * be imported here: set-up runs before anything that reads TypeScript is installed.
 */
export class SetupError extends Error {
  /**
   * @param {string} what what is wrong
   * @param {{where?: string, expected?: string, got?: string | undefined, fix?: string, cause?: unknown}} [details]
   */
  constructor(what, { where, expected, got, fix, cause } = {}) {
    const lines = [what];
    if (where) lines.push(`  where:    ${where}`);
    if (expected) lines.push(`  expected: ${expected}`);
    if (got) lines.push(`  got:      ${got}`);
    if (fix) lines.push(`  fix:      ${fix}`);
    super(lines.join('\n'), { cause });
    this.name = 'SetupError';
  }
}

/** Several {@link SetupError}s found at once, so that a user can mend them all before trying again. */
export class SetupErrors extends Error {
  /** @param {SetupError[]} errors at least one */
  constructor(errors) {
    super(errors.map((error) => error.message).join('\n\n'));
    this.name = 'SetupErrors';
    this.errors = errors;
  }
}

/** @param {unknown} error */
export const isSetupError = (error) => error instanceof SetupError || error instanceof SetupErrors;
