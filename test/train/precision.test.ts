/** `runtime.precision: bfloat16`: nearly the numbers of float32, the same at every run, and refused where it would not work. */
import { describe, expect, it, vi } from 'vitest';
import type { Trainable } from '../../src/core/method.ts';
import { originalNormalisation, perceptualLoss } from '../../src/losses/perceptual.ts';
import { Dps } from '../../src/models/dps/method.ts';
import { tf } from '../../src/ops/tf.ts';
import type { Precision } from '../../src/ops/tuning.ts';
import { silent } from '../../src/runtime/progress.ts';
import { lackOfBfloat16, type Machine, requirePrecision, thisMachine } from '../../src/train/precision.ts';
import { Stepper } from '../../src/train/stepper.ts';
import { randomTrunk, tinyConfig } from '../models/dps/tiny.ts';
import { batches, runAll, valuesOf } from './batches.ts';

// The recording of large networks takes its time on a busy machine.
vi.setConfig({ testTimeout: 900_000 });

const able: Machine = { gpu: false, oneDnn: true, processor: 'flags : avx2 avx512_bf16 avx512_vnni' };

describe('bfloat16 is refused', () => {
  const locate = (path: readonly PropertyKey[]) => `c.yaml:3: ${path.join('.')}`;
  const asked = (machine: Machine, compile: boolean | 'xla' = true) => {
    const runtime = { precision: 'bfloat16', compile, deterministic: true } as const;
    return () => requirePrecision(runtime, machine, locate);
  };

  it.each([
    ['a GPU', { ...able, gpu: true }],
    ['TF_ENABLE_ONEDNN_OPTS=0', { ...able, oneDnn: false }],
    ['neither', { ...able, processor: 'flags : avx2 avx512f' }],
    ['neither', { ...able, processor: '' }],
  ])('with %s', (reason, machine) => {
    const message = new RegExp(
      `bfloat16[\\s\\S]*c\\.yaml:3: runtime\\.precision[\\s\\S]*${reason}[\\s\\S]*precision: float32`,
    );
    expect(asked(machine)).toThrow(message);
  });

  it.each([false, 'xla'] as const)('with compile: %s', (compile) => {
    expect(asked(able, compile)).toThrow(new RegExp(`got: +runtime.compile: ${compile}`));
  });

  it('and nothing else is', () => {
    asked(able)();
    asked({ ...able, processor: 'flags : amx_bf16' })();
    requirePrecision({ precision: 'float32', compile: false, deterministic: true }, able, locate);
  });
});

interface Started {
  readonly trainable: Trainable;
  readonly steps: Stepper;
}

/**
 * A stage of a small DPS. Random features are steep and large: they are given the part in the loss that trained ones have,
 * a thirtieth of the L1 loss.
 */
async function start(precision: Precision, index: number): Promise<Started> {
  const features = perceptualLoss(randomTrunk(), originalNormalisation, [0.002, 0.001]);
  const method = new Dps(tinyConfig({ levels: 1 }), features);
  await method.prepareTraining(silent);
  const trainable = method.begin(method.stages[index]);
  const options = { stage: 'a stage', compile: true, precision, reporter: silent, learningRate: () => 1e-3 };
  return { trainable, steps: new Stepper(trainable, options) };
}

/** Takes over weights, optimisers and random streams. */
function follow(to: Trainable, from: Trainable): void {
  const state = from.state();
  to.restore(state);
  to.moveTo(from.position());
  tf.dispose(state);
}

const lossesOf = (outcomes: ReturnType<typeof runAll>) => outcomes.map(({ values }) => values.losses);

/** Of the gradients of a first step, which Adam's first moments are shares of. */
function correlation(a: Record<string, Float32Array>, b: Record<string, Float32Array>): number {
  let [both, ofA, ofB] = [0, 0, 0];
  for (const key of Object.keys(a).filter((name) => name.endsWith('/m')))
    for (const [i, value] of a[key].entries()) {
      both += value * b[key][i];
      ofA += value ** 2;
      ofB += b[key][i] ** 2;
    }
  return both / Math.sqrt(ofA * ofB);
}

const lack = lackOfBfloat16(thisMachine());
if (lack !== undefined) console.log(`Steps in bfloat16 are not tested: this machine has ${lack}.`);

describe.skipIf(lack !== undefined).each([
  ['F', 0],
  ['a level', 2],
] as const)('steps of %s in bfloat16', (_, index) => {
  it('begin with the losses and gradients of float32, nearly', async () => {
    const [plain, mixed] = [await start('float32', index), await start('bfloat16', index)];
    for (const [i, batch] of batches(4).entries()) {
      // Training amplifies differences, so that each step begins from one state.
      follow(mixed.trainable, plain.trainable);
      const [wanted, found] = [plain, mixed].map(({ steps }) => lossesOf(runAll(steps, [batch]))[0]);
      for (const [name, loss] of Object.entries(wanted))
        expect(Math.abs(found[name] - loss), name).toBeLessThan(0.02 * Math.max(0.5, Math.abs(loss)));
      if (i > 0) continue;
      const similar = correlation(valuesOf(plain.trainable), valuesOf(mixed.trainable));
      expect(similar).toBeGreaterThan(0.99);
      // As similar as that only where nothing was computed in bfloat16.
      expect(similar).toBeLessThan(1 - 1e-9);
    }
  });

  it('give the same bytes at every run, also one that goes on', async () => {
    const all = batches(4);
    const [first, again, resumed] = [
      await start('bfloat16', index),
      await start('bfloat16', index),
      await start('bfloat16', index),
    ];
    follow(again.trainable, first.trainable);
    const losses = lossesOf(runAll(first.steps, all));
    expect(lossesOf(runAll(again.steps, all.slice(0, 2)))).toEqual(losses.slice(0, 2));
    follow(resumed.trainable, again.trainable);
    expect(lossesOf(runAll(again.steps, all.slice(2)))).toEqual(losses.slice(2));
    expect(lossesOf(runAll(resumed.steps, all.slice(2)))).toEqual(losses.slice(2));
    const end = valuesOf(first.trainable);
    expect(valuesOf(again.trainable)).toEqual(end);
    expect(valuesOf(resumed.trainable)).toEqual(end);
  });
});

it.skipIf(lack !== undefined)('200 steps in bfloat16 lead to where those in float32 do', async () => {
  const all = batches(4);
  const [plain, mixed] = [await start('float32', 0), await start('bfloat16', 0)];
  follow(mixed.trainable, plain.trainable);
  const [wanted, found] = [plain, mixed].map(({ steps }) => {
    const course = Array.from({ length: 50 }, () => runAll(steps, all)).flat();
    const reconstruction = course.map(({ values }) => Number(values.losses.reconstruction));
    const mean = (losses: number[]) => losses.reduce((sum, loss) => sum + loss) / losses.length;
    return { begin: mean(reconstruction.slice(0, 4)), end: mean(reconstruction.slice(-20)) };
  });
  expect(wanted.end).toBeLessThan(0.8 * wanted.begin);
  expect(Math.abs(found.end - wanted.end)).toBeLessThan(0.05 * wanted.end);
  // Weights are float32: those of bfloat16 have no digits in their last 16 bits.
  const weights = valuesOf(mixed.trainable);
  const bits = Object.values(weights).flatMap((values) => [...new Uint32Array(values.buffer)]);
  expect(bits.filter((word) => (word & 0xffff) !== 0).length).toBeGreaterThan(0.9 * bits.length);
});
