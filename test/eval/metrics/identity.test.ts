import { createRequire } from 'node:module';
import type * as FaceApi from '@vladmandic/face-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createIdentity, FaceDescriptor } from '../../../src/eval/metrics/identity.ts';
import type { MetricBatch, SampleMetric } from '../../../src/eval/metrics/metric.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { disposeBatch, expectClose, readBatch, sample } from './support.ts';

let metric: SampleMetric;
let batch: MetricBatch;
beforeAll(async () => {
  metric = await createIdentity();
  batch = await readBatch(64);
});
afterAll(() => {
  metric.dispose();
  disposeBatch(batch);
});

it('equals what face-api says of the framed photo by itself', async () => {
  const { nets, SsdMobilenetv1Options, detectAllFaces } = createRequire(import.meta.url)(
    '@vladmandic/face-api/dist/face-api.node-gpu.js',
  ) as typeof FaceApi;
  expect(nets.faceRecognitionNet.isLoaded).toBe(true);
  const options = new SsdMobilenetv1Options({ minConfidence: 0.5 });
  const wanted: Float32Array[] = [];
  for (let i = 0; i < 4; i++) {
    const framed = tf.tidy(() => {
      const image = tf.squeeze(tf.slice(batch.truth, [i, 0, 0, 0], [1, -1, -1, -1]), [0]);
      const padded = tf.pad(
        image,
        [
          [64, 64],
          [64, 64],
          [0, 0],
        ],
        0.5,
      );
      return tf.cast(tf.round(tf.mul(padded, 255)), 'int32');
    });
    const input = framed as unknown as FaceApi.TNetInput;
    const [face] = await detectAllFaces(input, options).withFaceLandmarks().withFaceDescriptors();
    framed.dispose();
    wanted.push(face.descriptor);
  }
  const describer = await FaceDescriptor.load();
  const descriptors = await describer.describe(batch.truth, await describer.find(batch.truth));
  for (const [i, descriptor] of descriptors.entries()) {
    const difference = descriptor!.map((value, k) => value - wanted[i][k]);
    expect(Math.hypot(...difference) / Math.hypot(...wanted[i])).toBeLessThan(1e-3);
  }
});

it('is 1 for the photo itself, less for a damaged face, the same in every batch, and has no value without a face', async () => {
  const before = tf.memory().numTensors;
  const same = await metric.measure({ ...batch, result: batch.truth });
  for (const value of same.image!) expect(value).toBeCloseTo(1, 5);
  const damaged = await metric.measure(batch);
  for (const value of damaged.image!) expect(value).toBeLessThan(0.995);
  const one = sample(batch, 2);
  expectClose((await metric.measure(one)).image!, damaged.image!.slice(2, 3), 1e-5);
  const grey = tf.fill([1, 64, 64, 3], 0.5) as Tensor4D;
  expect((await metric.measure({ ...one, truth: grey })).image![0]).toBeNaN();
  grey.dispose();
  disposeBatch(one);
  expect(tf.memory().numTensors).toBe(before);
});
