/** Inputs to compare a source and its export on: seeded, so that every export of a checkpoint is compared alike. */

import type { Port } from '../core/ports.ts';
import { drawFreeFormMask } from '../data/masks/free-form.ts';
import type { Values } from '../graph/onnx/session.ts';
import { type Tensor, type Tensor4D, tf } from '../ops/tf.ts';
import { type RandomStream, stream } from '../runtime/seed.ts';
import type { Computation } from './computation.ts';

/** The l of the samples of each batch: every l of interest, alone and together. */
const BATCHES: readonly (readonly number[])[] = [[0], [1], [0.25, 0.5, 0.75]];

/** One batch, and what the source makes of it. */
export interface Case {
  readonly inputs: Readonly<Record<string, Values>>;
  readonly expected: Readonly<Record<string, Values>>;
  /** How long the source took, s. */
  readonly seconds: number;
}

/** Inputs for a computation with its own results. */
export function makeCases(computation: Computation): Case[] {
  return BATCHES.map((ls, index) => {
    const inputs = Object.fromEntries(
      Object.entries(computation.inputs).map(([name, port]) => {
        const random = stream(1, 'proof', index, name);
        const samples = ls.map((l) => sampleOf(port, l, random));
        return [name, { shape: [ls.length, ...port.shape], data: joined(samples) }];
      }),
    );
    const begin = performance.now();
    const expected = runNative(computation.run, inputs);
    return { inputs, expected, seconds: (performance.now() - begin) / 1000 };
  });
}

/** Runs a function of tensors on the native engine. */
export function runNative(
  run: Computation['run'],
  inputs: Readonly<Record<string, Values>>,
): Record<string, Values> {
  const outputs = tf.tidy(() => {
    const tensors = Object.entries(inputs).map(
      ([name, { shape, data }]) => [name, tf.tensor(data, [...shape])] as const,
    );
    return run(Object.fromEntries(tensors));
  });
  const values = Object.entries(outputs).map(([name, tensor]) => [name, valuesOf(tensor)] as const);
  tf.dispose(outputs);
  return Object.fromEntries(values);
}

export function valuesOf(tensor: Tensor): Values {
  return { shape: [...tensor.shape], data: tensor.dataSync() as Float32Array };
}

function joined(samples: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(samples.reduce((sum, { length }) => sum + length, 0));
  samples.forEach((sample, i) => void whole.set(sample, i * sample.length));
  return whole;
}

function sampleOf({ kind, shape }: Port, l: number, random: RandomStream): Float32Array {
  const [side] = shape as [number];
  switch (kind) {
    case 'l':
      return Float32Array.of(l);
    case 'hole':
      return Float32Array.from(drawFreeFormMask(side, random));
    case 'sketch':
      return drawStrokes(side, random);
    case 'colour':
      return drawColours(side, random);
    case 'photo':
    case 'network':
      return smoothNoise(shape as [number, number, number], random);
  }
}

/** Soft spots of colour in [-1, 1]. */
function smoothNoise([h, w, c]: readonly [number, number, number], random: RandomStream): Float32Array {
  const GRID = 8;
  return tf.tidy(() => {
    const coarse = Float32Array.from({ length: GRID * GRID * c }, () => random.uniform(-1, 1));
    const picture = tf.tensor4d(coarse, [1, GRID, GRID, c]) as Tensor4D;
    return tf.image.resizeBilinear(picture, [h, w]).dataSync() as Float32Array;
  });
}

/** Strokes of random colours [size, size, 4], as the port has them; where there is none the numbers are others than 0. */
function drawColours(size: number, random: RandomStream): Float32Array {
  const colours = smoothNoise([size, size, 3], random);
  const where = drawFreeFormMask(size, random);
  return Float32Array.from({ length: 4 * size * size }, (_, i) => {
    const pixel = Math.floor(i / 4);
    return i % 4 === 3 ? where[pixel] : colours[3 * pixel + (i % 4)];
  });
}

/** A sketch of side `size`: paper with some wavy lines one pixel wide. */
function drawStrokes(size: number, random: RandomStream): Float32Array {
  const sketch = new Float32Array(size * size).fill(1);
  for (let stroke = 0; stroke < 8; stroke++) {
    let [x, y, angle] = [random.uniform(0, size), random.uniform(0, size), random.uniform(0, 2 * Math.PI)];
    const bend = random.uniform(-3, 3) / size;
    for (let step = 0; step < size / 2; step++) {
      const [column, row] = [Math.round(x), Math.round(y)];
      if (column >= 0 && column < size && row >= 0 && row < size) sketch[row * size + column] = -1;
      x += Math.cos(angle);
      y += Math.sin(angle);
      angle += bend;
    }
  }
  return sketch;
}
