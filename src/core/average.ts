/**
 * The exponential moving average of a generator's weights (`training.ema`), which gives better images than the weights of
 * any single step (Yazıcı et al., ICLR 2019). All of its story is here:
 *
 * - The weights learn as ever; after each update their average moves towards them, on the device, within the step. A step
 *   that is discarded leaves it alone.
 * - All weights of a generator are averaged, running statistics of batch normalisation included (torch's AveragedModel with
 *   `use_buffers`): those of the last steps belong to the weights of the last steps, and with averaged weights they give worse
 *   images than no average would. Discriminators have no average.
 * - Whatever looks at a training from outside sees the average: sample grids and validation by {@link withAverages}; all that
 *   opens a checkpoint by `restoreNetworks`. When a stage's networks have learnt, their generator takes its average for
 *   good ({@link Average.settle}): later stages train with it.
 * - A checkpoint holds the weights that learn in the network's file, and the average as `WEIGHT/average` in the stage's.
 */
import { attribute, runOps } from '../ops/raw.ts';
import { assignResource, createResource, destroyResource, readResource } from '../ops/resource.ts';
import { type Tensor, tf, type Variable } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import type { NamedTensors, Trainable } from './method.ts';

export interface EmaOptions {
  /** What the average keeps of itself at each step, in (0, 1). In the first steps it is less: see {@link decayAt}. */
  readonly decay: number;
}

/** The decay at the n-th step of an optimiser, 1 being the first: lower at first, so that the initial weights fade soon. */
const decayAt = (decay: number, n: number): number => Math.min(decay, (1 + n) / (10 + n));

const averageName = (weight: string) => `${weight}/average`;

export class Average {
  readonly #decay: number;
  readonly #entries: readonly { name: string; weight: Variable; handle: Tensor }[];

  /** @param weights what is averaged, by unique name. The average begins with their values. */
  constructor(weights: Readonly<Record<string, Variable>>, { decay }: EmaOptions) {
    this.#decay = decay;
    this.#entries = Object.entries(weights).map(([name, weight]) => {
      const handle = createResource(weight.shape);
      assignResource(handle, weight);
      return { name: averageName(name), weight, handle };
    });
  }

  /** Its input of a training step. @param n the number of the optimiser's step. The caller disposes of it. */
  nextScalars(learner: string, n: number): NamedTensors {
    return { [`${learner}/averageShare`]: tf.scalar(1 - decayAt(this.#decay, n)) };
  }

  /** Moves towards the weights as they are now. @param inputs hold what {@link nextScalars} gave. */
  update(inputs: NamedTensors, learner: string): void {
    const attributes = [attribute.type('T', 'float32'), attribute.bool('use_locking', false)];
    const share = inputs[`${learner}/averageShare`];
    for (const { weight, handle } of this.#entries)
      tf.tidy(() => {
        const difference = tf.sub(readResource(handle), weight);
        // In place: the average minus the share of the difference.
        runOps('ResourceApplyGradientDescent', attributes, [handle, share, difference], 0);
      });
  }

  /** By the weights' names and `/average`. The caller disposes of the tensors. */
  state(): NamedTensors {
    return Object.fromEntries(this.#entries.map(({ name, handle }) => [name, readResource(handle)]));
  }

  /** Puts back what {@link state} gave. @throws UserError when something is missing or of another shape. */
  restore(state: NamedTensors): void {
    for (const { name, weight } of this.#entries) {
      if (String(state[name]?.shape) === String(weight.shape)) continue;
      throw new UserError('The saved averages do not fit this network.', {
        where: name,
        expected: `shape [${weight.shape}]`,
        got: state[name] ? `shape [${state[name].shape}]` : 'nothing',
        fix: 'use the configuration that the checkpoint was written with',
      });
    }
    for (const { name, handle } of this.#entries) assignResource(handle, state[name]);
  }

  /** Gives the network its averaged weights, and frees the average. */
  settle(): void {
    for (const { weight, handle } of this.#entries) {
      tf.tidy(() => weight.assign(readResource(handle) as Variable));
      destroyResource(handle);
    }
  }
}

/** Runs `use` with averaged weights in the networks that learn, as far as they have any, and then puts their own back. */
export async function withAverages<T>(
  { state, weights }: Pick<Trainable, 'state' | 'weights'>,
  use: () => Promise<T>,
): Promise<T> {
  const now = state();
  const own = new Map<Variable, Tensor>();
  for (const [name, weight] of Object.entries(weights)) {
    const average = now[averageName(name)];
    if (!average) continue;
    own.set(weight, weight.clone());
    weight.assign(average as Variable);
  }
  tf.dispose(now);
  try {
    return await use();
  } finally {
    for (const [weight, value] of own) weight.assign(value as Variable);
    tf.dispose([...own.values()]);
  }
}

/** The weights that a checkpoint wants to be used: a network's own, and their averages where the stage's file has some. */
export function averagedFile<Stored>(
  own: ReadonlyMap<string, Stored>,
  stage: ReadonlyMap<string, Stored> | undefined,
): ReadonlyMap<string, Stored> {
  return new Map([...own].map(([name, stored]) => [name, stage?.get(averageName(name)) ?? stored]));
}
