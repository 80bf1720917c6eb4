import { expect, it } from 'vitest';
import { tf } from '../../src/ops/tf.ts';

it('keeps the tensors that a tidy returns, however deep, once each, and disposes of the others', () => {
  const before = tf.memory().numTensors;
  interface Returned {
    one: unknown[];
    numbers: Float32Array;
    itself?: Returned;
  }
  const returned = tf.tidy(() => {
    const a = tf.ones([2, 3]);
    const b = tf.mul(a, 2);
    const result: Returned = { one: [b, [{ two: b, none: null }]], numbers: new Float32Array(a.dataSync()) };
    result.itself = result;
    return result as never;
  }) as Returned;
  expect(tf.memory().numTensors).toBe(before + 1);
  expect([...returned.numbers]).toEqual([1, 1, 1, 1, 1, 1]);
  expect([...(returned.one[0] as ReturnType<typeof tf.ones>).dataSync()]).toEqual([2, 2, 2, 2, 2, 2]);
  tf.dispose(returned.one as never);
  expect(tf.memory().numTensors).toBe(before);
});
