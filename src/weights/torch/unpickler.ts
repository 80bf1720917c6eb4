/**
 * A reader of Python pickles, protocols 2 to 5, that builds plain data and nothing else: a name in the pickle stands for
 * what the {@link PickleVocabulary} says, or is refused. https://docs.python.org/3/library/pickletools.html
 */
import type { UserError } from '../../runtime/errors.ts';
import type { PickleInput } from './pickle-input.ts';
import {
  describe,
  PickleFunction,
  PickleTuple,
  type PickleValue,
  type PickleVocabulary,
} from './pickle-values.ts';

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
  /** Stacks below the open marks. */
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

  /** The values since the last mark, which is gone then. */
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
    if (!Array.isArray(list)) throw this.wrong('a list', describe(list));
    for (const value of values) list.push(value);
  }

  setItems(values: readonly PickleValue[]): void {
    const dictionary = this.top();
    if (!(dictionary instanceof Map)) throw this.wrong('a dictionary', describe(dictionary));
    if (values.length % 2 !== 0) throw this.wrong('keys with values', `${values.length} items`);
    for (let i = 0; i < values.length; i += 2) dictionary.set(values[i]!, values[i + 1]!);
  }

  /** Calls a name of the vocabulary. */
  reduce(): void {
    const args = this.popTuple();
    const callee = this.pop();
    if (!(callee instanceof PickleFunction)) throw this.wrong('a function', describe(callee));
    this.push(callee.call(args));
  }

  /** What an object holds besides its content: of a state dict the versions of its modules, which nothing here needs. */
  build(): void {
    this.pop();
    const target = this.top();
    if (!(target instanceof Map)) throw this.wrong('a dictionary', describe(target));
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
  // FRAME: how many bytes come together, which a file need not know.
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
  [code('b')]: (machine) => machine.build(),
  [code('Q')]: (machine) => machine.push(machine.vocabulary.persistent(machine.pop())),
};

function code(character: string): number {
  return character.charCodeAt(0);
}
