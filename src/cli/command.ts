/** How a command is declared. Its code is loaded when it runs, so that help and wrong flags answer at once. */
import type { InferredOptionTypes, Options } from 'yargs';

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
