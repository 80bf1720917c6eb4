import type {
  Accept,
  Method,
  NamedImages,
  NamedTensors,
  Position,
  StagePlan,
  StepInputs,
  StepScalars,
  Trainable,
} from '../../src/core/method.ts';
import type { NetworkDescription } from '../../src/core/ports.ts';
import type { Batch } from '../../src/data/types.ts';
import { gradientNorm } from '../../src/nn/adam.ts';
import { assignNamed, namedWeights } from '../../src/nn/network-weights.ts';
import { type LayersModel, type Tensor, type TensorFlow, tf, type Variable } from '../../src/ops/tf.ts';
import { RandomStream, stream } from '../../src/runtime/seed.ts';

/** A method of one tiny network that learns to copy sketches to images, with momentum and some noise of its own. */
export class FakeMethod implements Method {
  readonly networks: { A: LayersModel };
  readonly stages: readonly StagePlan[];
  #momentum: Variable[] = [];

  constructor(steps: readonly number[]) {
    const x = tf.input({ shape: [null, null, 1], name: 'A.x' });
    const kernelInitializer = tf.initializers.zeros();
    const conv = tf.layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1, kernelInitializer });
    this.networks = {
      A: tf.model({ name: 'A', inputs: x, outputs: conv.apply(x) as TensorFlow.SymbolicTensor }),
    };
    this.stages = steps.map((count, index) => ({
      name: `stage ${index + 1}`,
      summary: 'copies',
      learns: ['A'],
      batch: 2,
      duration: { steps: count },
      holePool: 4,
      holePoolName: 'pool',
    }));
  }

  async prepareTraining(): Promise<void> {}

  begin(stage: StagePlan): Trainable {
    for (const variable of this.#momentum) variable.dispose();
    const weights = this.networks.A.getWeights() as Variable[];
    const momentum = weights.map((weight) => tf.tidy(() => tf.variable(tf.zerosLike(weight), false)));
    this.#momentum = momentum;
    let random = stream(1, 'noise', stage.name);
    const variables = this.networks.A.trainableWeights.map((weight) => weight.read() as Variable);
    const named = namedWeights(this.networks.A);
    const names = variables.map((_, index) => `momentum/${index}`);
    return {
      inputs({ sketch, image, hole }: Batch): StepInputs {
        const noise = variables.map(
          (_, index) => [`noise/${index}`, tf.scalar(random.normal() * 0.01)] as const,
        );
        const batch = { sketch: sketch.clone(), image: image.clone(), hole: hole.clone() };
        return { tensors: { ...batch, ...Object.fromEntries(noise) } };
      },
      step: (inputs: NamedTensors, accept: Accept = () => true): StepScalars =>
        tf.tidy(() => {
          const { sketch, image, hole } = inputs;
          const { value, grads } = tf.variableGrads(() => {
            const result = this.networks.A.apply(sketch) as Tensor;
            return tf.mean(tf.mul(tf.squaredDifference(result, image), hole)) as TensorFlow.Scalar;
          }, variables);
          const measured = { losses: { difference: value }, gradientNorms: { copier: gradientNorm(grads) } };
          if (!accept(measured)) return measured;
          for (const [index, variable] of variables.entries()) {
            const gradient = tf.add(grads[variable.name], inputs[`noise/${index}`]);
            momentum[index].assign(tf.add(tf.mul(momentum[index], 0.9), gradient));
            variable.assign(tf.sub(variable, tf.mul(momentum[index], 0.01)));
          }
          return measured;
        }),
      state: (): NamedTensors => ({
        ...Object.fromEntries(momentum.map((value, index) => [names[index], value.clone()])),
        ...Object.fromEntries(Object.entries(named).map(([name, weight]) => [name, weight.clone()])),
      }),
      restore: (state: NamedTensors) => {
        for (const [index, variable] of momentum.entries()) variable.assign(state[names[index]] as Variable);
        assignNamed(named, state);
      },
      weights: { ...named, ...Object.fromEntries(momentum.map((value, index) => [names[index], value])) },
      position: () => ({ random: { noise: random.state() }, counts: [] }),
      moveTo: ({ random: { noise } }: Position) => {
        random = new RandomStream('', noise);
      },
    };
  }

  describe(): NetworkDescription {
    return { role: 'generator', side: 64, inputs: {}, outputs: {} };
  }

  predictor(): never {
    throw new Error('not needed here');
  }

  fill({ sketch }: Batch): TensorFlow.Tensor4D {
    return this.networks.A.predict(sketch) as TensorFlow.Tensor4D;
  }

  visuals({ image, sketch }: Batch): NamedImages {
    return { photo: image.clone(), result: this.networks.A.predict(sketch) as TensorFlow.Tensor4D };
  }

  dispose(): void {
    for (const variable of this.#momentum) variable.dispose();
    this.networks.A.dispose();
  }
}
