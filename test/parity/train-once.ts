import { CompiledStep } from '../../src/core/compiled-step.ts';
import { DeviceVariables } from '../../src/core/device-variables.ts';
import { type Learner, makeTrainable, nextAdamScalars } from '../../src/core/learner.ts';
import type { NamedTensors, Scalars, StepScalars } from '../../src/core/method.ts';
import { recordStep } from '../../src/core/step-function.ts';
import { assignNamed, namedWeights } from '../../src/nn/network-weights.ts';
import { type LayersModel, type TensorFlow, tf } from '../../src/ops/tf.ts';

/**
 * One step as trainings do it: recorded, undone, and done again by the function that was made of it.
 *
 * @param step is given the optimisers' numbers.
 * @param others networks that it changes besides those that learn.
 * @returns its losses.
 */
export function trainOnce(
  learners: readonly Learner[],
  step: (inputs: NamedTensors) => StepScalars,
  others: readonly LayersModel[] = [],
): Scalars {
  const stage = makeTrainable({ learners, step: () => expectNothing() });
  const inputs = nextAdamScalars(learners);
  const more = Object.assign({}, ...others.map(namedWeights)) as ReturnType<typeof namedWeights>;
  const [before, beforeMore] = [stage.state(), copies(more)];
  const recorded = recordStep(inputs, { ...stage.weights, ...more }, step);
  stage.restore(before);
  assignNamed(more, beforeMore);
  const variables = new DeviceVariables();
  const compiled = new CompiledStep(recorded, variables, 'switch');
  const values = compiled.run(inputs);
  const { losses } = compiled.named(values.dataSync());
  variables.pull();
  compiled.dispose();
  variables.dispose();
  tf.dispose([before, beforeMore, inputs, recorded.scalars, values]);
  return Object.fromEntries(
    Object.entries(losses).map(([name, loss]) => [name, tf.scalar(loss) as TensorFlow.Scalar]),
  );
}

const copies = (tensors: NamedTensors): NamedTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));

function expectNothing(): never {
  throw new Error('This stage is there for its state.');
}
