/**
 * JSON Schemas, for editors, and what the rest of this folder asks of them: which keys there are at a place, which form of a union a value means, and how to say what is expected.
 */
import { z } from 'zod';

/** The part of JSON Schema that the configuration needs. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly type?: string;
  readonly description?: string;
  /** The name that this key had earlier (not of JSON Schema, but of a zod schema's `meta`). */
  readonly formerly?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[] | undefined;
}

export type Path = readonly PropertyKey[];

/** The schema of a file that is read, as JSON Schema (draft 2020-12). */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;

/** The forms of a union, those of unions within it as well, or the schema itself as its only form. */
export function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.oneOf ?? schema.anyOf)?.flatMap(formsOf) ?? [schema];
}

/**
 * Of a union, the form that an object means: the one whose fixed values (such as `kind`) it has, or else the one
 * that knows its keys. Undefined when no form fits.
 */
export function formFor(schema: JsonSchema, value: Record<string, unknown>): JsonSchema | undefined {
  const forms = formsOf(schema).filter((form) => form.properties);
  const fixed = (form: JsonSchema) =>
    Object.entries(form.properties ?? {}).filter(([, s]) => s.const !== undefined && s.default === undefined);
  const named = forms.filter((form) => fixed(form).some(([key]) => Object.hasOwn(value, key)));
  if (named.length > 0) return named.find((form) => fixed(form).every(([key, s]) => value[key] === s.const));
  return forms.find((form) => Object.keys(value).every((key) => Object.hasOwn(form.properties ?? {}, key)));
}

/** The schema of one key or index of `value`. */
export function childSchema(schema: JsonSchema, value: unknown, key: PropertyKey): JsonSchema | undefined {
  if (typeof key === 'number') {
    const list = formsOf(schema).find((form) => form.prefixItems ?? form.items);
    return list?.prefixItems?.[key] ?? list?.items;
  }
  const form = isMapping(value) ? formFor(schema, value) : undefined;
  const found = (form ? [form] : formsOf(schema)).flatMap(({ properties = {} }) =>
    Object.hasOwn(properties, key) ? [properties[key as string]] : [],
  );
  return found.length > 1 ? { anyOf: found } : found[0];
}

/** The schema of what a path leads to, in whichever forms have it. */
export function schemaAt(schema: JsonSchema, path: readonly string[]): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>(
    (inner, key) => inner && childSchema(inner, undefined, /^\d+$/.test(key) ? Number(key) : key),
    schema,
  );
}

/** Whether a value at this place can be nothing but a text, whichever it is. */
export function takesText(schema: JsonSchema | undefined): boolean {
  return (
    schema !== undefined &&
    formsOf(schema).every((form) => form.type === 'string' && form.const === undefined && !form.enum)
  );
}

/** The keys that an object at this place can have. */
export function keysAt(schema: JsonSchema, value: unknown): string[] {
  const form = isMapping(value) ? formFor(schema, value) : undefined;
  const forms = form ? [form] : formsOf(schema);
  return [...new Set(forms.flatMap((candidate) => Object.keys(candidate.properties ?? {})))];
}

/** What a value of this schema is, in words: `a whole number from 1 to 64`, `one of "edit", "synthesis"`. */
export function expectation(schema: JsonSchema): string {
  if (schema.oneOf || schema.anyOf) {
    const forms = formsOf(schema);
    if (forms.every((form) => form.const !== undefined)) return oneOf(forms.map((form) => form.const));
    return forms.map(expectation).join(' or ');
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return oneOf(schema.enum);
  switch (schema.type) {
    case 'integer':
      return `a ${schema.multipleOf ? `multiple of ${schema.multipleOf}` : 'whole number'}${range(schema)}`;
    case 'number':
      return `a number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return listExpectation(schema);
    case 'object':
      return `{${Object.keys(schema.properties ?? {})
        .map((key) => (schema.required?.includes(key) ? key : `${key}?`))
        .join(', ')}}`;
    default:
      return schema.pattern ? `a text that matches ${schema.pattern}` : 'a text that is not empty';
  }
}

function listExpectation(schema: JsonSchema): string {
  if (schema.prefixItems)
    return `a list of ${schema.prefixItems.length}: ${schema.prefixItems.map(expectation).join(', ')}`;
  return `a list${schema.minItems ? ', not empty,' : ''} of: ${expectation(schema.items ?? {})}`;
}

function range(schema: JsonSchema): string {
  const low = schema.exclusiveMinimum ?? schema.minimum;
  const high = schema.exclusiveMaximum ?? schema.maximum;
  const parts: string[] = [];
  if (low !== undefined)
    parts.push(schema.exclusiveMinimum === undefined ? `at least ${low}` : `above ${low}`);
  if (high !== undefined && high < Number.MAX_SAFE_INTEGER) {
    parts.push(schema.exclusiveMaximum === undefined ? `at most ${high}` : `below ${high}`);
  }
  return parts.length > 0 ? `, ${parts.join(' and ')}` : '';
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1
    ? JSON.stringify(values[0])
    : `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
