/** How a command ends that throws: what is printed, and the exit status. */
import { UserError } from '../runtime/errors.ts';
import { Interrupted } from './interrupt.ts';

/** Exit statuses: a mistake that the user can mend, and a defect of the program (EX_SOFTWARE). */
const USER_ERROR = 1;
const DEFECT = 70;

/** Prints an error and sets the exit status; a trace is for defects, and for whoever asks with --verbose. */
export function end(error: unknown): void {
  const verbose = process.argv.includes('--verbose');
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof Interrupted) {
    console.error(message);
    process.exitCode = error.exitStatus;
  } else if (isSystemError(error)) {
    console.error(verbose ? stack : `The system refuses to read or write a file: ${message}`);
    process.exitCode = USER_ERROR;
  } else if (error instanceof UserError || isUsageError(error)) {
    console.error(verbose ? stack : message);
    process.exitCode = USER_ERROR;
  } else {
    console.error(`This is a defect of the program: ${verbose ? stack : message}`);
    if (!verbose) console.error('Run the command again with --verbose to see where it happened.');
    process.exitCode = DEFECT;
  }
}

/** What a disk or the system's limits refuse is nothing that a trace would explain. */
function isSystemError(error: unknown): boolean {
  const codes = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EFBIG', 'EMFILE', 'ENFILE'];
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** yargs wraps what a flag's check throws. */
const isUsageError = (error: unknown): boolean => error instanceof Error && error.name === 'YError';
