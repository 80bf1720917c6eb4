/** What a study compares: the keys of `configs/study/study.yaml`, and how one is read. */
import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { schemaFile } from '../config/document.ts';
import { jsonSchemaOf } from '../config/json-schema.ts';
import { readYaml } from '../config/load.ts';

const studySchema = z
  .strictObject({
    minutes: z
      .number()
      .gt(0)
      .describe('Minutes of training of each method, over all of its stages together.'),
    methods: z
      .array(z.string())
      .min(2)
      .describe(
        'Run configurations (relative to this file). The first is the method with l that is studied, the others are what it is compared with.',
      ),
    suite: z.string().describe('The evaluation suite (relative to this file).'),
    quality: z
      .string()
      .default('hed-perceptual')
      .describe('The metric of the suite that says how good results are; l is chosen by it.'),
    fidelity: z
      .string()
      .default('sketch-f')
      .describe('The metric of the suite that says how closely results follow the sketch that was given.'),
  })
  .describe('A study: methods that are trained for the same time and compared by d and l.');

export const studyJsonSchema = jsonSchemaOf(studySchema);

/** A study, the paths in it as they are from the working directory. */
export type Study = z.output<typeof studySchema>;

/**
 * Reads a study's file and `--set KEY=VALUE` options.
 *
 * @param source the file's path, or what it would hold; then the paths in it are relative to the working directory.
 * @throws UserError that lists every mistake with its file, line and key.
 */
export function readStudy(source: string | object, sets: readonly string[] = []): Study {
  const { values } = readYaml(source, sets, { schema: studySchema, json: studyJsonSchema });
  const folder = typeof source === 'string' ? dirname(source) : '.';
  const from = (path: string) => relative('.', resolve(folder, path));
  return { ...values, methods: values.methods.map(from), suite: from(values.suite) };
}

/** The file for editors that is made from the schema, as text by path. */
export function studyReferences(): Record<string, string> {
  return { 'configs/study/schema.json': schemaFile(studyJsonSchema) };
}
