import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configPage, schemaFile } from '../../src/config/document.ts';
import { formsOf, type JsonSchema } from '../../src/config/json-schema.ts';
import { suiteJsonSchema } from '../../src/eval/suite/suite.ts';
import { configSchemas } from '../../src/models/registry.ts';
import { studyJsonSchema, studyReferences } from '../../src/study/study-file.ts';

const remedy = 'run `npm run config-reference`';

it('configs/schema.json is current', () => {
  expect(readFileSync('configs/schema.json', 'utf8'), remedy).toBe(schemaFile(configSchemas().json));
});

it('docs/config.md is current', () => {
  expect(readFileSync('docs/config.md', 'utf8'), remedy).toBe(configPage(configSchemas().json));
});

it('configs/study/schema.json is current', () => {
  for (const [path, text] of Object.entries(studyReferences()))
    expect(readFileSync(path, 'utf8'), remedy).toBe(text);
});

/** Keys at and below a place that no description explains. */
function unexplained(schema: JsonSchema, path: string): string[] {
  return formsOf(schema).flatMap((form) => [
    ...Object.entries(form.properties ?? {}).flatMap(([key, value]) => [
      ...(value.description ? [] : [`${path}.${key}`]),
      ...unexplained(value, `${path}.${key}`),
    ]),
    ...(form.items ? unexplained(form.items, `${path}.N`) : []),
  ]);
}

it('every key is explained', () => {
  expect(unexplained(configSchemas().json, 'config')).toEqual([]);
  expect(unexplained(suiteJsonSchema, 'suite')).toEqual([]);
  expect(unexplained(studyJsonSchema, 'study')).toEqual([]);
});
