/**
 * Reads YAML files by a schema. A file, the files that it extends and the values of `--set` are layers that are merged;
 * then the defaults are filled in. Messages name file, line and key.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  stringify,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { shipped } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { expandHome } from '../runtime/files.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
import { explain, keyName, type Locate } from './explain.ts';
import {
  childSchema,
  formFor,
  isMapping,
  type JsonSchema,
  type Path,
  schemaAt,
  takesText,
} from './json-schema.ts';

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
  const given = typeof source === 'string' ? readLayers(source, json, flag) : [objectLayer(source)];
  const layers = [...given, setsLayer(sets, json)];
  const values = withHome(
    layers.map((layer) => layer.values).reduce<unknown>((base, over) => merge(base, over, json), {}),
  );
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
function readLayers(
  path: string,
  json: JsonSchema,
  flag = '--config',
  seen: readonly string[] = [],
): Layer[] {
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
  const layer = parseLayer(path, text, json);
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
  const extended = resolve(dirname(full), expandHome(base));
  return [...readLayers(extended, json, flag, [...seen, full]), { ...layer, values }];
}

function parseLayer(path: string, text: string, json: JsonSchema): Layer {
  const lines = new LineCounter();
  if (text.includes('\0')) {
    throw new UserError('A config file is not a text file in UTF-8.', {
      where: path,
      expected: 'YAML in UTF-8',
      got: 'zero bytes, as a file in UTF-16 or one that is no text has them',
      fix: 'save it as UTF-8',
    });
  }
  const document = parseDocument(text, { lineCounter: lines });
  const line = (offset: number) => `${path}:${lines.linePos(offset).line}`;
  requireSound(document, line);
  if (document.contents) readTexts(document.contents, json, text, line);
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

/** What to write instead, by the code of what the YAML parser finds wrong. */
const YAML_FIXES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  DUPLICATE_KEY: 'remove one of the two keys',
  MULTIPLE_DOCS: 'remove the lines with ---',
  BLOCK_AS_IMPLICIT_KEY: "a text with a colon and a space stands in quotes: '...'",
  BAD_SCALAR_START: "a text that begins with such a character stands in quotes: '...'",
  UNEXPECTED_TOKEN: "a text that begins with such a character stands in quotes: '...'",
  TAG_RESOLVE_FAILED: "a text that begins with ! stands in quotes: '...'",
};

/**
 * Throws a UserError for what is no valid YAML, or YAML of which a config makes no use.
 *
 * @param line where an offset lies, for the message.
 */
function requireSound(document: Document.Parsed, line: (offset: number) => string): void {
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    throw new UserError('A config is not valid YAML.', {
      where: line(problem.pos[0]),
      got: problem.message.split('\n')[0],
      fix: YAML_FIXES[problem.code],
    });
  }
  visit(document, {
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document);
      if (target && !ancestors.includes(target)) return;
      throw new UserError('An alias of a config stands for nothing.', {
        where: line(alias.range?.[0] ?? 0),
        expected: target ? 'a value that is not within itself' : `&${alias.source} before it`,
        got: `*${alias.source}`,
        fix: "write the value out; a text that begins with * stands in quotes: '...'",
      });
    },
    Pair(_, { key }) {
      if (!isScalar(key) || key.value !== '<<') return;
      throw new UserError('A config has a merge key.', {
        where: line(key.range?.[0] ?? 0),
        got: '<<',
        fix: 'write the keys out, or put them into a file of their own and name it with `extends`',
      });
    },
  });
}

/**
 * Where the schema takes a text, a plain scalar such as `2024` or `null` is the text as it is written. Throws a UserError
 * for what looks like a text but would be cut or changed by YAML.
 *
 * @param text of the whole file.
 */
function readTexts(node: Node, schema: JsonSchema, text: string, line: (offset: number) => string): void {
  if (isMap<Scalar, Node | null>(node)) {
    for (const { key, value } of node.items) {
      const inner = schemaAt(schema, [String(isScalar(key) ? key.value : key)]);
      if (value && inner) readTexts(value, inner, text, line);
    }
  } else if (isSeq<Node>(node)) {
    const inner = schemaAt(schema, ['0']);
    if (inner) for (const item of node.items) if (!isAlias(item)) readTexts(item, inner, text, line);
  } else if (isScalar(node) && takesText(schema)) {
    const [start, end] = node.range ?? [0, 0];
    if (node.type === Scalar.PLAIN) {
      if (node.source) node.value = node.source;
      const [, cut] = /^[ \t]+(#[^\s#].*)/.exec(text.slice(end)) ?? [];
      if (cut === undefined) return;
      throw new UserError('It is not clear whether # begins a comment or belongs to the text.', {
        where: line(start),
        got: `${node.source} ${cut}`,
        fix: `put the text in quotes: '${node.source} ${cut.trimEnd()}'; or begin the comment with "# "`,
      });
    }
    if (node.type === Scalar.QUOTE_DOUBLE && [...String(node.value)].some((character) => character < ' ')) {
      throw new UserError('A text has characters that cannot be printed.', {
        where: line(start),
        got: text.slice(start, end),
        fix: `a backslash in double quotes begins an escape; take single ones: '${text.slice(start + 1, end - 1)}'`,
      });
    }
    // A text that stands below its key ends with a line break.
    if (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)
      node.value = String(node.value).replace(/\n$/, '');
  }
}

/** Texts that begin with `~/` are paths below the user's folder, which no shell expands within KEY=VALUE. */
function withHome(value: unknown): unknown {
  if (typeof value === 'string') return expandHome(value);
  if (Array.isArray(value)) return value.map(withHome);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withHome(inner)]));
}

/** A configuration that no file holds. */
function objectLayer(source: object): Layer {
  const values = structuredClone(source) as Record<string, unknown>;
  const name = 'the configuration given';
  return { file: name, values, place: (path) => (holds(values, path) ? name : undefined) };
}

/**
 * The layer of `--set KEY=VALUE` options. Where the schema takes a text the value is that text as it is written; else it is
 * YAML: numbers, true, [1, 2], {steps: 10}.
 */
function setsLayer(sets: readonly string[], json: JsonSchema): Layer {
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
    const text = set.slice(at + 1);
    assign(
      values,
      keys,
      takesText(schemaAt(json, keys)) ? text : parseValue(set, text, schemaAt(json, keys)),
    );
  }
  return { values, place: (path) => (holds(values, path) ? `--set ${path.join('.')}` : undefined) };
}

function parseValue(set: string, text: string, schema: JsonSchema | undefined): unknown {
  const document = parseDocument(text);
  requireSound(document, () => `--set ${set}`);
  if (document.contents && schema) readTexts(document.contents, schema, text, () => `--set ${set}`);
  return document.toJS();
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
