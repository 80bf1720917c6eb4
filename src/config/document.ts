/** References made from schemas: JSON Schemas for editors, and tables of keys to read. */
import { expectation, formsOf, type JsonSchema } from './json-schema.ts';

/** The text of a schema's file. Its groups are not required, as a file that extends another may lack them. */
export function schemaFile(schema: JsonSchema): string {
  return `${JSON.stringify(withoutRequired(schema), null, 2)}\n`;
}

function withoutRequired({ required, ...schema }: JsonSchema): JsonSchema {
  // Without what is required, a file may fit several methods.
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms) return { ...schema, oneOf: undefined, anyOf: forms.map(withoutRequired) };
  if (!schema.properties) return required ? { ...schema, required } : schema;
  const properties = Object.entries(schema.properties).map(([key, value]) => [key, withoutRequired(value)]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

/**
 * The text of `docs/config.md`: for each method a table of every key with its values, default and meaning.
 *
 * @param schema of the configurations of all methods.
 */
export function configPage(schema: JsonSchema): string {
  return [
    '# Configuration',
    '',
    'A config is a YAML file. `extends: other.yaml` starts from another file; `--set KEY=VALUE` changes single keys,',
    'for example `--set training.levels.0.batch=8` or `--set data.source.kind=folder --set data.source.path=photos`.',
    'A key that takes a text gets it as it is written: `--set "data.source.path=my photos #2"`, `path: 2024`; in a file a text with `: `, ` #` or',
    'a special first character stands in single quotes. All other values are YAML. `~/` is the user’s folder.',
    'Made from `src/config/run-config.ts` and `src/models/*/config.ts` by `npm run config-reference`.',
    '',
    ...formsOf(schema).flatMap((form) => [
      `## \`method: ${form.properties?.method?.const}\``,
      '',
      form.description ?? '',
      '',
      ...keyTable(form),
      '',
    ]),
  ].join('\n');
}

/** A table of every key of a schema, as lines of Markdown. */
export function keyTable(schema: JsonSchema): string[] {
  const rows = [...rowsOf('', schema)].map((cells) => `| ${cells.map(tableCell).join(' | ')} |`);
  return ['| Key | Values | Default | Meaning |', '| --- | --- | --- | --- |', ...rows];
}

function* rowsOf(path: string, schema: JsonSchema): Generator<string[]> {
  const dot = path ? `${path}.` : '';
  const forms = formsOf(schema);
  for (const form of forms) {
    for (const [key, value] of Object.entries(form.properties ?? {})) {
      const forms = formsOf(value);
      const label = `\`${dot}${key}\``;
      if (value.items?.properties) {
        yield [label, 'a list', '', value.description ?? ''];
        yield* rowsOf(`${dot}${key}.N`, value.items);
      } else if (forms.some((inner) => inner.properties) && !isDuration(value)) {
        if (value.description) yield [label, '', '', value.description];
        yield* rowsOf(`${dot}${key}`, value);
      } else {
        const fallback = value.default === undefined ? '' : `\`${JSON.stringify(value.default)}\``;
        yield [label, expectation(value), fallback, value.description ?? ''];
      }
    }
  }
  // Where a list may stand in place of one: what its items have besides.
  const listed = new Set(forms.flatMap((form) => Object.keys(form.properties ?? {})));
  for (const item of forms.flatMap((form) => (form.items ? formsOf(form.items) : []))) {
    for (const [key, value] of Object.entries(item.properties ?? {})) {
      if (listed.has(key)) continue;
      listed.add(key);
      yield [`\`${dot}N.${key}\``, expectation(value), '', value.description ?? ''];
    }
  }
}

function isDuration(schema: JsonSchema): boolean {
  return formsOf(schema).some((form) => form.properties?.epochs);
}

const tableCell = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
