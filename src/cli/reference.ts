/** The reference of the commands, made from their flags as yargs has them. */
import type { Options } from 'yargs';
import type { Command } from './command.ts';
import { commands } from './commands.ts';

/** The text of `docs/cli.md`: for each command its flags and examples. */
export function cliPage(): string {
  return `# Commands

\`npm run COMMAND -- [options]\`; \`npm run COMMAND -- --help\` shows the same in the terminal. Every command also takes \`--verbose\`, which
shows the stack trace of an error. Exit status: 0 when it is done, 1 after a mistake that you can mend, 70 after a defect of the program, and
128 and the signal's number after an interrupt, such as 130 after Ctrl-C.

Made from \`src/cli/\` by \`npm run cli-reference\`.

${commands.map(section).join('\n')}`;
}

function section({ name, summary, flags, examples }: Command): string {
  const rows = Object.entries(flags).map(([flag, options]) => row(flag, options));
  const shown = examples.map(([line, effect]) => `# ${effect}\nnpm run ${line}`).join('\n\n');
  return `## \`${name}\`

${summary}.

| Flag | Default | Meaning |
| --- | --- | --- |
${rows.join('\n')}
${shown && `\n\`\`\`sh\n${shown}\n\`\`\`\n`}`;
}

function row(flag: string, { type, array, nargs, choices, default: value, ...texts }: Options): string {
  const several = array && nargs === undefined ? ' ...' : '';
  const taken = type === 'boolean' ? '' : ` ${choices?.join('\\|') ?? 'VALUE'}${several}`;
  const standard = texts.defaultDescription ?? (value === undefined || value === false ? '' : `\`${value}\``);
  return `| \`--${flag}${taken}\` | ${standard} | ${texts.describe?.replaceAll('|', '\\|')} |`;
}
