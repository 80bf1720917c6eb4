/** Turns the schema's complaints about a configuration into messages that a person can act on. */
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { UserError } from '../runtime/errors.ts';
import {
  childSchema,
  expectation,
  formFor,
  formsOf,
  isMapping,
  type JsonSchema,
  keysAt,
  type Path,
  takesText,
} from './json-schema.ts';

/** Finds where a key of a file was written: `configs/a.yaml:3: data.ahead` or `--set data.workers`. */
export type Locate = (path: Path) => string;

/** What is being read. */
interface Subject {
  readonly values: unknown;
  readonly locate: Locate;
  readonly schema: JsonSchema;
}

/** One UserError of everything that the schema found wrong with `values`. */
export function explain(
  issues: readonly z.core.$ZodIssue[],
  values: unknown,
  locate: Locate,
  schema: JsonSchema,
): UserError {
  const errors = issues.flatMap((issue) => explainIssue(issue, { values, locate, schema }));
  if (errors.length === 1) return errors[0];
  return new UserError(
    [`The configuration has ${errors.length} mistakes.`, ...errors.map((error) => error.message)].join(
      '\n\n',
    ),
  );
}

function explainIssue(issue: z.core.$ZodIssue, subject: Subject): UserError[] {
  const chosen = mistakesOfForm(issue);
  if (chosen) return chosen.flatMap((inner) => explainIssue(inner, subject));
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : unknownKeysOfUnion(issue, subject);
  if (keys.length > 0) return keys.map((key) => unknownKey(issue.path, key, subject));
  const { schema, value } = lookUp(subject, issue.path);
  return [
    new UserError(
      value === undefined ? 'A configuration key is missing.' : 'A configuration value does not fit.',
      {
        where: subject.locate(issue.path),
        expected: schema ? expectation(schema) : issue.message,
        got: value === undefined ? 'nothing' : short(value),
        fix:
          schema &&
          (similarValue(schema.enum ?? formsOf(schema).map((form) => form.const), value) ??
            fixOfType(schema, value)),
      },
    ),
  ];
}

/** Of a union of a mapping and a list, or the like: the mistakes in the one form that the value's own type fits. */
function mistakesOfForm(issue: z.core.$ZodIssue): z.core.$ZodIssue[] | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  const fitting = issue.errors.filter(
    (mistakes) => !mistakes.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  if (fitting.length !== 1) return undefined;
  return fitting[0].map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Keys that no form of a union knows, for example `stps` in a duration. */
function unknownKeysOfUnion(issue: z.core.$ZodIssue, subject: Subject): string[] {
  const { schema, value } = lookUp(subject, issue.path);
  if (issue.code !== 'invalid_union' || !schema || !isMapping(value)) return [];
  const known = keysAt(schema, value);
  return Object.keys(value).filter((key) => !known.includes(key));
}

function unknownKey(path: Path, key: string, subject: Subject): UserError {
  const { schema, value } = lookUp(subject, path);
  const known = schema ? keysAt(schema, value) : [];
  const form = schema && isMapping(value) ? formFor(schema, value) : undefined;
  const keys = schema ? formsOf(schema).flatMap(({ properties = {} }) => Object.entries(properties)) : [];
  const [renamed] = keys.find(([, { formerly }]) => formerly === key) ?? [];
  const similar = similarWord(key, known);
  return new UserError(`Unknown configuration key: ${key}`, {
    where: subject.locate([...path, key]),
    expected: expectation(form ?? schema ?? {}),
    fix: renamed
      ? `\`${key}\` is called \`${keyName([...path, renamed])}\` now`
      : similar && `did you mean \`${keyName([...path, similar])}\`?`,
  });
}

function similarValue(allowed: readonly unknown[], value: unknown): string | undefined {
  const similar = similarWord(String(value), allowed.filter((item) => item !== undefined).map(String));
  return similar ? `did you mean \`${similar}\`?` : undefined;
}

/** What to write where YAML has taken a value for another type. */
function fixOfType(schema: JsonSchema, value: unknown): string | undefined {
  if (takesText(schema) && typeof value === 'object' && value !== null)
    return "put the text in quotes: '...'";
  if (!formsOf(schema).some(({ type }) => type === 'boolean')) return undefined;
  if (['yes', 'on', 'y'].includes(String(value).toLowerCase())) return 'write true';
  return ['no', 'off', 'n'].includes(String(value).toLowerCase()) ? 'write false' : undefined;
}

/** The known word that `word` was probably meant to be. */
export function similarWord(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(
    word.toLowerCase(),
    known.map((item) => item.toLowerCase()),
  );
  if (distance(word.toLowerCase(), best) > Math.max(2, word.length / 3)) return undefined;
  return known.find((item) => item.toLowerCase() === best);
}

function lookUp(subject: Subject, path: Path) {
  let schema: JsonSchema | undefined = subject.schema;
  let value = subject.values;
  for (const key of path) {
    schema = schema && childSchema(schema, value, key);
    value =
      isMapping(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return { schema, value };
}

/** A key as a person writes it: `training.levels.0.batch`. */
export const keyName = (path: Path): string =>
  path.length > 0 ? path.map(String).join('.') : 'the whole file';

const short = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};
