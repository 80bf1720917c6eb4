/** The names that PyTorch's state dicts are made of. Every other name is refused before anything comes of it. */
import { UserError } from '../../runtime/errors.ts';
import type { FileBytes } from '../../runtime/file-bytes.ts';
import { ELEMENT_TYPES, type ElementType } from './element-type.ts';
import {
  describe,
  PickleFunction,
  PickleObject,
  PickleTuple,
  type PickleValue,
  type PickleVocabulary,
} from './pickle-values.ts';
import { StorageView, TensorView } from './tensor.ts';

/** Entries of dictionaries that are made from lists, in all. */
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
  readonly #file: FileBytes;
  readonly #names: ReadonlyMap<string, PickleValue>;
  #copied = 0;

  constructor(file: FileBytes) {
    this.#file = file;
    const functions: [string, (args: readonly PickleValue[]) => PickleValue][] = [
      ['collections.OrderedDict', (args) => this.#dictionary(args)],
      ['torch._utils._rebuild_tensor', (args) => this.#tensor(args)],
      ['torch._utils._rebuild_tensor_v2', (args) => this.#tensor(args)],
      ['torch._utils._rebuild_parameter', (args) => this.#parameter(args)],
      ['torch._utils._rebuild_parameter_with_state', (args) => this.#parameter(args)],
      ['torch.Size', ([sizes]) => new PickleTuple(this.#itemsOf(sizes))],
      ['torch.device', ([kind]) => kind ?? null],
    ];
    this.#names = new Map<string, PickleValue>([
      ...functions.map(([name, call]) => [name, new PickleFunction(name, call)] as const),
      ...[...ELEMENT_TYPES].map(([name, type]) => [`torch.${name}`, new StorageClass(name, type)] as const),
      ...[...ELEMENT_TYPES.values()].map(({ name }) => [`torch.${name}`, new Name(`torch.${name}`)] as const),
    ]);
  }

  global(module: string, name: string): PickleValue {
    const known = this.#names.get(`${module}.${name}`);
    if (known !== undefined) return known;
    throw new UserError('A PyTorch file holds more than weights.', {
      where: this.#file.path,
      expected: 'a state dict: tensors by name, and plain values beside them',
      got: `an object of Python’s ${printable(module)}.${printable(name)}, which is not run here`,
      fix: 'in Python, save the weights alone: torch.save(model.state_dict(), "weights.pth")',
    });
  }

  /** `('storage', class, key, device, elements)`, in the legacy form with a view `(key, offset, elements)` or None. */
  persistent(id: PickleValue): PickleValue {
    const [kind, storage, key, , length, view] = this.#itemsOf(id);
    if (kind === 'module') return this.global('torch.nn', 'Module with its source code');
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

/** Text of a file as a message may show it. */
const printable = (text: string): string => JSON.stringify(text.slice(0, 80)).slice(1, -1);
