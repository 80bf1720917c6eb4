import { describe, expect, it } from 'vitest';
import { CompiledFunction } from '../../src/graph/compiled.ts';
import { FunctionBuilder } from '../../src/graph/function.ts';
import { attribute, nativeBackend } from '../../src/ops/raw.ts';
import { type Tensor, type Tensor4D, tf, type Variable } from '../../src/ops/tf.ts';

const vector = { type: 'float32', shape: [2] } as const;

describe('a function', () => {
  it('runs by one call, until it is disposed of', () => {
    const builder = new FunctionBuilder();
    const [x, two] = [
      builder.input(vector),
      builder.constant('float32', { shape: [], data: Float32Array.of(2) }),
    ];
    const product = builder.node('Mul', [attribute.type('T', 'float32')], [x, two]);
    const twice = builder.build([`${product}:0`]);
    const { callCounts } = nativeBackend().binding;
    const before = callCounts();
    const [result] = twice.call([tf.tensor1d([3, 4])]);
    expect(callCounts()).toEqual({ executions: before.executions + 1, reads: before.reads });
    expect([...result.dataSync()]).toEqual([6, 8]);
    expect(callCounts().reads).toBe(before.reads + 1);
    twice.dispose();
    expect(() => twice.call([tf.tensor1d([3, 4])])).toThrow(/recorded_/);
  });

  it('of an operation that TensorFlow lacks is refused by the operation’s name', () => {
    const builder = new FunctionBuilder();
    const made = builder.node('NoSuchOperation', [], [builder.input(vector)]);
    expect(() => builder.build([`${made}:0`])).toThrow(/NoSuchOperation/);
  });

  it('of operations that do not fit together says which one does not', () => {
    const builder = new FunctionBuilder();
    const [x, y] = [builder.input(vector), builder.input({ type: 'float32', shape: [3] })];
    const sum = builder.node('AddV2', [attribute.type('T', 'float32')], [x, y]);
    expect(() => builder.build([`${sum}:0`])).toThrow(/AddV2_2/);
  });

  it('of outputs that no node has says so', () => {
    const builder = new FunctionBuilder();
    builder.input(vector);
    expect(() => builder.build(['Other_7:0'])).toThrow('The graph has no Other_7:0');
  });
});

describe('a computation that is called again and again', () => {
  const compute = ({ x }: Record<string, Tensor>, kernel: Tensor) =>
    tf.tidy(() => {
      const y = tf.leakyRelu(tf.conv2d(x as Tensor4D, kernel as Tensor4D, 1, 'same'), 0.2);
      return {
        y,
        mean: tf.mean(tf.expandDims(y, 0)),
        positive: tf.where(tf.greater(y, 0), y, tf.zerosLike(y)),
      };
    });

  it('gives the same, also with constants, for each shape', () => {
    const kernel = tf.randomNormal([3, 3, 2, 4], 0, 1, 'float32', 1);
    const compiled = new CompiledFunction((inputs) => compute(inputs, kernel));
    for (const shape of [
      [1, 5, 5, 2],
      [1, 5, 5, 2],
      [3, 4, 6, 2],
      [3, 4, 6, 2],
      [1, 5, 5, 2],
    ]) {
      const x = tf.randomNormal(shape, 0, 1, 'float32', 2);
      const [found, wanted] = [compiled.call({ x }), compute({ x }, kernel)];
      expect(Object.keys(found)).toEqual(Object.keys(wanted));
      for (const [name, tensor] of Object.entries(wanted))
        expect(tf.max(tf.abs(tf.sub(found[name], tensor))).dataSync()[0]).toBeLessThan(1e-6);
    }
    compiled.dispose();
  });

  it('follows the variables that it is told of, and no others', () => {
    const [told, other] = [1, 1].map((value) => tf.variable(tf.fill([1, 1, 2, 4], value)));
    const x = tf.ones([1, 2, 2, 2]);
    const sum = (outputs: Record<string, Tensor>) => tf.sum(outputs.y).dataSync()[0];
    const follows = new CompiledFunction((inputs) => compute(inputs, told), {
      weights: { told: told as Variable },
    });
    const constant = new CompiledFunction((inputs) => compute(inputs, other));
    for (const each of [follows, constant])
      for (let i = 0; i < 2; i++) expect(sum(each.call({ x }))).toBe(32);
    for (const variable of [told, other]) variable.assign(tf.fill([1, 1, 2, 4], 2) as never);
    expect(sum(follows.call({ x }))).toBe(64);
    expect(sum(constant.call({ x }))).toBe(32);
    for (const each of [follows, constant]) each.dispose();
  });
});
