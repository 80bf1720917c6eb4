/**
 * What the pickle in a file of PyTorch's describes: tensors, which are views of storages whose bytes lie elsewhere in the
 * file. The names that it may use for them are listed here; what other names would make is left out, and nothing of it is run.
 */
import { UserError } from '../../runtime/errors.ts';
import type { FileBytes } from '../../runtime/files.ts';
import { widenBfloat16, widenFloat8E4M3, widenFloat8E5M2, widenFloat16 } from '../float16.ts';
import {
  describe,
  PickleFunction,
  PickleObject,
  PickleOpaque,
  PickleTuple,
  type PickleValue,
  type PickleVocabulary,
} from './pickle.ts';

/** So many names that are not known are remembered, for messages. */
const MAX_UNKNOWN = 100;
/** The most entries that all dictionaries made from lists may have together. */
const MAX_COPIED = 500_000;

/** A name that stands for nothing but itself, for example `torch.float32`. */
class Name extends PickleObject {
  readonly description: string;

  constructor(description: string) {
    super();
    this.description = description;
  }
}

class StorageClass extends PickleObject {
  readonly description: string;
  readonly type: ElementType;

  constructor(name: string, type: ElementType) {
    super();
    this.description = `torch.${name}`;
    this.type = type;
  }
}

export class TorchVocabulary implements PickleVocabulary {
  /** Every storage that was named, by its key. */
  readonly storages = new Map<string, StorageView>();
  /** The names that are not known, as Python writes them. */
  readonly unknown = new Set<string>();
  readonly #file: FileBytes;
  readonly #names: ReadonlyMap<string, PickleValue>;
  #copied = 0;

  constructor(file: FileBytes) {
    this.#file = file;
    const functions: [string, (args: readonly PickleValue[]) => PickleValue][] = [
      ['collections.OrderedDict', (args) => this.#dictionary(args)],
      ['collections.defaultdict', () => new Map()],
      ['torch._utils._rebuild_tensor', (args) => this.#tensor(args)],
      ['torch._utils._rebuild_tensor_v2', (args) => this.#tensor(args)],
      ['torch._utils._rebuild_tensor_v3', (args) => this.#typedTensor(args)],
      ['torch._tensor._rebuild_from_type_v2', ([rebuild, , args]) => this.#rebuild(rebuild, args)],
      ['torch._utils._rebuild_parameter', (args) => this.#parameter(args)],
      ['torch._utils._rebuild_parameter_with_state', (args) => this.#parameter(args)],
      ['torch.Size', ([sizes]) => new PickleTuple(this.#itemsOf(sizes))],
      ['torch.device', ([kind]) => kind ?? null],
    ];
    this.#names = new Map<string, PickleValue>([
      ...functions.map(([name, call]) => [name, new PickleFunction(name, call)] as const),
      ...[...ELEMENT_TYPES].map(([name, type]) => [`torch.${name}`, new StorageClass(name, type)] as const),
      ['torch.storage.UntypedStorage', new StorageClass('UntypedStorage', BYTE)],
      ...[...ELEMENT_TYPES.values(), ...TYPES_WITHOUT_STORAGE.values()].map(
        ({ name }) => [`torch.${name}`, new Name(`torch.${name}`)] as const,
      ),
    ]);
  }

  global(module: string, name: string): PickleValue {
    const known = this.#names.get(`${module}.${name}`);
    if (known !== undefined) return known;
    const full = `${printable(module)}.${printable(name)}`;
    if (this.unknown.size < MAX_UNKNOWN) this.unknown.add(full);
    return new PickleOpaque(`an object of Python's ${full}`);
  }

  /** `('storage', class, key, device, elements)`, in the legacy form with a view `(key, offset, elements)` or None. */
  persistent(id: PickleValue): PickleValue {
    const [kind, storage, key, , length, view] = this.#itemsOf(id);
    if (kind === 'module') return this.global('torch.nn', 'Module');
    if (kind !== 'storage' || !(storage instanceof StorageClass) || typeof key !== 'string')
      throw this.#wrong('a storage’s id', [kind, storage, key].map(describe).join(', '));
    const wholeLength = this.#size(length);
    const [offset, viewed] = view
      ? this.#itemsOf(view)
          .slice(1)
          .map((item) => this.#size(item))
      : [0, wholeLength];
    if (offset === undefined || viewed === undefined || offset + viewed > wholeLength)
      throw this.#wrong(`a view within storage ${printable(key)}`, describe(view));
    const found = new StorageView({ key, type: storage.type, wholeLength, offset, length: viewed });
    const known = this.storages.get(key);
    if (known && (known.type !== found.type || known.wholeLength !== wholeLength))
      throw this.#wrong(`one type and length for storage ${printable(key)}`, 'two');
    this.storages.set(key, found);
    return found;
  }

  /** Python 3 fills its ordered dictionaries afterwards, Python 2 makes them from a list of [key, value]. */
  #dictionary([entries]: readonly PickleValue[]): PickleValue {
    const dictionary = new Map<PickleValue, PickleValue>();
    if (entries === undefined) return dictionary;
    const items = this.#itemsOf(entries);
    this.#copied += items.length;
    if (this.#copied > MAX_COPIED) throw this.#wrong(`at most ${MAX_COPIED} entries`, 'more');
    for (const item of items) {
      const [key, value] = this.#itemsOf(item);
      if (key === undefined || value === undefined) throw this.#wrong('a key with its value', describe(item));
      dictionary.set(key, value);
    }
    return dictionary;
  }

  /** `(storage, offset, shape, strides, ...)`; whether it needs a gradient and the like is of no use here. */
  #tensor([storage, offset, shape, strides]: readonly PickleValue[]): PickleValue {
    if (!(storage instanceof StorageView)) throw this.#wrong('a tensor’s storage', describe(storage));
    const sizes = (value: PickleValue | undefined) => this.#itemsOf(value).map((item) => this.#size(item));
    const view = [this.#size(offset), sizes(shape), sizes(strides)] as const;
    try {
      return new TensorView(storage, ...view);
    } catch (error) {
      throw this.#wrong('a tensor within its storage', (error as Error).message);
    }
  }

  /** As {@link #tensor}, of a storage of bytes; the type comes last. Newer types have no storage class of their own. */
  #typedTensor([storage, offset, shape, strides, , , type]: readonly PickleValue[]): PickleValue {
    if (!(storage instanceof StorageView)) throw this.#wrong('a tensor’s storage', describe(storage));
    const name = type instanceof Name ? type.description.replace('torch.', '') : '';
    const known =
      TYPES_WITHOUT_STORAGE.get(name) ?? [...ELEMENT_TYPES.values()].find((one) => one.name === name);
    if (!known) throw this.#wrong('a type of elements that is known', describe(type));
    const { key, length } = storage;
    const elements = Math.floor(length / known.bytes);
    if (storage.offset !== 0) throw this.#wrong('a whole storage', `a view of ${printable(key)}`);
    const typed = new StorageView({ key, type: known, wholeLength: elements, offset: 0, length: elements });
    return this.#tensor([typed, offset, shape, strides]);
  }

  /** A tensor of a class of its own, by the function that rebuilds a plain one. */
  #rebuild(rebuild: PickleValue | undefined, args: PickleValue | undefined): PickleValue {
    if (rebuild instanceof PickleFunction) return rebuild.call(this.#itemsOf(args));
    throw this.#wrong('a function', describe(rebuild));
  }

  #parameter([tensor]: readonly PickleValue[]): PickleValue {
    if (tensor instanceof TensorView) return tensor;
    throw this.#wrong('a parameter’s tensor', describe(tensor));
  }

  #itemsOf(value: PickleValue | undefined): readonly PickleValue[] {
    if (value instanceof PickleTuple) return value.items;
    if (Array.isArray(value)) return value;
    throw this.#wrong('a tuple or list', describe(value));
  }

  #size(value: PickleValue | undefined): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#wrong('a whole number, not negative', describe(value));
  }

  #wrong(expected: string, got: string): UserError {
    return this.#file.damaged(expected, got);
  }
}

/** Text from a file, shortened and escaped for an error message. */
const printable = (text: string): string => JSON.stringify(text.slice(0, 80)).slice(1, -1);

const MAX_DIMENSIONS = 64;

/** A storage, or a view of consecutive elements of it. */
export class StorageView extends PickleObject {
  readonly description = 'a storage';
  readonly key: string;
  readonly type: ElementType;
  /** Elements of the whole storage. */
  readonly wholeLength: number;
  /** First element of the view. */
  readonly offset: number;
  readonly length: number;

  constructor(options: {
    key: string;
    type: ElementType;
    wholeLength: number;
    offset: number;
    length: number;
  }) {
    super();
    this.key = options.key;
    this.type = options.type;
    this.wholeLength = options.wholeLength;
    this.offset = options.offset;
    this.length = options.length;
  }
}

/** A tensor: a view, by offset and strides, of a storage. */
export class TensorView extends PickleObject {
  readonly description: string;
  readonly storage: StorageView;
  readonly shape: readonly number[];
  readonly #offset: number;
  readonly #strides: readonly number[];
  /** The number of the storage's elements from the view's first to its last, with those that the strides skip. */
  readonly #span: number;

  /** Throws a RangeError when the view reaches beyond its storage; all numbers are whole and not negative. */
  constructor(storage: StorageView, offset: number, shape: readonly number[], strides: readonly number[]) {
    super();
    if (shape.length !== strides.length || shape.length > MAX_DIMENSIONS)
      throw new RangeError(`shape [${shape.slice(0, 9)}] with strides [${strides.slice(0, 9)}]`);
    const isEmpty = shape.includes(0);
    const last = shape.reduce((sum, side, i) => sum + (side - 1) * strides[i], 0);
    this.storage = storage;
    this.shape = shape;
    this.#offset = offset;
    this.#strides = strides;
    this.#span = isEmpty ? 0 : last + 1;
    this.description = `a tensor [${shape}]`;
    if (!(offset + this.#span <= storage.length))
      throw new RangeError(
        `shape [${shape}], strides [${strides}], offset ${offset} in ${storage.length} elements`,
      );
  }

  /**
   * The elements, row-major.
   *
   * @param start offset in the file of the whole storage's first byte.
   * @throws UserError when there are more of them than the file has bytes, as an expanded tensor can have.
   */
  read(file: FileBytes, start: number, bigEndian: boolean): TensorValues {
    const { type } = this.storage;
    const count = this.shape.reduce((product, side) => product * side, 1);
    if (!(count <= file.size)) {
      throw new UserError('A tensor is too large for its file.', {
        where: file.path,
        expected: `at most ${file.size} elements, the file’s size`,
        got: `shape [${this.shape}]`,
        fix: 'save the tensor without views: tensor.contiguous().clone()',
      });
    }
    const first = this.storage.offset + this.#offset;
    const bytes = file.read(start + first * type.bytes, this.#span * type.bytes);
    if (bigEndian) swap(bytes, type.bytes);
    const values = type.decode(bytes.buffer);
    return this.#isContiguous() ? values : this.#gather(values, count);
  }

  #isContiguous(): boolean {
    let stride = 1;
    for (let i = this.shape.length - 1; i >= 0; i--) {
      if (this.shape[i] === 1) continue;
      if (this.#strides[i] !== stride) return this.shape.includes(0);
      stride *= this.shape[i];
    }
    return true;
  }

  #gather(values: TensorValues, count: number): TensorValues {
    const { shape } = this;
    const gathered = values instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
    const index = shape.map(() => 0);
    let from = 0;
    for (let to = 0; to < count; to++) {
      gathered[to] = values[from];
      // Counts like an odometer: the last index grows; where it is at its end it becomes 0 and the one before it grows.
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        index[axis] += 1;
        from += this.#strides[axis];
        if (index[axis] < shape[axis]) break;
        from -= index[axis] * this.#strides[axis];
        index[axis] = 0;
      }
    }
    return gathered;
  }
}

function swap(bytes: Uint8Array, width: ElementType['bytes']): void {
  const buffer = Buffer.from(bytes.buffer);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}

/** Floating-point elements become single precision; integers and booleans numbers. */
export type TensorValues = Float32Array | Float64Array;

export interface ElementType {
  /** As PyTorch prints it, without `torch.`. */
  readonly name: string;
  readonly bytes: 1 | 2 | 4 | 8;
  /** The elements in little-endian bytes. It may keep the buffer as its own. */
  decode(bytes: ArrayBuffer): TensorValues;
}

const type = (name: string, bytes: ElementType['bytes'], decode: ElementType['decode']): ElementType => ({
  name,
  bytes,
  decode,
});

/** By the name of the storage class in the module `torch`. */
const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['FloatStorage', type('float32', 4, (bytes) => new Float32Array(bytes))],
  ['DoubleStorage', type('float64', 8, (bytes) => Float32Array.from(new Float64Array(bytes)))],
  ['HalfStorage', type('float16', 2, (bytes) => widenFloat16(new Uint16Array(bytes)))],
  ['BFloat16Storage', type('bfloat16', 2, (bytes) => widenBfloat16(new Uint16Array(bytes)))],
  ['LongStorage', type('int64', 8, (bytes) => Float64Array.from(new BigInt64Array(bytes), Number))],
  ['IntStorage', type('int32', 4, (bytes) => Float64Array.from(new Int32Array(bytes)))],
  ['ShortStorage', type('int16', 2, (bytes) => Float64Array.from(new Int16Array(bytes)))],
  ['CharStorage', type('int8', 1, (bytes) => Float64Array.from(new Int8Array(bytes)))],
  ['ByteStorage', type('uint8', 1, (bytes) => Float64Array.from(new Uint8Array(bytes)))],
  [
    'BoolStorage',
    type('bool', 1, (bytes) => Float64Array.from(new Uint8Array(bytes), (value) => value && 1)),
  ],
]);

const BYTE = type('uint8', 1, (bytes) => Float64Array.from(new Uint8Array(bytes)));

/** Types whose tensors are kept in storages of bytes, by their names. */
const TYPES_WITHOUT_STORAGE: ReadonlyMap<string, ElementType> = new Map(
  [
    type('float8_e4m3fn', 1, (bytes) => widenFloat8E4M3(new Uint8Array(bytes))),
    type('float8_e5m2', 1, (bytes) => widenFloat8E5M2(new Uint8Array(bytes))),
    type('uint16', 2, (bytes) => Float64Array.from(new Uint16Array(bytes))),
    type('uint32', 4, (bytes) => Float64Array.from(new Uint32Array(bytes))),
    type('uint64', 8, (bytes) => Float64Array.from(new BigUint64Array(bytes), Number)),
  ].map((one) => [one.name, one]),
);

/** Each pickle ends before so many bytes; a hundred thousand tensors need less. */
export const MAX_PICKLE_BYTES = 2 ** 25;

/** What a file of the old or the zip form holds: the unpickled object, and where its storages' bytes are. */
export interface TorchContent {
  readonly value: PickleValue;
  /** Offset in the file of a storage's first byte, by its key. */
  readonly starts: ReadonlyMap<string, number>;
  readonly bigEndian: boolean;
  /** Names of Python in it that are not known here. */
  readonly unknown: ReadonlySet<string>;
}
