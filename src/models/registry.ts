/** The methods that there are. Adding one is adding a folder and a line here; from outside, {@link registerMethod}. */
import { z } from 'zod';
import { type JsonSchema, jsonSchemaOf } from '../config/json-schema.ts';
import type { RunConfig } from '../config/run-config.ts';
import type { MethodDefinition } from '../core/define-method.ts';
import type { Method } from '../core/method.ts';

const folders: readonly { readonly method: MethodDefinition }[] = [
  await import('./dps/index.ts'),
  await import('./pix2pix/index.ts'),
  await import('./pconv/index.ts'),
  await import('./deepfill/index.ts'),
  await import('./scfegan/index.ts'),
];

const methods = new Map<string, MethodDefinition>();
let schemas: { readonly zod: z.ZodType<RunConfig>; readonly json: JsonSchema } | undefined;

for (const { method } of folders) registerMethod(method);

/** Makes a method known to configurations, checkpoints and commands. Throws when its name is taken. */
export function registerMethod(definition: MethodDefinition): void {
  const { name } = definition;
  if (methods.has(name)) throw new Error(`There is a method ${name} already.`);
  methods.set(name, definition);
  schemas = undefined;
}

export const methodNames = (): string[] => [...methods.keys()];
export const allMethods = (): MethodDefinition[] => [...methods.values()];

/** The schema of the configurations of all methods, which their key `method` tells apart. */
export function configSchemas(): { readonly zod: z.ZodType<RunConfig>; readonly json: JsonSchema } {
  if (!schemas) {
    const options = allMethods().map(({ schema }) => schema) as unknown as [z.ZodObject, ...z.ZodObject[]];
    const zod = z.discriminatedUnion('method', options) as unknown as z.ZodType<RunConfig>;
    schemas = { zod, json: jsonSchemaOf(zod) };
  }
  return schemas;
}

/** The definition of a configuration's method. */
export function definitionOf({ method }: Pick<RunConfig, 'method'>): MethodDefinition {
  const definition = methods.get(method);
  if (!definition) throw new Error(`There is no method ${method}.`);
  return definition;
}

/** Builds the method that a configuration names, its networks initialised from the seed. */
export function createMethod(config: RunConfig): Method {
  return definitionOf(config).create(config);
}
