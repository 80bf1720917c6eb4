import { describe, expect, it } from 'vitest';
import type { Computation } from '../../src/core/computation.ts';
import {
  compareOutputs,
  describeProof,
  makeCases,
  type Proof,
  requireEqual,
  runOnValues,
} from '../../src/export/proof.ts';
import type { Values } from '../../src/graph/onnx/session.ts';
import { tf } from '../../src/ops/tf.ts';

const computation: Computation = {
  name: 'sum',
  networks: [],
  inputs: {
    photo: { kind: 'photo', shape: [16, 16, 3], meaning: '' },
    hole: { kind: 'hole', shape: [16, 16, 1], meaning: '' },
    sketch: { kind: 'sketch', shape: [16, 16, 1], meaning: '' },
    l: { kind: 'l', shape: [1], meaning: '' },
  },
  outputs: { y: '', l: '' },
  run: ({ photo, hole, sketch, l }) => ({ y: tf.add(tf.mul(photo, hole), sketch), l: l.clone() }),
};

describe('makeCases', () => {
  const cases = makeCases(computation);

  it('has every l of interest, in batches of 1 and 3, the same each time', () => {
    expect(cases.map(({ inputs }) => [...inputs.l.data])).toEqual([[0], [1], [0.25, 0.5, 0.75]]);
    expect(cases.map(({ inputs }) => inputs.photo.shape[0])).toEqual([1, 1, 3]);
    expect(makeCases(computation).map(({ inputs }) => inputs)).toEqual(cases.map(({ inputs }) => inputs));
  });

  it('has photos, holes and sketches of their kind', () => {
    for (const { inputs } of cases) {
      expect(new Set(inputs.hole.data)).toEqual(new Set([0, 1]));
      expect(new Set(inputs.sketch.data)).toEqual(new Set([-1, 1]));
      expect(Math.max(...inputs.photo.data.map(Math.abs))).toBeLessThanOrEqual(1);
      expect(new Set(inputs.photo.data).size).toBeGreaterThan(100);
    }
  });

  it('leaves no tensors', () => {
    const before = tf.memory().numTensors;
    makeCases(computation);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('compareOutputs', () => {
  const cases = makeCases(computation);
  let closed = 0;
  const compare = (change: (outputs: Record<string, Values>) => void) =>
    compareOutputs(cases, {
      run: async (inputs) => {
        const outputs = runOnValues(computation.run, inputs);
        change(outputs);
        return outputs;
      },
      close: async () => void closed++,
    });

  it('gives the largest and the mean difference of each output', async () => {
    const { outputs } = await compare(({ y }) => {
      y.data[5] += 0.5;
    });
    expect(outputs.l).toEqual({ max: 0, mean: 0, scale: 1 });
    expect(outputs.y.max).toBeCloseTo(0.5, 5);
    expect(outputs.y.mean).toBeCloseTo((3 * 0.5) / (5 * 16 * 16 * 3), 6);
    expect(outputs.y.scale).toBeGreaterThan(1);
    expect(closed).toBe(1);
  });

  it('takes what is no number, missing or of another shape for as different as can be', async () => {
    const changes: ((outputs: Record<string, Values>) => void)[] = [
      ({ y }) => void y.data.fill(Number.NaN, 0, 1),
      (outputs) => {
        delete outputs.y;
      },
      (outputs) => {
        outputs.y = { shape: [1], data: new Float32Array(1) };
      },
    ];
    for (const change of changes)
      expect((await compare(change)).outputs.y.max).toBe(Number.POSITIVE_INFINITY);
  });

  it('closes what it runs when that fails', async () => {
    const before = closed;
    const failing = compare(() => {
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(closed).toBe(before + 1);
  });
});

describe('requireEqual', () => {
  const proof = (max: number, scale = 1): Proof => ({
    network: 'pipeline',
    format: 'onnx',
    runtime: 'onnxruntime',
    tolerance: 1e-4,
    outputs: { I_gen: { max: 0, mean: 0, scale: 1 }, I_out: { max, mean: 0, scale } },
    seconds: { source: 2, exported: 1 },
  });

  it('accepts the tolerance, and names what exceeds it', () => {
    requireEqual(proof(1e-4));
    expect(() => requireEqual(proof(1.1e-4))).toThrow(/pipeline as onnx: I_out/);
    expect(() => requireEqual(proof(Number.POSITIVE_INFINITY))).toThrow('Infinity');
  });

  it('measures outputs that are no pictures by their largest number', () => {
    requireEqual(proof(9e-4, 10));
    expect(() => requireEqual(proof(1.1e-3, 10))).toThrow('at most 0.001');
  });

  it('is described in lines', () => {
    expect(describeProof(proof(1e-5))).toEqual([
      'pipeline, onnx: I_gen differs by 0.0e+0 at most, 0.0e+0 on average',
      'pipeline, onnx: I_out differs by 1.0e-5 at most, 0.0e+0 on average',
      'pipeline, onnx: three samples by onnxruntime 1.00 s, native engine 2.00 s: ratio 0.50',
    ]);
  });
});
