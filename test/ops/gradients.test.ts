import { describe, expect, it } from 'vitest';
import { withoutTape } from '../../src/ops/gradients.ts';
import { type TensorFlow, tf } from '../../src/ops/tf.ts';

describe('withoutTape', () => {
  it('makes a constant of what it computes', () => {
    const gradient = tf.grad((x) =>
      tf.sum(
        tf.mul(
          x,
          withoutTape(() => tf.square(x)),
        ),
      ),
    )(tf.tensor1d([3]));
    expect(gradient.dataSync()[0]).toBe(9);
  });
  it('lets gradients be computed inside', () => {
    let inner: TensorFlow.Tensor | undefined;
    const outer = tf.grad((x) => {
      withoutTape(() => {
        inner = tf.keep(tf.grad((y) => tf.sum(tf.square(y)))(x));
      });
      return tf.sum(tf.mul(x, 5));
    })(tf.tensor1d([2]));
    expect(inner!.dataSync()[0]).toBe(4);
    expect(outer.dataSync()[0]).toBe(5);
    inner!.dispose();
  });
  it('restores the tape after an error', () => {
    const gradient = tf.grad((x) => {
      expect(() =>
        withoutTape(() => {
          throw new Error('inside');
        }),
      ).toThrow('inside');
      return tf.sum(tf.square(x));
    })(tf.tensor1d([3]));
    expect(gradient.dataSync()[0]).toBe(6);
  });
});
