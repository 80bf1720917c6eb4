/**
 * A reader of Python pickles, protocols 2 to 5, that builds plain data and nothing else: a name in the pickle stands for
 * what the {@link PickleVocabulary} says, or for nothing ({@link PickleOpaque}). https://docs.python.org/3/library/pickletools.html
 */
import type { UserError } from '../../runtime/errors.ts';
import type { FileBytes } from '../../runtime/files.ts';

const NEWEST_PROTOCOL = 5;
/** More than any state dict has. Without bounds, opcodes of one byte each could fill the memory from a large file. */
const MAX_CONTAINERS = 500_000;
const MAX_VALUES = 2_000_000;
const MAX_NAME = 200;

/** Reads one pickle up to its end. Throws a UserError when it is damaged, or holds what the vocabulary does not know. */
export function unpickle(input: PickleInput, vocabulary: PickleVocabulary): PickleValue {
  const machine = new Machine(input, vocabulary);
  for (;;) {
    const at = input.position;
    const opcode = input.uint8();
    if (opcode === STOP) return machine.pop();
    const run = OPCODES[opcode];
    if (!run)
      throw input.file.damaged(
        'a pickle of protocol 2 to 5 that holds weights',
        `the opcode ${opcode} at ${at}`,
      );
    run(machine);
  }
}

class Machine {
  readonly input: PickleInput;
  readonly vocabulary: PickleVocabulary;
  readonly #memo = new Map<number, PickleValue>();
  #stack: PickleValue[] = [];
  /** For each mark that is still open, the stack as it was when the mark was set. */
  readonly #below: PickleValue[][] = [];
  #containers = 0;
  #values = 0;

  constructor(input: PickleInput, vocabulary: PickleVocabulary) {
    this.input = input;
    this.vocabulary = vocabulary;
  }

  push(value: PickleValue): void {
    this.#values += 1;
    if (this.#values > MAX_VALUES) throw this.wrong(`at most ${MAX_VALUES} values`, 'more');
    if (typeof value === 'object' && value !== null) this.#countContainer();
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.wrong('a value', 'an empty stack');
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.wrong('a value', 'an empty stack');
    return value;
  }

  mark(): void {
    this.#countContainer();
    this.#below.push(this.#stack);
    this.#stack = [];
  }

  /** Removes the last mark, and gives the values that were pushed since. */
  popMark(): PickleValue[] {
    const values = this.#stack;
    const below = this.#below.pop();
    if (!below) throw this.wrong('a mark', 'none');
    this.#stack = below;
    return values;
  }

  popTuple(): readonly PickleValue[] {
    const value = this.pop();
    if (!(value instanceof PickleTuple)) throw this.wrong('a tuple', describe(value));
    return value.items;
  }

  popText(): string {
    const value = this.pop();
    if (typeof value !== 'string') throw this.wrong('a name', describe(value));
    return value;
  }

  /** Remembers the topmost value, by default under the next number. */
  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
    if (this.#memo.size > MAX_VALUES) throw this.wrong(`at most ${MAX_VALUES} remembered values`, 'more');
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.wrong(`a value remembered as ${index}`, 'none');
    this.push(value);
  }

  pushTuple(count: number): void {
    const items: PickleValue[] = [];
    for (let i = 0; i < count; i++) items.unshift(this.pop());
    this.push(new PickleTuple(items));
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (list instanceof PickleOpaque) return;
    if (!Array.isArray(list)) throw this.wrong('a list', describe(list));
    for (const value of values) list.push(value);
  }

  setItems(values: readonly PickleValue[]): void {
    const dictionary = this.top();
    if (dictionary instanceof PickleOpaque) return;
    if (!(dictionary instanceof Map)) throw this.wrong('a dictionary', describe(dictionary));
    if (values.length % 2 !== 0) throw this.wrong('keys with values', `${values.length} items`);
    for (let i = 0; i < values.length; i += 2) dictionary.set(values[i], values[i + 1]);
  }

  /** Calls a name of the vocabulary. */
  reduce(): void {
    const args = this.popTuple();
    const callee = this.pop();
    if (!(callee instanceof PickleFunction)) throw this.wrong('a function', describe(callee));
    this.push(callee.call(args));
  }

  /** Drops the attributes of an object. Those of a state dict are the versions of its modules, which nothing here needs. */
  build(): void {
    this.pop();
    const target = this.top();
    if (!(target instanceof Map || target instanceof PickleOpaque))
      throw this.wrong('a dictionary', describe(target));
  }

  wrong(expected: string, got: string): UserError {
    return this.input.file.damaged(`${expected} before offset ${this.input.position} of the pickle`, got);
  }

  #countContainer(): void {
    this.#containers += 1;
    if (this.#containers > MAX_CONTAINERS)
      throw this.wrong(`at most ${MAX_CONTAINERS} lists, tuples and dictionaries`, 'more');
  }
}

const STOP = 0x2e;

type Opcode = (machine: Machine) => void;

const literal =
  (make: () => PickleValue): Opcode =>
  (machine) =>
    machine.push(make());
const read =
  (from: (input: PickleInput) => PickleValue): Opcode =>
  (machine) =>
    machine.push(from(machine.input));

/** By opcode. Those that only protocols 0 and 1 use are left out, and those for buffers outside the pickle. */
const OPCODES: Readonly<Record<number, Opcode>> = {
  128: ({ input }) => {
    const protocol = input.uint8();
    if (protocol > NEWEST_PROTOCOL)
      throw input.file.damaged('a pickle of protocol 2 to 5', `protocol ${protocol}`);
  },
  // FRAME: the number of bytes that follow in one piece. It serves streams; a file needs no such hint.
  149: ({ input }) => void input.uint64(),
  [code('(')]: (machine) => machine.mark(),
  [code('0')]: (machine) => void machine.pop(),
  [code('1')]: (machine) => void machine.popMark(),
  [code('2')]: (machine) => machine.push(machine.top()),

  [code('N')]: literal(() => null),
  136: literal(() => true),
  137: literal(() => false),
  [code('J')]: read((input) => input.int32()),
  [code('K')]: read((input) => input.uint8()),
  [code('M')]: read((input) => input.uint16()),
  138: read((input) => input.integer(input.uint8())),
  139: read((input) => input.integer(input.uint32())),
  [code('G')]: read((input) => input.float64()),

  // Texts: of Python 3, and byte strings of Python 2.
  [code('X')]: read((input) => input.text(input.uint32())),
  140: read((input) => input.text(input.uint8())),
  141: read((input) => input.text(input.uint64())),
  [code('T')]: read((input) => input.text(input.uint32())),
  [code('U')]: read((input) => input.text(input.uint8())),
  [code('B')]: read((input) => Uint8Array.from(input.take(input.uint32()))),
  [code('C')]: read((input) => Uint8Array.from(input.take(input.uint8()))),
  142: read((input) => Uint8Array.from(input.take(input.uint64()))),
  150: read((input) => Uint8Array.from(input.take(input.uint64()))),

  [code(']')]: literal(() => []),
  [code('a')]: (machine) => {
    const value = machine.pop();
    machine.append([value]);
  },
  [code('e')]: (machine) => machine.append(machine.popMark()),
  [code(')')]: literal(() => new PickleTuple([])),
  133: (machine) => machine.pushTuple(1),
  134: (machine) => machine.pushTuple(2),
  135: (machine) => machine.pushTuple(3),
  [code('t')]: (machine) => machine.push(new PickleTuple(machine.popMark())),
  [code('}')]: literal(() => new Map()),
  [code('s')]: (machine) => {
    const value = machine.pop();
    const key = machine.pop();
    machine.setItems([key, value]);
  },
  [code('u')]: (machine) => machine.setItems(machine.popMark()),
  // Sets are kept as lists and tuples.
  143: literal(() => []),
  144: (machine) => machine.append(machine.popMark()),
  145: (machine) => machine.push(new PickleTuple(machine.popMark())),

  [code('q')]: (machine) => machine.remember(machine.input.uint8()),
  [code('r')]: (machine) => machine.remember(machine.input.uint32()),
  148: (machine) => machine.remember(),
  [code('h')]: (machine) => machine.recall(machine.input.uint8()),
  [code('j')]: (machine) => machine.recall(machine.input.uint32()),

  [code('c')]: (machine) => {
    const module = machine.input.line(MAX_NAME);
    machine.push(machine.vocabulary.global(module, machine.input.line(MAX_NAME)));
  },
  147: (machine) => {
    const name = machine.popText();
    machine.push(machine.vocabulary.global(machine.popText(), name));
  },
  [code('R')]: (machine) => machine.reduce(),
  129: (machine) => machine.reduce(),
  // NEWOBJ_EX: with arguments by name.
  146: (machine) => {
    machine.pop();
    machine.reduce();
  },
  [code('b')]: (machine) => machine.build(),
  [code('Q')]: (machine) => machine.push(machine.vocabulary.persistent(machine.pop())),
};

function code(character: string): number {
  return character.charCodeAt(0);
}

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

/** What a name in a pickle stands for, or what calling it gives. */
export abstract class PickleObject {
  /** A few words for error messages. */
  abstract readonly description: string;
}

/** A name that a pickle may call. The call runs code of this program, never code of the file. */
export class PickleFunction extends PickleObject {
  readonly description: string;
  readonly call: (args: readonly PickleValue[]) => PickleValue;

  constructor(description: string, call: (args: readonly PickleValue[]) => PickleValue) {
    super();
    this.description = description;
    this.call = call;
  }
}

/**
 * A name that is not known, and whatever calling it or filling what it gives would make: nothing of it is run or kept, so
 * that what stands beside it in the file can be read.
 */
export class PickleOpaque extends PickleFunction {
  constructor(description: string) {
    super(description, () => new PickleOpaque(description));
  }
}

/** The names and persistent ids that a kind of pickle knows. */
export interface PickleVocabulary {
  /** What a global name such as `collections.OrderedDict` stands for. */
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

/** How much is read from the file at once, bytes. */
const WINDOW = 2 ** 16;
const MAX_INTEGER_BYTES = 64;

/** The bytes of one pickle, read from a file front to back in small pieces. */
export class PickleInput {
  readonly file: FileBytes;
  readonly #end: number;
  #window = Buffer.alloc(0);
  /** Offset of the window in the file. */
  #start: number;
  /** Of the next byte, within the window. */
  #at = 0;

  /** @param end offset in the file before which the pickle ends. */
  constructor(file: FileBytes, start: number, end: number) {
    this.file = file;
    this.#start = start;
    this.#end = end;
  }

  /** Offset in the file of the byte that comes next. */
  get position(): number {
    return this.#start + this.#at;
  }

  /** Moves on by `length` bytes. They stay as they are until the next call. Throws a UserError beyond the end. */
  take(length: number): Buffer {
    if (this.#at + length > this.#window.length) {
      const { position } = this;
      const left = this.#end - position;
      if (length > left)
        throw this.file.damaged(`${length} bytes at offset ${position}`, `the pickle’s end after ${left}`);
      const { buffer } = this.file.read(position, Math.min(left, Math.max(length, WINDOW)));
      this.#window = Buffer.from(buffer);
      this.#start = position;
      this.#at = 0;
    }
    this.#at += length;
    return this.#window.subarray(this.#at - length, this.#at);
  }

  uint8(): number {
    return this.take(1)[0];
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  /** Eight bytes, little-endian; lengths of 2^53 and more are beyond any file, so that rounding does no harm. */
  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  /** Eight bytes, big-endian, as pickles hold floating-point numbers. */
  float64(): number {
    return this.take(8).readDoubleBE();
  }

  /** Two's complement, little-endian; a bigint where a number is not exact. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES)
      throw this.file.damaged(
        `an integer of at most ${MAX_INTEGER_BYTES} bytes`,
        `${length} at ${this.position}`,
      );
    const digits = this.take(length).toReversed();
    const value = BigInt.asIntN(8 * length, BigInt(`0x0${Buffer.from(digits).toString('hex')}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  text(length: number): string {
    return this.take(length).toString('utf8');
  }

  /** Up to the next line feed, which is left out. */
  line(limit: number): string {
    let text = '';
    for (let byte = this.uint8(); byte !== 0x0a; byte = this.uint8()) {
      text += String.fromCharCode(byte);
      if (text.length > limit)
        throw this.file.damaged(`a line of at most ${limit} characters`, `a longer one at ${this.position}`);
    }
    return text;
  }
}
