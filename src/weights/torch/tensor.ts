/** Tensors as a pickle describes them: a view, by offset and strides, of a storage whose bytes lie elsewhere in the file. */
import { UserError } from '../../runtime/errors.ts';
import type { FileBytes } from '../../runtime/file-bytes.ts';
import type { ElementType, TensorValues } from './element-type.ts';
import { PickleObject } from './pickle-values.ts';

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

export class TensorView extends PickleObject {
  readonly description: string;
  readonly storage: StorageView;
  readonly shape: readonly number[];
  readonly #offset: number;
  readonly #strides: readonly number[];
  /** Elements of the storage from the first to the last, those between included. */
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
      // As an odometer: the last index that can grow does, those behind it begin again.
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
