/** What a pickle is made of here. Python's dictionaries are Maps, its lists arrays; byte strings are read as UTF-8. */

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | Map<PickleValue, PickleValue>
  | PickleObject;

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** Whatever the names in a pickle stand for, or what calling them gives. */
export abstract class PickleObject {
  /** For messages. */
  abstract readonly description: string;
}

/** A name that a pickle may call; what happens then is our code alone. */
export class PickleFunction extends PickleObject {
  readonly description: string;
  readonly call: (args: readonly PickleValue[]) => PickleValue;

  constructor(description: string, call: (args: readonly PickleValue[]) => PickleValue) {
    super();
    this.description = description;
    this.call = call;
  }
}

/** The names and persistent ids that a kind of pickle knows. */
export interface PickleVocabulary {
  /** What a global name such as `collections.OrderedDict` stands for; throws a UserError for names it does not know. */
  global(module: string, name: string): PickleValue;
  /** What a persistent id stands for; throws a UserError for ids it does not know. */
  persistent(id: PickleValue): PickleValue;
}

/** A value in few words, for messages. */
export function describe(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (value instanceof PickleObject) return value.description;
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof Map) return `a dictionary of ${value.size}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return String(value);
}
