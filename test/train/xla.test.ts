/** `runtime.compile: xla`: a step compiled by XLA does what one does that TensorFlow's own kernels compute. */
import { describe, expect, it, vi } from 'vitest';
import type { NamedTensors, Trainable } from '../../src/core/method.ts';
import { nativeBackend } from '../../src/ops/raw.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { type Compile, Stepper } from '../../src/train/stepper.ts';
import { tinyBatch } from '../models/dps/tiny.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { FakeMethod } from './fake-method.ts';

// XLA and the recording of large networks take their time on a busy machine.
vi.setConfig({ testTimeout: 900_000 });

// As trainings do it on a CPU; XLA has no deterministic form of some operations.
nativeBackend().binding.setDeterministic(false);

/**
 * How far numbers of a step may be apart, relative to their size. XLA's generator of random numbers gives others for the
 * same seed, so pix2pix's dropout drops others.
 */
const oneOfEach = [
  ['Deep Plastic Surgery, synthesis', 1e-5],
  ['pix2pix', 0.2],
  ['partial convolutions', 1e-5],
  ['DeepFillv2', 1e-5],
  ['SC-FEGAN', 1e-5],
] as const;

/** What a step measured and what it left, from the stage's beginning. */
async function firstStep(name: string, compile: Compile) {
  const method = tinyMethods[name]();
  await method.prepareTraining(silent);
  const trainable: Trainable = method.begin(method.stages[method.stages.length - 1]);
  const steps = new Stepper(trainable, { stage: name, compile, reporter: silent });
  const batch = tinyBatch(2, 64);
  steps.run({ batch, sampleIds: [] });
  const [{ values, kept }] = [...steps.settle()];
  steps.bringBack();
  const state = trainable.state();
  const left = Object.entries(state).map(
    ([key, tensor]) => [key, Float32Array.from((tensor as Tensor).dataSync())] as const,
  );
  steps.dispose();
  tf.dispose([state, { ...batch }]);
  method.dispose();
  return { values: values.losses, kept, left: new Map(left) };
}

describe.each(oneOfEach)('a step of %s by XLA', (name, tolerance) => {
  it(`is the same to ${tolerance}`, async () => {
    const [found, wanted] = [await firstStep(name, 'xla'), await firstStep(name, true)];
    expect(found.kept).toBe(true);
    for (const [key, value] of Object.entries(wanted.values))
      expect(Math.abs(found.values[key] - value), key).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
    if (tolerance > 1e-5) return;
    // The first moments are the gradients' shares. Weights say less: Adam's first step goes by a gradient's sign alone, also
    // where it is nothing but rounding.
    let [difference, length] = [0, 0];
    for (const [key, values] of wanted.left) {
      if (!key.endsWith('/m')) continue;
      const other = found.left.get(key) as Float32Array;
      for (const [i, value] of values.entries()) {
        difference += (other[i] - value) ** 2;
        length += value ** 2;
      }
    }
    expect(length).toBeGreaterThan(0);
    // Deep Plastic Surgery's perceptual network has random weights here, and is steep.
    const most = name.startsWith('Deep Plastic Surgery') ? 1e-2 : 1e-4;
    expect(Math.sqrt(difference / length)).toBeLessThan(most);
  });
});

it('a step that XLA cannot compile is refused, with what helps', () => {
  const method = new FakeMethod([1]);
  const trainable = method.begin(method.stages[0]);
  // XLA has no dilation.
  const dilated = ({ image }: NamedTensors) =>
    tf.tidy(() => tf.mean(tf.dilation2d(image as Tensor4D, tf.zeros([3, 3, 3]), 1, 'same')));
  const dilating: Trainable = {
    ...trainable,
    step(inputs) {
      const { losses, gradientNorms } = trainable.step(inputs);
      return { losses: { ...losses, dilated: dilated(inputs) as TensorFlow.Scalar }, gradientNorms };
    },
  };
  const batch = tinyBatch(2, 64);
  const step = (compile: Compile) => {
    const steps = new Stepper(dilating, { stage: 'a stage', compile, reporter: silent });
    try {
      steps.run({ batch, sampleIds: [] });
      return [...steps.settle()].length;
    } finally {
      steps.dispose();
    }
  };
  expect(() => step('xla')).toThrow(/XLA cannot[\s\S]*stage a stage[\s\S]*Dilation2D[\s\S]*compile: true/);
  method.dispose();
});
