import { describe, expect, it } from 'vitest';
import { compilePredictor, TrainingViews } from '../../src/core/compiled-predictor.ts';
import type { NamedTensors, Predictor } from '../../src/core/method.ts';
import { drawColourStrokes } from '../../src/data/colour-strokes.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { nativeBackend } from '../../src/ops/raw.ts';
import { type Tensor, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { tinyBatch } from '../models/dps/tiny.ts';
import { tinyMethods } from '../models/tiny-methods.ts';

const refuse = { ...silent, warn: (message: string) => expect.unreachable(message) };

/** The largest difference between tensors of equal names. */
const difference = (a: object, b: object) => {
  const [found, wanted] = [a, b].map((made) =>
    Object.entries(made as NamedTensors).filter(([, tensor]) => tensor),
  );
  expect(found.map(([name]) => name).sort()).toEqual(wanted.map(([name]) => name).sort());
  const other = new Map(wanted);
  return Math.max(
    ...found.map(([name, tensor]) =>
      tf.tidy(() => tf.max(tf.abs(tf.sub(tensor, other.get(name) as Tensor))).dataSync()[0]),
    ),
  );
};

describe.each(Object.keys(tinyMethods))('the prediction of %s', (name) => {
  it('is the same compiled, at every l, with one call', () => {
    const method = tinyMethods[name]();
    const plain = method.predictor();
    const compiled = compilePredictor(plain, refuse);
    const { image, sketch, hole } = tinyBatch(2, 64);
    const colour = plain.controls.includes('colour')
      ? drawColourStrokes(image, () => stream(1, 'strokes'))
      : undefined;
    const input = { image, sketch, hole, ...(colour && { colour }) };
    let tensors = 0;
    for (const l of [undefined, 0, 0, 0.3, 1]) {
      const [wanted, found] = [plain.predict({ ...input, l }), compiled.predict({ ...input, l })];
      expect(difference(found, wanted)).toBeLessThan(2e-4);
      if (plain.upperBound && compiled.upperBound) {
        const [bound, other] = [compiled.upperBound, plain.upperBound].map((one) => ({
          result: one.predict(input),
        }));
        expect(difference(bound, other)).toBeLessThan(2e-4);
        tf.dispose([bound, other]);
      }
      tf.dispose([{ ...wanted }, { ...found }]);
      if (l === 0.3) tensors = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(tensors);
    const { callCounts } = nativeBackend().binding;
    const l = tf.fill([1, 1], 0.5) as never;
    const before = callCounts().executions;
    tf.dispose({ ...compiled.predict({ ...input, l }) });
    expect(callCounts().executions - before).toBe(1);
    compiled.dispose();
    method.dispose();
  });
});

it('what one sees of a training follows the weights', () => {
  const method = tinyMethods['Deep Plastic Surgery']();
  const views = new TrainingViews(method, { compile: true, reporter: refuse });
  method.begin(method.stages[0]);
  const batch = tinyBatch(2, 64);
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    for (const weight of Object.values(namedWeights(method.networks.F)))
      weight.assign(tf.tidy(() => tf.mul(weight, 1.1)));
    const [found, wanted] = [views.visuals(batch, [0, 1]), method.visuals(batch, [0, 1])];
    expect(Object.keys(found)).toEqual(Object.keys(wanted));
    expect(difference(found, wanted)).toBeLessThan(2e-3);
    const [filled, other] = [views.fill(batch, 0.5), method.fill(batch, 0.5)];
    expect(difference({ filled }, { filled: other })).toBeLessThan(2e-3);
    seen.push(tf.tidy(() => tf.mean(tf.abs(filled)).dataSync()[0]));
    tf.dispose([found, wanted, filled, other]);
  }
  expect(new Set(seen.map((value) => value.toFixed(4))).size).toBe(4);
  views.dispose();
  method.dispose();
});

it('a prediction that cannot be compiled runs as it is, with one warning', () => {
  const method = tinyMethods['Deep Plastic Surgery']();
  const plain = method.predictor();
  const reading: Predictor = {
    ...compilePredictor(plain, silent),
    predict(input) {
      input.image.dataSync();
      return plain.predict(input);
    },
  };
  const warnings: string[] = [];
  const compiled = compilePredictor(reading, { ...silent, warn: (line) => warnings.push(line) });
  const batch = tinyBatch(1, 64);
  for (let i = 0; i < 3; i++) tf.dispose({ ...compiled.predict(batch) });
  expect(warnings).toEqual([expect.stringContaining('reads values')]);
  method.dispose();
});
