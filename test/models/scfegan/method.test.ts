import { afterAll, describe, expect, it } from 'vitest';
import type { ColourStrokes } from '../../../src/data/colour-strokes.ts';
import type { Batch } from '../../../src/data/types.ts';
import { type Tensor, type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { maxDifference } from '../../finite-differences.ts';
import { tinyBatch } from '../dps/tiny.ts';
import { stepOn } from '../step.ts';
import { tinyScFegan, tinyScFeganConfig } from './tiny.ts';

const side = 64;
const method = tinyScFegan();
afterAll(() => method.dispose());
const batch = tinyBatch(2, side);
const predict = (given: Batch) => method.predictor().predict(given).result;
const row = (x: Tensor, index: number) => tf.slice(x, [index, 0, 0, 0], [1, -1, -1, -1]) as Tensor4D;

/** One colour where a place is marked. */
function strokes(rgb: readonly number[], isStroke: (x: number, y: number) => boolean): ColourStrokes {
  const where = Float32Array.from({ length: side * side }, (_, i) =>
    Number(isStroke(i % side, Math.floor(i / side))),
  );
  const one = tf.tensor4d(where, [1, side, side, 1]);
  return {
    colours: tf.tile(tf.tensor4d([...rgb], [1, 1, 1, 3]), [2, side, side, 1]) as Tensor4D,
    where: tf.tile(one, [2, 1, 1, 1]) as Tensor4D,
  };
}
const inHole = (x: number, y: number) => Math.abs(x - 32) < 8 && Math.abs(y - 32) < 3;

describe('predictions of SC-FEGAN', () => {
  it('are the same at every call, for every model of equal weights and for an image in any batch', () => {
    const result = predict(batch);
    expect(result.shape).toEqual([2, side, side, 3]);
    expect(maxDifference(predict(batch), result)).toBe(0);
    const twin = tinyScFegan();
    expect(maxDifference(twin.predictor().predict(batch).result, result)).toBe(0);
    twin.dispose();
    const { image, sketch, hole } = batch;
    const [first, second] = [0, 1].map((i) => ({
      image: row(image, i),
      sketch: row(sketch, i),
      hole: row(hole, i),
    })) as [Batch, Batch];
    expect(maxDifference(predict(second), row(result, 1))).toBeLessThan(1e-5);
    const twice = tf.concat([predict(first), predict(first)], 0);
    const both = {
      ...first,
      ...Object.fromEntries(Object.entries(first).map(([k, x]) => [k, tf.concat([x, x], 0)])),
    };
    expect(maxDifference(predict(both as Batch), twice)).toBeLessThan(1e-5);
  });

  it('follow strokes of colour inside the hole alone', () => {
    const without = predict(batch);
    const red = predict({ ...batch, colour: strokes([1, -0.5, -0.5], inHole) });
    const blue = predict({ ...batch, colour: strokes([-0.5, -0.5, 1], inHole) });
    expect(maxDifference(red, without)).toBeGreaterThan(1e-3);
    expect(maxDifference(red, blue)).toBeGreaterThan(1e-3);
    const outside = predict({ ...batch, colour: strokes([1, 1, 1], (x, y) => x < 10 && y < 10) });
    expect(maxDifference(outside, without)).toBe(0);
  });

  it('take black for no stroke', () => {
    const black = predict({ ...batch, colour: strokes([-1, -1, -1], inHole) });
    expect(maxDifference(black, predict(batch))).toBe(0);
  });

  it('do not depend on the photo inside the hole', () => {
    const { image, hole } = batch;
    const other = tf.where(tf.cast(hole, 'bool'), tf.neg(image), image) as Tensor4D;
    expect(maxDifference(predict({ ...batch, image: other }), predict(batch))).toBe(0);
  });
});

describe('SC-FEGAN as a method', () => {
  it('leaves no tensors behind', () => {
    const colour = strokes([0, 0, 0], inHole);
    const before = tf.memory().numTensors;
    const other = tinyScFegan();
    tf.dispose(other.visuals({ ...batch, colour }, []));
    tf.dispose(other.fill(batch, 0));
    other.begin(other.stages[0]);
    other.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('shows lines and strokes where they were given', () => {
    const colour = strokes([1, -0.5, -0.5], inHole);
    const shown = method.visuals({ ...batch, colour }, []);
    expect(Object.keys(shown)).toEqual(['photo', 'given', 'I_out', 'in the photo']);
    const at = (image: Tensor4D, x: number, y: number) => [
      ...tf.slice(image, [0, y, x, 0], [1, 1, 1, 3]).dataSync(),
    ];
    expect(at(shown.given, 38, 32)).toEqual([1, -0.5, -0.5]);
    expect(at(shown.given, 25, 20)).toEqual([-1, -1, -1]);
    expect(at(shown.given, 40, 20)).toEqual([1, 1, 1]);
    expect(at(shown.given, 5, 5)).toEqual(at(batch.image, 5, 5));
    expect(at(shown['in the photo'], 5, 5)).toEqual(at(batch.image, 5, 5));
    expect(at(shown['in the photo'], 40, 20)).toEqual(at(shown.I_out, 40, 20));
    tf.dispose(shown);
  });

  it('trains without a network for features where no loss needs one', async () => {
    const said: string[] = [];
    const reporter = {
      info: (message: string) => said.push(message),
      warn() {},
      task: () => ({ update() {}, finish() {} }),
    };
    const plain = tinyScFegan();
    await plain.prepareTraining(reporter);
    const stage = plain.begin(plain.stages[0]);
    expect(said).toEqual([]);
    expect(stepOn(stage, batch).losses).not.toHaveProperty('style');
    plain.dispose();
    const config = tinyScFeganConfig();
    const full = tinyScFegan({ ...config, loss: { ...config.loss, style: 120 } });
    await full.prepareTraining(reporter);
    expect(said).toEqual([expect.stringMatching(/HED/)]);
    expect(stepOn(full.begin(full.stages[0]), batch).losses).toHaveProperty('style');
    full.dispose();
  });

  it('names what its networks take', () => {
    for (const [name, network] of Object.entries(method.networks)) {
      const { inputs } = method.describe(name);
      expect(Object.values(inputs).map(({ shape }) => shape)).toEqual([
        [side, side, network.inputs[0].shape[3]],
      ]);
    }
  });
});
