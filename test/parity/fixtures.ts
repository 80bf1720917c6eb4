/** Fixtures: cases that the original's own code computed, a manifest.json and one safetensors file a case. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OriginalWeight } from '../../src/nn/original-names.ts';
import { type Tensor, tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { readSafetensors, type StoredTensor } from '../../src/weights/safetensors.ts';
import { hashUniform, hashWeights } from './hash-uniform.ts';

/** What the manifest says of one tensor. */
export interface TensorNote {
  /** Error of the stored float32 result against float64: the least tolerance that makes sense. */
  readonly fp32_vs_fp64?: { readonly max_abs: number };
  /** A gradient that is zero but for rounding. */
  readonly noise_dominated?: boolean;
  /** Elements where already two float32 runs differ by a whole Adam step. */
  readonly 'elements_off_gt_1e-6'?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: options differ by component and come from a file of ours.
export type CaseOptions = Record<string, any>;

/** One case; tensors are in the original's layout: images NCHW, convolutions OIHW. */
export class FixtureCase {
  readonly id: string;
  readonly component: string;
  readonly options: CaseOptions;
  readonly folder: string;
  readonly #notes: Record<string, TensorNote>;
  readonly #generated: Record<string, GeneratedTensor>;
  readonly #stored: Map<string, StoredTensor>;

  constructor(folder: string, entry: ManifestCase) {
    this.id = entry.id;
    this.component = entry.component;
    this.options = entry.options;
    this.folder = folder;
    this.#notes = entry.tensors;
    this.#generated = entry.generated ?? {};
    this.#stored = readSafetensors(join(folder, entry.file));
  }

  /** Names of the stored tensors that begin with `prefix`. */
  names(prefix: string): string[] {
    return [...this.#stored.keys()].filter((name) => name.startsWith(prefix));
  }

  has(name: string): boolean {
    return this.#stored.has(name);
  }

  /** Whether an expected result is stored, whole or every second row and column of it (`NAME_s2`). */
  holds(name: string): boolean {
    return this.has(name) || this.has(`${name}_s2`);
  }

  /** An expected result, whole or halved. */
  expected(name: string): StoredTensor {
    return this.stored(this.has(name) ? name : `${name}_s2`);
  }

  /** Whether it is stored or made by the generator. */
  includes(name: string): boolean {
    return this.has(name) || name in this.#generated;
  }

  note(name: string): TensorNote {
    return this.#notes[name] ?? this.#notes[`${name}_s2`] ?? {};
  }

  stored(name: string): StoredTensor {
    const tensor = this.#stored.get(name);
    if (!tensor)
      throw new UserError(`The case ${this.id} lacks a tensor.`, { where: `${this.folder}: ${name}` });
    return tensor;
  }

  /** A tensor as float32, stored or from the generator. */
  tensor(name: string): Tensor {
    const made = this.#generated[name];
    if (made) {
      const size = made.shape.reduce((product, length) => product * length, 1);
      return tf.tensor(hashUniform(made.name, size, made.seed, made.lo, made.hi), [...made.shape]);
    }
    const { data, shape } = this.stored(name);
    return tf.tensor(Float32Array.from(data as ArrayLike<number>), [...shape], 'float32');
  }

  /** An image NCHW, stored or from the generator, as NHWC. */
  image(name: string): TensorOfImage {
    return tf.transpose(this.tensor(name), [0, 2, 3, 1]) as TensorOfImage;
  }

  /** An input image as NHWC, stored or from the generator; `shape` is NCHW. */
  input(name: string, shape?: readonly number[]): TensorOfImage {
    if (this.has(`in/${name}`)) return this.image(`in/${name}`);
    const dims: readonly number[] = shape ?? this.options.x_shape;
    const size = dims.reduce((product, length) => product * length, 1);
    const values: Float32Array = hashUniform(`in/${name}`, size, this.options.hash_seed, -1, 1);
    return tf.transpose(tf.tensor(values, [...dims]) as Tensor, [0, 2, 3, 1]) as TensorOfImage;
  }

  /** The weights of a network, stored or from the generator, for `loadOriginalWeights`. `prefix` ends with a slash. */
  weights(prefix: string): (weight: Pick<OriginalWeight, 'key' | 'shape'>) => Tensor | undefined {
    return ({ key, shape }) => {
      const name = `w/${prefix}${key}`;
      if (this.includes(name)) return this.tensor(name);
      if (this.options.weights !== 'hash') return undefined;
      const gain = this.options.gain ?? this.options.gains?.[prefix.slice(0, -1)] ?? 1;
      const values = hashWeights(`${prefix}${key}`, shape, this.options.hash_seed, gain);
      return tf.tensor(values, [...shape]);
    };
  }
}

type TensorOfImage = ReturnType<typeof tf.tensor4d>;

interface ManifestCase {
  readonly id: string;
  readonly component: string;
  readonly file: string;
  readonly options: CaseOptions;
  readonly tensors: Record<string, TensorNote>;
  readonly generated?: Record<string, GeneratedTensor>;
}

/** A tensor that is not stored but made by the portable generator. */
interface GeneratedTensor {
  readonly name: string;
  readonly seed: number;
  readonly shape: readonly number[];
  readonly lo: number;
  readonly hi: number;
}

/** The cases of a folder, opened one after another. @throws UserError when it holds no readable manifest. */
export function* openFixtures(folder: string): Generator<FixtureCase> {
  const path = join(folder, 'manifest.json');
  if (!existsSync(path))
    throw new UserError('There are no fixtures here.', {
      where: folder,
      expected: 'a folder with manifest.json',
      fix: 'give the folder with --fixtures',
    });
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { cases: ManifestCase[] };
  for (const entry of manifest.cases) yield new FixtureCase(folder, entry);
}
