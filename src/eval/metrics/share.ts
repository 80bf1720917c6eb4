/** Loads networks once that several metrics need, and computes once what several metrics compute of the same images. */
import type { Tensor4D } from '../../ops/tf.ts';

interface Disposable {
  dispose(): void;
}

/** A value that others may use too. Whoever releases it last disposes of it. */
export interface Loan<T> {
  readonly value: T;
  release(): void;
}

const loaded = new Map<string, { readonly value: Promise<Disposable>; users: number }>();

/** The value of a key. It is loaded when it is first asked for, and shared until all who asked have released it. */
export async function borrow<T extends Disposable>(key: string, load: () => Promise<T>): Promise<Loan<T>> {
  const entry = loaded.get(key) ?? { value: load(), users: 0 };
  loaded.set(key, entry);
  entry.users += 1;
  const leave = () => {
    entry.users -= 1;
    if (entry.users === 0) loaded.delete(key);
  };
  try {
    const value = (await entry.value) as T;
    return {
      value,
      release() {
        leave();
        if (entry.users === 0) value.dispose();
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

/** Caches the results of a function of tensors. A result (in JavaScript's memory) is kept as long as the tensor object lives. */
export function oncePerTensor<R>(
  compute: (images: Tensor4D) => Promise<R>,
): (images: Tensor4D) => Promise<R> {
  const known = new WeakMap<Tensor4D, Promise<R>>();
  return (images) => {
    const result = known.get(images) ?? compute(images);
    known.set(images, result);
    return result;
  };
}

/**
 * Caches the tensors that a function made of its last argument, until it is called with another one. A batch's photos are
 * compared with the results of every method, so what a metric computes of them is needed many times in a row.
 */
export class LastOf<R extends Disposable> {
  readonly #compute: (images: Tensor4D) => R;
  #images: Tensor4D | undefined;
  #result: R | undefined;

  constructor(compute: (images: Tensor4D) => R) {
    this.#compute = compute;
  }

  of(images: Tensor4D): R {
    if (this.#images !== images || !this.#result) {
      this.dispose();
      this.#result = this.#compute(images);
      this.#images = images;
    }
    return this.#result;
  }

  dispose(): void {
    this.#result?.dispose();
    this.#result = undefined;
    this.#images = undefined;
  }
}
