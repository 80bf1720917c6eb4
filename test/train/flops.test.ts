import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { NamedTensors, StepScalars, Trainable } from '../../src/core/method.ts';
import { createRunFolder } from '../../src/core/run-folder.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { gradientNorm } from '../../src/nn/adam.ts';
import { nativeBackend } from '../../src/ops/raw.ts';
import { type Tensor4D, type TensorFlow, tf, type Variable } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { train } from '../../src/train/loop.ts';
import { peakFlops } from '../../src/train/peak-flops.ts';
import { makePlan } from '../../src/train/plan.ts';
import { Stepper } from '../../src/train/stepper.ts';
import { temporaryFolder } from '../data/support.ts';
import { batches } from './batches.ts';
import { FakeMethod } from './fake-method.ts';
import { makePairs } from './pairs.ts';

const folder = await temporaryFolder();

it('of a step are those of its convolutions and products, forward and backward', () => {
  const kernel = tf.variable(tf.fill([3, 3, 3, 4], 0.1)) as Variable;
  const matrix = tf.variable(tf.fill([32 * 32 * 4, 5], 0.01)) as Variable;
  const trainable: Trainable = {
    inputs: ({ image, sketch, hole }) => ({
      tensors: { image: image.clone(), sketch: sketch.clone(), hole: hole.clone() },
    }),
    step: ({ image }: NamedTensors): StepScalars =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => {
          const features = tf.relu(tf.conv2d(image as Tensor4D, kernel as unknown as Tensor4D, 2, 'same'));
          return tf.mean(tf.square(tf.matMul(tf.reshape(features, [2, -1]), matrix as TensorFlow.Tensor2D)));
        });
        return { losses: { loss: value as TensorFlow.Scalar }, gradientNorms: { norm: gradientNorm(grads) } };
      }),
    state: () => ({}),
    restore: () => {},
    weights: { kernel, matrix },
    position: () => ({ random: {}, counts: [] }),
    moveTo: () => {},
  };
  const steps = new Stepper(trainable, { stage: 'a stage', compile: true, reporter: silent });
  expect(steps.flops).toBe(undefined);
  const [batch] = batches(1);
  steps.run({ batch, sampleIds: [] });
  expect([...steps.settle()]).toHaveLength(1);
  // Two images of 64², which the kernel of 3² makes 32² of, 3 channels to 4: once forward, and once for its gradient.
  const ofConvolution = 2 * 2 * 32 ** 2 * 4 * (9 * 3);
  // Forward, for the gradient of the matrix and for that of the features.
  const ofProduct = 2 * 2 * (32 ** 2 * 4) * 5;
  expect(steps.flops).toBe(2 * ofConvolution + 3 * ofProduct);
  steps.dispose();
  tf.dispose([kernel, matrix, ...Object.values(batch)]);
});

it('over those that the device does are in the log and in the progress line', async () => {
  const { config } = readConfig('configs/smoke.yaml', ['output.logEvery=1']);
  const data = await makePairs(join(folder, 'pairs'), 7);
  const cache = join(folder, 'cache');
  const logged = async (compile: boolean, peakFlops?: number) => {
    const method = new FakeMethod([4]);
    const run = await createRunFolder(join(folder, 'runs'), config);
    const plan = makePlan(method, data.samples.train.length);
    const notes: (string | undefined)[] = [];
    const task = () => ({ update: (_: number, note?: string) => void notes.push(note), finish: () => {} });
    await train({
      config: {
        ...config,
        data: { ...config.data, cache },
        runtime: { ...config.runtime, compile, peakFlops },
      },
      method,
      data,
      plan,
      run,
      reporter: { ...silent, task },
    });
    method.dispose();
    const lines = readFileSync(run.log, 'utf8').trim().split('\n');
    return { log: lines.map((line) => JSON.parse(line)), notes: notes.filter((note) => note !== undefined) };
  };
  const { log, notes } = await logged(true, 1e7);
  // A kernel of 1 x 1, from one channel to 3, on two images of 64²: forward and for its gradient.
  const flops = 2 * 2 * 2 * 64 ** 2 * 3;
  for (const { mfu, imagesPerSecond } of log)
    expect(mfu / ((imagesPerSecond / 2) * (flops / 1e7))).toBeCloseTo(1, 1);
  const [, percent] = /images\/s, MFU ([\d.e+]+) %, diffe [\d.e-]+$/.exec(notes.at(-1) ?? '') ?? [];
  expect(Number(percent) / (100 * log.at(-1).mfu)).toBeCloseTo(1, 1);
  expect((await logged(false)).log.map(({ mfu }) => mfu)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  // Nor are the device's measured where nothing is compared with them.
  expect(existsSync(cache)).toBe(false);
});

it('of the device are measured once', async () => {
  const tensors = tf.memory().numTensors;
  const measured = await peakFlops(folder);
  expect(measured).toBeGreaterThan(1e9);
  // No core does more than 32 multiplications and additions 5e9 times a second.
  if (!nativeBackend().isUsingGpuDevice) expect(measured).toBeLessThan(cpus().length * 2 * 32 * 5e9);
  expect(tf.memory().numTensors).toBe(tensors);
  const path = join(folder, 'peak-flops.json');
  const [[device, kept]] = Object.entries(JSON.parse(readFileSync(path, 'utf8')));
  expect(kept).toBe(measured);
  expect(device).toContain(`${cpus().length} x ${cpus()[0]?.model}`);
  writeFileSync(path, JSON.stringify({ [device]: 123, 'another device': 5 }));
  expect(await peakFlops(folder)).toBe(123);
  writeFileSync(path, JSON.stringify({ 'another device': 5, [device]: 0 }));
  const again = await peakFlops(folder);
  expect(again).toBeGreaterThan(1e9);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ 'another device': 5, [device]: again });
  writeFileSync(path, 'damaged');
  expect(await peakFlops(folder)).toBeGreaterThan(1e8);
  // In a place that cannot be a folder nothing can be kept.
  expect(await peakFlops(path)).toBeGreaterThan(1e8);
});
