/** What a method (one folder of `models/`) says of itself, beside what it does ({@link Method}). */
import type { z } from 'zod';
import type { Locate } from '../config/explain.ts';
import type { RunConfig } from '../config/run-config.ts';
import type { Tensor4D } from '../ops/tf.ts';
import type { RandomStream } from '../runtime/seed.ts';
import type { Method } from './method.ts';
import type { Released } from './released.ts';

/** A file of weights that a configuration's training needs. */
export interface NeededWeights {
  /** For people. */
  readonly label: string;
  /** The part of the configuration with the keys `network` and `weights` that ask for it. */
  readonly key: readonly string[];
  /** Undefined where `weights` is left out. */
  readonly path: string | undefined;
  readonly expected: string;
  /** How to come by it. */
  readonly fix: string;
}

/** What there is to say of a method: its name, its configuration, and how it is built. */
export interface MethodDefinition<Config extends RunConfig = RunConfig> {
  /** The value of `method` in configurations. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Its paper, as Markdown. */
  readonly paper: string;
  /** Its configuration: the keys of `commonShape` and its own. */
  readonly schema: z.ZodType<Config>;
  /** Throws a UserError when values contradict each other. Returns warnings about what is allowed but seldom meant. */
  check?(config: Config, locate: Locate): string[];
  /** Files that its training needs. */
  weightFiles?(config: Config): NeededWeights[];
  /**
   * What training makes of true sketches at l, for people who look at a data set: [n,s,s,1] in [-1, 1], -1 = line, in and out.
   * Methods that are given sketches as they are have none.
   *
   * @param random what is chosen at random is drawn from it.
   */
  roughen?(config: Config, sketch: Tensor4D, l: number, random: RandomStream): Tensor4D;
  /** Builds it, its networks initialised from the seed. */
  create(config: Config): Method;
  /** How weights that its authors released are recognised. */
  readonly released?: Released<Config>;
}

/** The definition of a method, typed by its schema. */
export function defineMethod<Config extends RunConfig>(
  definition: MethodDefinition<Config>,
): MethodDefinition {
  return definition;
}
