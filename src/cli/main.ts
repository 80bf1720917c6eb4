/** The command line: `npm run COMMAND -- [options]`. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { similarWord } from '../config/explain.ts';
import { UserError } from '../runtime/errors.ts';
import type { Command } from './command.ts';
import { bench } from './commands/bench.ts';
import { edit } from './commands/edit.ts';
import { exportModel } from './commands/export.ts';
import { importWeights } from './commands/import.ts';
import { infer } from './commands/infer.ts';
import { prepare } from './commands/prepare.ts';
import { chaos, doctor, parity } from './commands/self-checks.ts';
import { train } from './commands/train.ts';
import { end } from './end.ts';
import { evaluate } from './evaluate.ts';

/** In the order of a user's work. */
const commands: readonly Command[] = [
  train,
  prepare,
  evaluate,
  infer,
  edit,
  importWeights,
  exportModel,
  doctor,
  parity,
  chaos,
  bench,
];
const flagNames = [...new Set(commands.flatMap(({ flags }) => Object.keys(flags))), 'verbose', 'help'];

function parser() {
  const line = yargs(hideBin(process.argv))
    .scriptName('npm run')
    .usage('Deep Plastic Surgery: sketch-guided face editing\n\n$0 COMMAND -- [options]')
    .parserConfiguration({ 'dot-notation': false, 'boolean-negation': false, 'camel-case-expansion': false })
    .option('verbose', { type: 'boolean', default: false, describe: 'Show the stack trace of an error' });
  for (const { name, summary, flags, examples, run } of commands) {
    line.command(
      name,
      summary,
      (y) => y.options(flags).example(examples.map(([command, effect]) => [`$0 ${command}`, effect])),
      run,
    );
  }
  return line
    .demandCommand(1, 'Which command?')
    .strict()
    .help()
    .alias('help', 'h')
    .version(false)
    .wrap(110)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new UserError(explainUsage(message ?? 'Wrong usage.'));
    });
}

/** What is wrong with the arguments, with the flag or command that was probably meant. */
function explainUsage(message: string): string {
  const names = commands.map(({ name }) => name);
  const [first = '', ...rest] = hideBin(process.argv);
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

try {
  await parser().parseAsync();
} catch (error) {
  end(error);
}
