/** Gradients that are clipped by their global norm, against numbers that are computed here from the moments of Adam. */
import { describe, expect, it, vi } from 'vitest';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { Stepper } from '../../src/train/stepper.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { batches, runAll, valuesOf } from './batches.ts';

vi.setConfig({ testTimeout: 900_000 });

/** One step. */
async function step(name: string, compile: boolean, clipNorm: number | undefined) {
  const bound = { optimizer: { clipNorm } };
  const training = name === 'partial convolutions' ? { main: bound, fineTuning: bound } : bound;
  const method = tinyMethods[name](training);
  await method.prepareTraining(silent);
  const stage = method.stages[method.stages.length - 1];
  const trainable = method.begin(stage);
  const stepper = new Stepper(trainable, { stage: stage.name, compile, reporter: silent });
  const [batch] = batches(1);
  const [{ values, kept }] = runAll(stepper, [batch]);
  expect(kept).toBe(true);
  const state = valuesOf(trainable);
  const [generator, discriminator] = stage.learns;
  const { beta1 } = stage.optimizer!;
  /** What Adam was given, which the first moments tell after the first step. */
  const gradient = (network: string | undefined) =>
    Object.entries(state)
      .filter(([key]) => key.startsWith(`${network}/`) && key.endsWith('/m'))
      .flatMap(([, m]) => Array.from(m, (value) => value / (1 - beta1)));
  const used = { generator: gradient(generator), discriminator: gradient(discriminator) };
  stepper.dispose();
  tf.dispose({ ...batch });
  method.dispose();
  return { norms: values.gradientNorms, used, state };
}

const length = (numbers: readonly number[]) => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0));

const cases = Object.keys(tinyMethods)
  .filter((name) => !name.includes('synthesis'))
  .flatMap((name) =>
    [true, false].map((compile) => [name, compile ? 'compiled' : 'call by call', compile] as const),
  );

describe.each(cases)('gradients of %s, %s', (name, _, compile) => {
  it('are no longer than they may be, and point where they did', async () => {
    const plain = await step(name, compile, undefined);
    const networks = Object.keys(plain.norms) as ('generator' | 'discriminator')[];
    for (const network of networks)
      expect(length(plain.used[network]) / plain.norms[network]).toBeCloseTo(1, 4);
    const clipNorm = Math.min(...Object.values(plain.norms)) / 10;
    const clipped = await step(name, compile, clipNorm);
    for (const network of networks) {
      expect(length(clipped.used[network]) / clipNorm).toBeCloseTo(1, 4);
      expect(clipped.norms[network] / plain.norms[network]).toBeCloseTo(1, 2);
    }
    // The first network to learn has the same gradient, which shows its direction.
    const [first] = networks;
    const scale = clipNorm / plain.norms[first];
    const error = clipped.used[first].map((value, i) => value - scale * plain.used[first][i]);
    expect(length(error) / clipNorm).toBeLessThan(1e-4);
  });

  it('that are short enough stay as they are, bit for bit', async () => {
    const [plain, bounded] = [await step(name, compile, undefined), await step(name, compile, 1e6)];
    expect(bounded.norms).toEqual(plain.norms);
    expect(bounded.state).toEqual(plain.state);
  });
});
