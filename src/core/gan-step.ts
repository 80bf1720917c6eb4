/** One update of networks that learn: a generator against its discriminator, or a network by itself. */
import { gradientNorm } from '../nn/adam.ts';
import { valueAndGradients } from '../ops/backpropagation.ts';
import { averageOverWorkers } from '../ops/collectives.ts';
import { withoutTape } from '../ops/gradients.ts';
import { type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import { type Learner, update } from './learner.ts';
import type { Accept, NamedTensors, Part, Scalars, StepScalars } from './method.ts';

/** A generator and the discriminator that it learns against. */
export interface Adversaries {
  readonly generator: Learner;
  readonly discriminator: Learner;
}

export interface GanStep<Made> extends Adversaries {
  /** Runs the generator in training. */
  readonly generate: () => Made;
  /** Weighted; the discriminator minimises their sum. What the generator made is a constant to it. */
  readonly discriminatorLosses: (made: Made) => Scalars;
  /** Weighted; the generator minimises their sum, against the discriminator after its update. */
  readonly generatorLosses: (made: Made) => Scalars;
  /** Whether the discriminator's losses contain a gradient, as a gradient penalty does. */
  readonly secondOrder?: boolean;
}

/**
 * Updates the discriminator, then the generator. Originals run the generator once for each update. Here it runs once,
 * and the discriminator learns from the result before the generator's own losses are computed, which gives the same
 * numbers in less time.
 *
 * @param inputs of the training step, with the optimisers' numbers.
 * @param accept see {@link Accept}; or a part of the step, whose gradients are summed in place of an update of its network.
 * @returns all losses, and the lengths of both networks' gradients.
 */
export function ganStep<Made>(
  { generator, discriminator, ...options }: GanStep<Made>,
  inputs: NamedTensors,
  accept: Accept | Part = () => true,
): StepScalars {
  const { generate, discriminatorLosses, generatorLosses, secondOrder = false } = options;
  const losses: Scalars = {};
  const gradientNorms: Scalars = {};
  const discriminatorGradients = (made: Made) => {
    const loss = () => keptSum(discriminatorLosses(made), losses);
    const { variables } = discriminator.adam;
    // Only TF.js's own tape, which keeps everything, records gradients of gradients.
    return secondOrder ? tf.variableGrads(loss, variables).grads : valueAndGradients(loss, variables).grads;
  };
  const { variables } = generator.adam;
  tf.tidy(() => {
    if (accept === 'discriminator') discriminator.sum.add(discriminatorGradients(generate()), inputs);
    else if (accept === 'generator') {
      const { grads } = valueAndGradients(() => keptSum(generatorLosses(generate()), losses), variables);
      generator.sum.add(grads, inputs);
    } else {
      const { grads: own } = valueAndGradients(() => {
        const made = generate();
        withoutTape(() => {
          const found = overWorkers(discriminatorGradients(made));
          update(discriminator, found, inputs);
          gradientNorms.discriminator = tf.keep(gradientNorm(found));
        });
        return keptSum(generatorLosses(made), losses);
      }, variables);
      const grads = overWorkers(own, losses);
      gradientNorms.generator = tf.keep(gradientNorm(grads));
      if (accept({ losses, gradientNorms })) update(generator, grads, inputs);
    }
  });
  return { losses, gradientNorms };
}

/**
 * Updates one network, which minimises the sum of its weighted losses.
 *
 * @param inputs of the training step, with the optimiser's numbers.
 * @param accept in place of a whole step its gradients may be summed; see {@link ganStep}.
 */
export function singleStep(
  learner: Learner,
  computeLosses: () => Scalars,
  inputs: NamedTensors,
  accept: Accept | Part = () => true,
): StepScalars {
  const losses: Scalars = {};
  const gradientNorms: Scalars = {};
  tf.tidy(() => {
    const { grads: own } = valueAndGradients(() => keptSum(computeLosses(), losses), learner.adam.variables);
    if (typeof accept !== 'function') {
      learner.sum.add(own, inputs);
      return;
    }
    const grads = overWorkers(own, losses);
    gradientNorms.generator = tf.keep(gradientNorm(grads));
    if (accept({ losses, gradientNorms })) update(learner, grads, inputs);
  });
  return { losses, gradientNorms };
}

/**
 * The means of a network's gradients over all workers. The losses become their means, too: all of a step at once, with the
 * gradients that are known last.
 */
function overWorkers(gradients: NamedTensors, losses: Scalars = {}): NamedTensors {
  const names = Object.keys(gradients);
  const own = Object.entries(losses);
  const means = averageOverWorkers([...Object.values(gradients), ...own.map(([, loss]) => loss)]);
  for (const [i, [name, loss]] of own.entries()) {
    const mean = means[names.length + i] as TensorFlow.Scalar;
    if (mean === loss) continue;
    losses[name] = tf.keep(mean);
    loss.dispose();
  }
  return Object.fromEntries(names.map((name, i) => [name, means[i]]));
}

/** The sum of the terms, each of which goes into `kept` and outlives the step. */
function keptSum(terms: Scalars, kept: Scalars): TensorFlow.Scalar {
  for (const [name, term] of Object.entries(terms)) kept[name] = tf.keep(term);
  return tf.addN(Object.values(terms)) as TensorFlow.Scalar;
}

/** The discriminator's scores in training. */
export function scores({ network }: Learner, samples: Tensor4D): Tensor4D {
  return network.apply(samples, { training: true }) as Tensor4D;
}

/**
 * The discriminator's scores of real and of generated samples, from which it learns. It is run on the one kind and then
 * on the other, or on both as one batch; which of these shows in the state of its normalisation.
 */
export interface BothScores {
  readonly ofReal: Tensor4D;
  readonly ofFake: Tensor4D;
}

export function realFirst(discriminator: Learner, real: Tensor4D, fake: Tensor4D): BothScores {
  const ofReal = scores(discriminator, real);
  return { ofReal, ofFake: scores(discriminator, fake) };
}

export function generatedFirst(discriminator: Learner, real: Tensor4D, fake: Tensor4D): BothScores {
  const ofFake = scores(discriminator, fake);
  return { ofReal: scores(discriminator, real), ofFake };
}

export function together(discriminator: Learner, real: Tensor4D, fake: Tensor4D): BothScores {
  const all = scores(discriminator, tf.concat([real, fake], 0) as Tensor4D);
  const [ofReal, ofFake] = tf.split(all, 2, 0) as [Tensor4D, Tensor4D];
  return { ofReal, ofFake };
}
