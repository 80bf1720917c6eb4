/** Runs a program of commands: `npm run COMMAND -- [options]`. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { similarWord } from '../config/explain.ts';
import { currentCluster } from '../runtime/cluster.ts';
import { beforeFlags, npmRun } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
import { outliveTerminal } from '../runtime/terminal.mjs';
import { typedArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { Interrupted } from './interrupt.ts';

/** Exit statuses: a mistake that the user can mend, and a defect of the program (EX_SOFTWARE). */
const USER_ERROR = 1;
const DEFECT = 70;

/**
 * Runs the command that the process's arguments name, and sets the exit status.
 *
 * @param commands in the order in which help lists them. @param epilogue stands below them.
 */
export async function runProgram(commands: readonly Command[], epilogue = ''): Promise<void> {
  outliveTerminal();
  try {
    const args = typedArguments(commands, hideBin(process.argv), process.env);
    await parser(commands, epilogue, args).parseAsync();
  } catch (error) {
    end(error);
  }
  // Otherwise TensorFlow's server takes leave of workers that may be gone, and waits or complains.
  if (currentCluster()) process.exit();
}

function parser(commands: readonly Command[], epilogue: string, args: readonly string[]) {
  const line = yargs(args)
    .scriptName(npmRun())
    .usage(
      `Deep Plastic Surgery: sketch-guided face editing\n\n${['$0 COMMAND', ...beforeFlags()].join(' ')} [options]`,
    )
    .parserConfiguration({ 'dot-notation': false, 'boolean-negation': false, 'camel-case-expansion': false })
    .option('verbose', { type: 'boolean', default: false, describe: 'Show the stack trace of an error' });
  for (const { name, summary, flags, examples, run } of commands) {
    line.command(
      name,
      summary,
      (y) => y.options(flags).example(examples.map(([command, effect]) => [`$0 ${typed(command)}`, effect])),
      run,
    );
  }
  return line
    .demandCommand(1, 'Which command?')
    .strict()
    .help()
    .alias('help', 'h')
    .version(false)
    .epilogue(epilogue)
    .wrap(110)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new UserError(explainUsage(commands, args, message ?? 'Wrong usage.'));
    });
}

/** An example's command line as it is typed here. */
const typed = (command: string): string =>
  command
    .split(' ')
    .flatMap((word) => (word === '--' ? beforeFlags() : [word]))
    .join(' ');

/** What is wrong with the arguments, with the flag or command that was probably meant. */
function explainUsage(commands: readonly Command[], args: readonly string[], message: string): string {
  const flagNames = [...commands.flatMap(({ flags }) => Object.keys(flags)), 'verbose', 'help'];
  const names = commands.map(({ name }) => name);
  const [first = '', ...rest] = args;
  const unknownCommand = !first.startsWith('-') && !names.includes(first) && first !== '';
  const unknownFlags = rest
    .map((argument) => /^--([^=]+)/.exec(argument)?.[1])
    .filter((flag) => flag !== undefined)
    .filter((flag) => !flagNames.includes(flag));
  const lines = unknownCommand
    ? [`Unknown command: ${first}${hint(similarWord(first, names))}`]
    : unknownFlags.map((flag) => `Unknown flag: --${flag}${hint(similarWord(flag, flagNames), '--')}`);
  return [...(lines.length > 0 ? lines : [message]), 'See --help.'].join('\n');
}

const hint = (similar: string | undefined, dashes = ''): string =>
  similar ? `; did you mean ${dashes}${similar}?` : '';

/** Prints an error and sets the exit status; a trace is for defects, and for whoever asks with --verbose. */
function end(error: unknown): void {
  const verbose = process.argv.includes('--verbose');
  const refusal = explainSystemError(error);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof Interrupted) {
    console.error(message);
    process.exitCode = error.exitStatus;
  } else if (refusal) {
    console.error(verbose ? stack : refusal.message);
    process.exitCode = USER_ERROR;
  } else if (error instanceof UserError || isUsageError(error)) {
    console.error(verbose ? stack : message);
    process.exitCode = (error instanceof UserError && error.details.exitStatus) || USER_ERROR;
  } else {
    console.error(`This is a defect of the program: ${verbose ? stack : message}`);
    if (!verbose) console.error('Run the command again with --verbose to see where it happened.');
    process.exitCode = DEFECT;
  }
}

/** yargs wraps what a flag's check throws. */
const isUsageError = (error: unknown): boolean => error instanceof Error && error.name === 'YError';
