/**
 * How a command and its flags are declared. What it does is loaded when it runs, so that help and wrong flags answer at
 * once.
 */
import type { InferredOptionTypes, Options } from 'yargs';
import { UserError } from '../runtime/errors.ts';
import { expandHome } from '../runtime/files.ts';

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly flags: Readonly<Record<string, Options>>;
  /** Command lines, without `npm run`, and what they do. */
  readonly examples: readonly (readonly [string, string])[];
  /** @param values of the flags, by name. */
  run(values: object): Promise<void>;
}

/** A command whose `run` gets its flags' values with their types. */
export function defineCommand<Flags extends Record<string, Options>>(command: {
  readonly name: string;
  readonly summary: string;
  readonly flags: Flags;
  readonly examples?: Command['examples'];
  run(values: InferredOptionTypes<Flags> & { readonly verbose: boolean }): Promise<void>;
}): Command {
  return { examples: [], ...command, run: (values) => command.run(values as never) };
}

/** A flag that takes one text and may be given once; `--flag=~/a`, which no shell expands, is below the user's folder. */
export function text(flag: string, describe: string) {
  const coerce = (value: string | string[]): string => {
    const given = once(flag)(value);
    if (given !== '') return expandHome(given);
    throw new UserError('A flag has an empty value.', {
      where: flag,
      expected: 'a text',
      got: 'nothing between the quotes, or a variable that is not set',
    });
  };
  return { type: 'string', requiresArg: true, coerce, describe } as const;
}

/** A flag that takes a whole number from `least` on, at most `most`. */
export function wholeNumber(flag: string, describe: string, least = 1, most = Number.MAX_SAFE_INTEGER) {
  const coerce = (value: string | string[]): number => {
    const given = once(flag)(value);
    if (/^\d+$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
    throw new UserError('A flag has the wrong value.', {
      where: flag,
      expected: `a whole number, at least ${least}${most < Number.MAX_SAFE_INTEGER ? ` and at most ${most}` : ''}`,
      got: given,
    });
  };
  return { type: 'string', requiresArg: true, coerce, describe } as const;
}

/** TCP has no port above it. */
export const HIGHEST_PORT = 65_535;

/** A flag that takes texts: it may be given several times, and each time several of them. */
export function texts(describe: string) {
  return { type: 'string', array: true, requiresArg: true, describe } as const;
}

export const checkpointFlag = {
  checkpoint: text(
    '--checkpoint',
    'Run or checkpoint, or a model of pretrained/ by name (default: the newest run, or else that model)',
  ),
} as const;

export const configFlag = { config: text('--config', 'Config file (YAML)') } as const;

export const setFlag = {
  set: {
    type: 'string',
    array: true,
    nargs: 1,
    default: [] as string[],
    defaultDescription: 'none',
    describe: 'KEY=VALUE: change one key of the config; repeatable',
  },
} as const;

function once(flag: string) {
  return (value: string | string[]): string => {
    if (Array.isArray(value)) throw new UserError(`${flag} is given ${value.length} times.`);
    return value;
  };
}
