/**
 * The comparison of an export with its source on seeded inputs, the same for every export of a checkpoint. It decides
 * whether the export is kept.
 */

import type { Computation } from '../core/computation.ts';
import type { Port } from '../core/ports.ts';
import { drawFreeFormMask } from '../data/holes.ts';
import type { Values } from '../graph/onnx/session.ts';
import { type Tensor, type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { type RandomStream, stream } from '../runtime/seed.ts';
import type { Precision } from '../weights/float16.ts';

/** Absolute differences between source and export, over all cases. */
export interface Difference {
  /** The largest. */
  readonly max: number;
  /** Their mean. */
  readonly mean: number;
  /** The source's largest number, or 1 if that is larger. */
  readonly scale: number;
}

/** How far an exported computation is from its source on the same inputs. */
export interface Proof {
  /** What was compared: `pipeline` or a network’s name. */
  readonly network: string;
  /** For example `onnx`. */
  readonly format: string;
  /** What ran the export. */
  readonly runtime: string;
  /** Of the largest difference, as a part of the output's scale: for images and sketches that is 1. */
  readonly tolerance: number;
  /** By output. */
  readonly outputs: Readonly<Record<string, Difference>>;
  /** How long the last case took, when everything was warm: the source on the native engine, and the export, s. */
  readonly seconds?: { readonly source: number; readonly exported: number };
}

/** Runs an exported model. */
export interface Runner {
  run(inputs: Readonly<Record<string, Values>>): Promise<Record<string, Values>>;
  close(): Promise<void>;
}

/** The largest difference that an export may have, see {@link Proof.tolerance}. */
export const toleranceOf = (precision: Precision): number => (precision === 'fp16' ? 2e-2 : 1e-4);

/** Runs an export on every case and compares. Closes the runner. */
export async function compareOutputs(
  cases: readonly Case[],
  runner: Runner,
): Promise<Pick<Proof, 'outputs' | 'seconds'>> {
  const totals = new Map<string, Total>();
  let seconds: Proof['seconds'];
  try {
    for (const { inputs, expected, seconds: source } of cases) {
      const begin = performance.now();
      const actual = await runner.run(inputs);
      if (source !== undefined) seconds = { source, exported: (performance.now() - begin) / 1000 };
      for (const [name, values] of Object.entries(expected)) {
        const total = totals.get(name) ?? { max: 0, sum: 0, count: 0, scale: 1 };
        totals.set(name, total);
        add(total, values, actual[name]);
      }
    }
  } finally {
    await runner.close();
  }
  const outputs = [...totals].map(
    ([name, { sum, count, ...rest }]) => [name, { ...rest, mean: sum / count }] as const,
  );
  return { outputs: Object.fromEntries(outputs), ...(seconds && { seconds }) };
}

interface Total {
  max: number;
  sum: number;
  count: number;
  scale: number;
}

function add(total: Total, a: Values, b: Values | undefined): void {
  if (!b || String(a.shape) !== String(b.shape)) {
    total.max = Number.POSITIVE_INFINITY;
    return;
  }
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs(a.data[i] - b.data[i]);
    // NaN counts as infinitely far off.
    total.max = Math.max(total.max, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    total.sum += difference;
    total.scale = Math.max(total.scale, Math.abs(a.data[i]));
  }
  total.count += a.data.length;
}

/** Throws a UserError when an export differs from its source by more than its tolerance. */
export function requireEqual({ network, format, tolerance, outputs }: Proof): void {
  for (const [name, { max, scale }] of Object.entries(outputs)) {
    if (max <= tolerance * scale) continue;
    throw new UserError(
      'The exported model does not compute what the checkpoint does; nothing was written.',
      {
        where: `${network} as ${format}: ${name}`,
        expected: `differences of at most ${tolerance * scale}`,
        got: String(max),
        fix:
          tolerance > 1e-3
            ? 'export with --precision fp32'
            : 'please report this, with the checkpoint’s config.yaml',
      },
    );
  }
}

/** A proof in a line for each output. */
export function describeProof({ network, format, runtime, outputs, seconds }: Proof): string[] {
  const lines = Object.entries(outputs).map(
    ([name, { max, mean }]) =>
      `${network}, ${format}: ${name} differs by ${max.toExponential(1)} at most, ${mean.toExponential(1)} on average`,
  );
  if (!seconds) return lines;
  const ratio = seconds.exported / seconds.source;
  const times = `${seconds.exported.toFixed(2)} s, native engine ${seconds.source.toFixed(2)} s`;
  return [...lines, `${network}, ${format}: three samples by ${runtime} ${times}: ratio ${ratio.toFixed(2)}`];
}

/** The values of l in each batch: both ends alone, and three values between them together. */
const BATCHES: readonly (readonly number[])[] = [[0], [1], [0.25, 0.5, 0.75]];

/** One batch of inputs with the source's outputs. */
export interface Case {
  readonly inputs: Readonly<Record<string, Values>>;
  readonly expected: Readonly<Record<string, Values>>;
  /** How long the source took, s, where that is of interest. */
  readonly seconds?: number;
}

/** Cases for a computation: seeded inputs with its outputs. */
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
    const expected = runOnValues(computation.run, inputs);
    return { inputs, expected, seconds: (performance.now() - begin) / 1000 };
  });
}

/** Runs a function of tensors on the current backend. */
export function runOnValues(
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

function valuesOf(tensor: Tensor): Values {
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
export function smoothNoise(
  [h, w, c]: readonly [number, number, number],
  random: RandomStream,
): Float32Array {
  const GRID = 8;
  return tf.tidy(() => {
    const coarse = Float32Array.from({ length: GRID * GRID * c }, () => random.uniform(-1, 1));
    const picture = tf.tensor4d(coarse, [1, GRID, GRID, c]) as Tensor4D;
    return tf.image.resizeBilinear(picture, [h, w]).dataSync() as Float32Array;
  });
}

/**
 * Strokes of random colours [size, size, 4]. Pixels without a stroke have colours other than 0 on purpose: the export must
 * ignore them as the source does.
 */
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
