import { describe, expect, it } from 'vitest';
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

describe('a tensor of numbers from an array', () => {
  // One of these places is aligned to 64 bytes, where TensorFlow would take the array's memory for the tensor's.
  const places = [0, 16, 32, 48];

  it.each(places)('keeps them when the array is written to, %i bytes into a buffer', (place) => {
    const floats = new Float32Array(new ArrayBuffer(128), place, 4).fill(1.5);
    const integers = new Int32Array(new ArrayBuffer(128), place, 4).fill(7);
    const bytes = new Uint8Array(new ArrayBuffer(128), place, 4).fill(1);
    const tensors = [
      tf.tensor1d(floats, 'float32'),
      tf.tensor1d(integers, 'int32'),
      tf.tensor1d(bytes, 'bool'),
    ];
    for (const tensor of tensors) tf.tile(tensor, [1]).dispose();
    floats.fill(-1);
    integers.fill(-1);
    bytes.fill(0);
    expect(tensors.map((tensor) => [...tf.tile(tensor, [1]).dataSync()])).toEqual([
      [1.5, 1.5, 1.5, 1.5],
      [7, 7, 7, 7],
      [1, 1, 1, 1],
    ]);
    tf.dispose(tensors);
  });
});
