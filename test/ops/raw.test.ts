import { expect, it } from 'vitest';
import { type Execution, nativeBackend, watchOperations } from '../../src/ops/raw.ts';
import { tf } from '../../src/ops/tf.ts';

it('what is watched is told with its outputs and time, until that ends', () => {
  const seen: Execution[] = [];
  const stop = watchOperations({ executed: (execution) => seen.push(execution) });
  const sum = tf.add(tf.ones([2]), 1);
  const parts = tf.split(tf.ones([4, 2]), 2);
  stop();
  tf.add(sum, 1);
  const names = seen.map(({ op }) => op);
  expect(names.filter((op) => op.startsWith('Add'))).toHaveLength(1);
  expect(seen.find(({ op }) => op === 'SplitV')!.outputs.map(({ shape }) => shape)).toEqual(
    parts.map(({ shape }) => shape),
  );
  for (const { seconds } of seen) expect(seconds).toBeGreaterThan(0);
});

it('several watch at once, and may end in any order', () => {
  const own = Object.keys(nativeBackend());
  const counts = [0, 0];
  const stops = counts.map((_, i) => watchOperations({ executed: () => void counts[i]++ }));
  const x = tf.ones([2]);
  tf.abs(x);
  stops[0]();
  stops[0]();
  tf.abs(x);
  stops[1]();
  tf.abs(x);
  expect(counts[1] - counts[0]).toBe(1);
  expect(Object.keys(nativeBackend())).toEqual(own);
});

it('reads of values are told before they happen, at once or later', async () => {
  const seen: object[] = [];
  const x = tf.abs(tf.ones([2]));
  const stop = watchOperations({ executed: () => {}, reads: (data) => seen.push(data) });
  x.dataSync();
  await x.data();
  stop();
  expect(seen).toEqual([x.dataId, x.dataId]);
});
