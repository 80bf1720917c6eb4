/**
 * Reads YAML files by a schema. A file, the files that it extends and the values of `--set` are layers that are merged;
 * then the defaults are filled in. Messages name file, line and key.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { isNode, LineCounter, parse, parseDocument, stringify } from 'yaml';
import type { z } from 'zod';
import { shipped } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
import { explain, keyName, type Locate } from './explain.ts';
import { childSchema, formFor, isMapping, type JsonSchema, type Path } from './json-schema.ts';

/**
 * Reads a file, the files that it extends and `--set KEY=VALUE` options, and fills in the defaults.
 *
 * @param source the file's path, or what it would hold. @param flag what the path was given with. @param json the schema
 *   as JSON Schema.
 * @throws one UserError that lists every mistake with its file, line and key.
 */
export function readYaml<T>(
  source: string | object,
  sets: readonly string[],
  { schema, json, flag = '--config' }: { schema: z.ZodType<T>; json: JsonSchema; flag?: string },
): { values: T; locate: Locate } {
  const given = typeof source === 'string' ? readLayers(source, flag) : [objectLayer(source)];
  const layers = [...given, setsLayer(sets)];
  const values = layers
    .map((layer) => layer.values)
    .reduce<unknown>((base, over) => merge(base, over, json), {});
  const locate = locator(layers);
  const parsed = schema.safeParse(values);
  if (!parsed.success) throw explain(parsed.error.issues, values, locate, json);
  return { values: parsed.data, locate };
}

/** A complete configuration as YAML; a run's `config.yaml`, which can be read back. */
export function configToYaml(config: object): string {
  return stringify(config, { lineWidth: 110 });
}

/** One layer: its values, and where a person finds the value of a path. */
interface Layer {
  /** The file's path; none for --set. */
  readonly file?: string;
  readonly values: Record<string, unknown>;
  /** For example `configs/a.yaml:12`, or `--set data.ahead`; undefined when the layer does not hold the path. */
  place(path: Path): string | undefined;
}

/**
 * Reads a file and those it extends, the base first. Throws a UserError for unreadable files, bad YAML and cycles.
 *
 * @param flag what the path was given with.
 */
function readLayers(path: string, flag = '--config', seen: readonly string[] = []): Layer[] {
  const full = resolve(path);
  if (seen.includes(full)) {
    throw new UserError('Config files extend each other in a circle.', {
      where: path,
      got: [...seen.slice(seen.indexOf(full)), full].join(' -> '),
      fix: 'remove one of the `extends`',
    });
  }
  let text: string;
  try {
    text = readFileSync(full, 'utf8');
  } catch (error) {
    const { got, fix } = explainSystemError(error)?.details ?? {};
    const ours = shipped(path);
    const isOurs = !isAbsolute(path) && resolve(ours) !== full && existsSync(ours);
    throw new UserError('A config file cannot be read.', {
      where: seen.length > 0 ? `extends of ${seen.at(-1)}: ${path}` : `${flag} ${path}`,
      expected: 'a readable YAML file',
      got: got ?? (error as Error).message,
      fix: isOurs ? `the program’s own is ${ours}` : fix,
    });
  }
  const layer = parseLayer(path, text);
  const base = layer.values.extends;
  if (base === undefined) return [layer];
  if (typeof base !== 'string') {
    throw new UserError('`extends` has the wrong type.', {
      where: `${layer.place(['extends'])}: extends`,
      expected: 'the path of one config file, relative to this one',
      got: JSON.stringify(base),
    });
  }
  const { extends: _, ...values } = layer.values;
  return [...readLayers(resolve(dirname(full), base), flag, [...seen, full]), { ...layer, values }];
}

function parseLayer(path: string, text: string): Layer {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problem = document.errors[0];
  if (problem) {
    throw new UserError('A config file is not valid YAML.', {
      where: `${path}:${problem.linePos?.[0].line ?? 1}`,
      got: problem.message.split('\n')[0],
    });
  }
  const values: unknown = document.toJS() ?? {};
  if (!isMapping(values)) {
    throw new UserError('A config file has the wrong form.', {
      where: path,
      expected: 'keys with values, such as `seed: 1`',
      got: JSON.stringify(values).slice(0, 80),
    });
  }
  return {
    file: path,
    values,
    place(keys) {
      const node = document.getIn(keys, true);
      const range = isNode(node) ? node.range : undefined;
      return range ? `${path}:${lines.linePos(range[0]).line}` : undefined;
    },
  };
}

/** A configuration that no file holds. */
function objectLayer(source: object): Layer {
  const values = structuredClone(source) as Record<string, unknown>;
  const name = 'the configuration given';
  return { file: name, values, place: (path) => (holds(values, path) ? name : undefined) };
}

/** The layer of `--set KEY=VALUE` options. Values are YAML: numbers, true, [1, 2], {steps: 10}, texts. */
function setsLayer(sets: readonly string[]): Layer {
  const values: Record<string, unknown> = {};
  for (const set of sets) {
    const at = set.indexOf('=');
    const keys = set.slice(0, at).split('.');
    if (at < 1 || keys.some((key) => !/^[A-Za-z0-9]+$/.test(key))) {
      throw new UserError('A --set has the wrong form.', {
        where: `--set ${set}`,
        expected: 'KEY=VALUE with a key such as training.levels.0.batch',
      });
    }
    assign(values, keys, parseValue(set, set.slice(at + 1)));
  }
  return { values, place: (path) => (holds(values, path) ? `--set ${path.join('.')}` : undefined) };
}

function parseValue(set: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const got = (error as Error).message.split('\n')[0];
    throw new UserError('The value of a --set is not valid YAML.', { where: `--set ${set}`, got });
  }
}

function assign(values: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [key, ...rest] = keys as [string, ...string[]];
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const inner = Object.hasOwn(values, key) && isMapping(values[key]) ? values[key] : {};
  values[key] = inner;
  assign(inner, rest, value);
}

function holds(values: unknown, path: Path): boolean {
  return path.every((key) => {
    if (!isMapping(values) && !Array.isArray(values)) return false;
    if (!Object.hasOwn(values, key)) return false;
    values = (values as Record<PropertyKey, unknown>)[key];
    return true;
  });
}

/**
 * `over` on top of `base`: mappings merge key by key, everything else is replaced. A mapping with indices as keys
 * changes single items of a list. Where the schema has several forms (`data.source`, a duration) and `over` names
 * another form than `base` has, the keys that only the old form knows are dropped.
 */
function merge(base: unknown, over: unknown, schema: JsonSchema | undefined): unknown {
  if (Array.isArray(base) && isMapping(over)) {
    const indices = Object.keys(over);
    if (indices.length > 0 && indices.every((key) => Number(key) < base.length)) {
      return base.map((item, i) =>
        Object.hasOwn(over, i) ? merge(item, over[i], schema && childSchema(schema, base, i)) : item,
      );
    }
  }
  if (!isMapping(base) || !isMapping(over)) return over;
  const kept = schema ? keptKeys(base, over, schema) : base;
  const merged = { ...kept };
  for (const [key, value] of Object.entries(over)) {
    const inner = schema && childSchema(schema, { ...kept, ...over }, key);
    merged[key] = Object.hasOwn(kept, key) ? merge(kept[key], value, inner) : value;
  }
  return merged;
}

function keptKeys(
  base: Record<string, unknown>,
  over: Record<string, unknown>,
  schema: JsonSchema,
): Record<string, unknown> {
  if (formFor(schema, { ...base, ...over }) === formFor(schema, base)) return base;
  const form = formFor(schema, over);
  if (!form) return base;
  return Object.fromEntries(
    Object.entries(base).filter(([key]) => Object.hasOwn(form.properties ?? {}, key)),
  );
}

/** Finds keys of the merged configuration, the last layer first. A missing key is placed where its group is. */
function locator(layers: readonly Layer[]): Locate {
  const lastFirst = layers.toReversed();
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      for (const layer of lastFirst) {
        const place = layer.place(path.slice(0, length));
        if (place) return place === `--set ${keyName(path)}` ? place : `${place}: ${keyName(path)}`;
      }
    }
    return `${layers[0].file ?? '--set'}: ${keyName(path)}`;
  };
}
