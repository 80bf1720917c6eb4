/** What {@link Threads} call in tests. */
import { threadId } from 'node:worker_threads';

let calls = 0;

export const notAFunction: string = 'a text';

export const count = async (by: number): Promise<{ calls: number; thread: number }> => {
  calls += by;
  return { calls, thread: threadId };
};

export const double = (values: Float32Array): Float32Array => values.map((value) => 2 * value);

export function fail(reason: unknown): never {
  throw reason;
}

export function die(code: number): never {
  process.exit(code);
}

export function crash(): Promise<never> {
  setImmediate(() => {
    throw new Error('nobody catches this');
  });
  return new Promise(() => {});
}

/** Ends as soon as the shared number is 1, which it sets to -1 when it begins. */
export function wait(shared: Int32Array): string {
  Atomics.store(shared, 0, -1);
  Atomics.notify(shared, 0);
  Atomics.wait(shared, 0, -1);
  return 'waited';
}
