/** The arguments that the user typed, however npm and others hand them on. */
import type { Options } from 'yargs';
import { npmRun, shellWord } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import type { Command } from './command.ts';

/** Flags that npm takes for its own of another name: the variable that it sets, without `npm_config_`. */
const NPM_NAMES: Readonly<Record<string, string>> = { l: 'long', verbose: 'loglevel' };
/** Above this number of values it is not tried which flag each belongs to. */
const MOST_VALUES = 8;

/**
 * Gives a command its flags back when they were typed without the `--` that npm wants: `npm run train --config X`. npm
 * takes the flags for its own, sets a variable for each (`npm_config_config=true`) and passes on what is left (`X`).
 *
 * @param args the command's name and its arguments. @param env of the process.
 * @returns the arguments as if the `--` had been there.
 * @throws UserError when it cannot be known which value belongs to which flag.
 */
export function typedArguments(
  commands: readonly Command[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): string[] {
  const [name, ...rest] = args;
  const command = commands.find((one) => one.name === name);
  const startedByNpm = env.npm_config_user_agent?.startsWith('npm/') && env.npm_lifecycle_event === name;
  if (!command || !startedByNpm) return [...args];
  const taken = takenFlags(command, env);
  if (taken.length === 0) return [...args];
  const firstFlag = rest.findIndex((arg) => arg.startsWith('-'));
  const values = firstFlag < 0 ? rest : rest.slice(0, firstFlag);
  const passed = rest.slice(values.length);
  const complete = taken.filter(({ words }) => words !== undefined).flatMap(({ words = [] }) => words);
  const open = taken.filter(({ words }) => words === undefined);
  // Where there are too few values one was forgotten, which the usual message says.
  const readings =
    values.length < open.length
      ? [open.flatMap(({ flag }) => [`--${flag}`]).concat(values)]
      : values.length > MOST_VALUES
        ? []
        : readingsOf(open, values);
  if (readings.length !== 1) throw notReadable(command.name, taken, values);
  return [command.name, ...complete, ...readings[0], ...passed];
}

/** A flag that npm took: with what was typed, or undefined where its value is among what npm passed on. */
interface TakenFlag {
  readonly flag: string;
  readonly options: Options;
  readonly words: readonly string[] | undefined;
}

function takenFlags({ flags }: Command, env: NodeJS.ProcessEnv): TakenFlag[] {
  const all: [string, Options][] = [...Object.entries(flags), ['verbose', { type: 'boolean' }]];
  return all.flatMap(([flag, options]) => {
    const value = env[`npm_config_${(NPM_NAMES[flag] ?? flag).replaceAll('-', '_')}`];
    if (value === undefined) return [];
    if (flag === 'verbose') return value === 'verbose' ? [{ flag, options, words: ['--verbose'] }] : [];
    if (options.type === 'boolean') return value === 'true' ? [{ flag, options, words: [`--${flag}`] }] : [];
    // A flag that is given several times has its values on lines with an empty one between them.
    return value.split('\n\n').map((one) => ({
      flag,
      options,
      words: one === 'true' ? undefined : [`--${flag}=${one}`],
    }));
  });
}

/** Every way in which the values, in their order, can belong to the flags, as arguments. */
function readingsOf(open: readonly TakenFlag[], values: readonly string[]): string[][] {
  if (values.length === 0) return open.length === 0 ? [[]] : [];
  const [value, ...others] = values;
  const readings = new Map<string, string[]>();
  for (const taken of open) {
    if (!fits(taken, value)) continue;
    const left = open.filter((one) => one !== taken);
    const ways = readingsOf(left, others);
    // A flag of several values may have the next ones too.
    if (isList(taken) && others.length > left.length) ways.push(...readingsOf(open, others));
    for (const way of ways) {
      const words = [`--${taken.flag}=${value}`, ...way];
      readings.set(words.toSorted().join('\n'), words);
    }
  }
  return [...readings.values()];
}

/** `--set` is repeated, but has one value each time. */
const isList = ({ options }: TakenFlag): boolean => options.array === true && options.nargs === undefined;

function fits({ flag, options }: TakenFlag, value: string): boolean {
  if (flag === 'set') return /^[A-Za-z0-9.]+=/.test(value);
  if (options.choices) return options.choices.includes(value);
  if (!options.coerce || Array.isArray(options.coerce)) return true;
  try {
    options.coerce(value);
    return true;
  } catch {
    return false;
  }
}

function notReadable(command: string, taken: readonly TakenFlag[], values: readonly string[]): UserError {
  const flags = [...new Set(taken.map(({ flag }) => `--${flag}`))];
  const passedOn = values.map(shellWord).join(' ') || 'nothing';
  return new UserError('npm has taken flags for its own, and which value belongs to which is not known.', {
    where: flags.join(', '),
    expected: `-- between the command and its flags: ${npmRun()} ${command} -- ${flags.map((flag) => `${flag} ...`).join(' ')}`,
    got: `${passedOn} without the flags`,
    fix: 'type the same line again with -- after the command’s name',
  });
}
