/**
 * A step on more samples than fit into memory at once (`accumulate`): k batches of b samples make the step that one batch of
 * k·b would make.
 *
 * - The discriminator's gradients are taken on each batch and their mean is summed up on the device; then it learns. After
 *   that the same is done for the generator, against the discriminator that has learnt: so the generator runs twice on
 *   each batch. Memory holds one batch's activations, and the sums, which are as large as the weights.
 * - What layers keep by themselves (running statistics, singular vectors) begins each batch as it was before the step and
 *   moves on with the last batch alone, once a step. Batch normalisation sees b samples, so that with it a step is not
 *   quite that of k·b.
 * - `train/accumulated-step.ts` carries a step out, compiled or call by call.
 */
import { gradientNorm } from '../nn/adam.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { averageOverWorkers, workerCount } from '../ops/collectives.ts';
import { attribute, runOps } from '../ops/raw.ts';
import { assignResource, createResource, destroyResource, readResource } from '../ops/resource.ts';
import { type Tensor, tf, type Variable } from '../ops/tf.ts';
import type { NamedTensors, Part, StepParts, StepScalars } from './method.ts';

/** The share of a batch's gradients in the step's, 1/k, among the inputs. */
const SHARE = 'accumulate/share';
/** Whether the batch is the step's last one. */
const LAST = 'accumulate/last';

/** What each batch of a step has among its inputs. The caller disposes of it. */
export const accumulationInputs = (batch: number, count: number): NamedTensors => ({
  [SHARE]: tf.scalar(1 / count),
  [LAST]: tf.scalar(batch === count - 1, 'bool'),
});

/** The mean of a network's gradients over the batches of a step. */
export class GradientSum {
  /** By the variables' own names. */
  readonly #sums = new Map<string, Tensor>();

  /** Begins with 0 for these variables. */
  clear(variables: readonly Variable[]): void {
    for (const { name, shape } of variables) {
      const sum = this.#sums.get(name) ?? createResource(shape);
      this.#sums.set(name, sum);
      tf.tidy(() => assignResource(sum, tf.zeros(shape)));
    }
  }

  add(gradients: NamedTensors, inputs: NamedTensors): void {
    for (const [name, gradient] of Object.entries(gradients))
      tf.tidy(() => {
        const sum = this.#sums.get(name) as Tensor;
        runOps(
          'AssignAddVariableOp',
          [attribute.type('dtype', 'float32')],
          [sum, tf.mul(gradient, inputs[SHARE])],
          0,
        );
      });
  }

  /** Becomes the mean over all workers. */
  average(): void {
    if (workerCount() === 1) return;
    tf.tidy(() => {
      const sums = [...this.#sums.values()];
      for (const [i, mean] of averageOverWorkers(sums.map((sum) => readResource(sum))).entries())
        assignResource(sums[i], mean);
    });
  }

  /** The caller disposes of the tensors. */
  read(): NamedTensors {
    return Object.fromEntries([...this.#sums].map(([name, sum]) => [name, readResource(sum)]));
  }

  dispose(): void {
    for (const sum of this.#sums.values()) destroyResource(sum);
    this.#sums.clear();
  }
}

/** A network that learns, as far as sums of its gradients go. */
interface Summing {
  readonly network: Parameters<typeof namedWeights>[0];
  readonly adam: { readonly variables: Variable[] };
  readonly sum: GradientSum;
}

/**
 * The parts of a stage's step.
 *
 * @param learners the generator, and its discriminator where there is one.
 * @param run computes a part's gradients on a batch and adds them to its network's sum.
 * @param update has a network learn along gradients.
 */
export function stepParts<L extends Summing>(
  learners: readonly L[],
  run: (part: Part, inputs: NamedTensors) => StepScalars,
  update: (learner: L, gradients: NamedTensors, inputs: NamedTensors) => void,
): StepParts {
  const [generator, discriminator] = learners;
  const learnerOf = (part: Part) => (part === 'generator' ? generator : discriminator);
  const kept = learners.flatMap((learner) => {
    const learnt = new Set(learner.adam.variables);
    const own = Object.values(namedWeights(learner.network)).filter((variable) => !learnt.has(variable));
    return own.map((variable) => ({ variable, learner }));
  });
  const norm = (part: Part) => tf.tidy(() => gradientNorm(learnerOf(part).sum.read()));
  return {
    order: discriminator ? ['discriminator', 'generator'] : ['generator'],
    clear() {
      for (const { sum, adam } of learners) sum.clear(adam.variables);
    },
    sum(part, inputs) {
      const before = kept.map(({ variable }) => variable.clone());
      const scalars = run(part, inputs);
      for (const [i, { variable, learner }] of kept.entries()) {
        if (variable.dataId === before[i].dataId) continue;
        // While the discriminator learns, the generator runs to no other end; it runs again for its own.
        const stays = part === 'discriminator' && learner === generator;
        tf.tidy(() =>
          variable.assign((stays ? before[i] : tf.where(inputs[LAST], variable, before[i])) as Variable),
        );
      }
      tf.dispose(before);
      return scalars;
    },
    average: (part) => learnerOf(part).sum.average(),
    norm,
    apply(part, inputs) {
      const length = norm(part);
      tf.tidy(() => update(learnerOf(part), learnerOf(part).sum.read(), inputs));
      return { losses: {}, gradientNorms: { [part]: length } };
    },
  };
}
