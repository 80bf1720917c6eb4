/** The optimiser, and how long its gradients are. */
import { attribute, runOp, runOps } from '../ops/raw.ts';
import { assignResource, createResource, destroyResource, readResource } from '../ops/resource.ts';
import { type Tensor, type TensorFlow, tf, type Variable } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  /** Added to the square root of the corrected second moment, as torch does. */
  epsilon: number;
  /** Whether it is added to the uncorrected root instead, as Lua's torch and TensorFlow 1 do. */
  uncorrectedEpsilon?: boolean;
  /** Gradients that are longer than this, all together, are shortened to it (Pascanu et al. 2013). Default: never. */
  clipNorm?: number | undefined;
}

interface Slots {
  readonly weight: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
}

/**
 * Adam (Kingma & Ba 2015) by TensorFlow's own kernel, one operation a weight. The moments live in TensorFlow's
 * resource variables; TF.js's variables take part in a step by reference.
 */
export class Adam {
  readonly #variables: Record<string, Variable>;
  readonly #options: AdamOptions;
  readonly #slots: Record<string, Slots> = {};
  /** Steps made. */
  count = 0;

  /** @param variables what is optimised, by unique name. */
  constructor(variables: Record<string, Variable>, options: AdamOptions) {
    this.#variables = variables;
    this.#options = options;
    for (const [name, variable] of Object.entries(variables)) {
      const slots = {
        weight: createResource(variable.shape),
        m: createResource(variable.shape),
        v: createResource(variable.shape),
      };
      this.#slots[name] = slots;
      tf.tidy(() => {
        assignResource(slots.m, tf.zerosLike(variable));
        assignResource(slots.v, tf.zerosLike(variable));
      });
    }
  }

  get variables(): Variable[] {
    return Object.values(this.#variables);
  }

  /**
   * The numbers of the next step, in double precision up to here, as `NAME/beta1Power` and the like; the count of steps
   * moves on. The caller disposes of them.
   *
   * @param learningRate of this step, by default the options'.
   */
  nextScalars(name: string, learningRate = this.#options.learningRate): Record<string, Tensor> {
    const { beta1, beta2, epsilon, uncorrectedEpsilon } = this.#options;
    this.count += 1;
    const correction2 = Math.sqrt(1 - beta2 ** this.count);
    return {
      [`${name}/beta1Power`]: tf.scalar(beta1 ** this.count),
      [`${name}/beta2Power`]: tf.scalar(beta2 ** this.count),
      [`${name}/learningRate`]: tf.scalar(learningRate),
      // The kernel adds epsilon to the uncorrected root.
      [`${name}/epsilon`]: tf.scalar(uncorrectedEpsilon ? epsilon : epsilon * correction2),
    };
  }

  /**
   * One step along gradients, which are given by the variables' own names (as `tf.variableGrads` does).
   *
   * @param scalars hold what {@link nextScalars} gave for this step, by the same `name`.
   */
  apply(
    gradients: Readonly<Record<string, Tensor>>,
    scalars: Readonly<Record<string, Tensor>>,
    name: string,
  ): void {
    const attributes = [
      attribute.type('T', 'float32'),
      attribute.bool('use_locking', false),
      attribute.bool('use_nesterov', false),
    ];
    tf.tidy(() => {
      const [beta1Power, beta2Power, learningRate, epsilon] = [
        'beta1Power',
        'beta2Power',
        'learningRate',
        'epsilon',
      ].map((scalar) => scalars[`${name}/${scalar}`]);
      const betas = [tf.scalar(this.#options.beta1), tf.scalar(this.#options.beta2)];
      const numbers = [beta1Power, beta2Power, learningRate, ...betas, epsilon];
      const scale = this.#clipScale(gradients);
      for (const [weightName, variable] of Object.entries(this.#variables)) {
        const gradient = gradients[variable.name];
        if (!gradient) continue;
        const { weight, m, v } = this.#slots[weightName];
        tf.tidy(() => {
          const used = scale ? tf.mul(gradient, scale) : gradient;
          assignResource(weight, variable);
          runOps('ResourceApplyAdam', attributes, [weight, m, v, ...numbers, used], 0);
          variable.assign(readResource(weight) as Variable);
        });
      }
    });
  }

  /** What gradients are multiplied by, so that they are not longer than they may be; undefined where they may. */
  #clipScale(gradients: Readonly<Record<string, Tensor>>): Tensor | undefined {
    const { clipNorm } = this.#options;
    return clipNorm === undefined
      ? undefined
      : tf.div(clipNorm, tf.maximum(gradientNorm(gradients), clipNorm));
  }

  /** Moments by `NAME/m` and `NAME/v`, and the scalar `step` under `stepName`. The caller disposes of them. */
  state(stepName: string): Record<string, Tensor> {
    const entries = Object.entries(this.#slots).flatMap(([name, { m, v }]) => [
      [`${name}/m`, readResource(m)] as const,
      [`${name}/v`, readResource(v)] as const,
    ]);
    return { ...Object.fromEntries(entries), [stepName]: tf.scalar(this.count, 'int32') };
  }

  /** Puts back what {@link state} gave. @throws UserError when something is missing or of another shape. */
  restore(stepName: string, state: Record<string, Tensor>): void {
    const step = state[stepName];
    if (!step) throw missing(stepName);
    for (const [name, variable] of Object.entries(this.#variables))
      for (const slot of ['m', 'v'])
        if (String(state[`${name}/${slot}`]?.shape) !== String(variable.shape))
          throw missing(`${name}/${slot}`);
    for (const [name, { m, v }] of Object.entries(this.#slots)) {
      assignResource(m, state[`${name}/m`]);
      assignResource(v, state[`${name}/v`]);
    }
    this.count = step.dataSync()[0];
  }

  dispose(): void {
    for (const slots of Object.values(this.#slots))
      for (const handle of Object.values(slots)) destroyResource(handle);
  }
}

const missing = (name: string) =>
  new UserError('The optimiser state does not fit this network.', {
    where: name,
    fix: 'use the configuration that the checkpoint was written with',
  });

/** The Euclidean length of all gradients together. Not finite where any of them holds a number that is not. */
export function gradientNorm(gradients: Readonly<Record<string, Tensor>>): TensorFlow.Scalar {
  return tf.tidy(() => {
    const halves = Object.values(gradients).map((gradient) =>
      runOp('L2Loss', [attribute.type('T', 'float32')], [gradient]),
    );
    return tf.sqrt(tf.mul(tf.addN(halves), 2)) as TensorFlow.Scalar;
  });
}
