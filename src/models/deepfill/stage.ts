import { AdversarialStage, type Forward } from '../../core/adversarial-stage.ts';
import type { Accept, StepScalars } from '../../core/method.ts';
import type { Batch } from '../../data/types.ts';
import { hingeLoss } from '../../losses/adversarial.ts';
import { meanAbsolute } from '../../losses/reconstruction.ts';
import type { AdamOptions } from '../../nn/adam.ts';
import { type LayersModel, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';

export interface DeepFillStageOptions {
  readonly adam: AdamOptions;
  /** Weight of the generator's adversarial loss, 1 in the original. */
  readonly adversarial: number;
  /** Weight of the L1 loss of both images, 1 in the original. */
  readonly reconstruction: number;
  /** Whether a sketch guides the generator. */
  readonly guided: boolean;
}

/** What the networks see of a batch. */
export interface DeepFillInputs {
  /** The photo [n,s,s,3] in [-1, 1]. */
  readonly image: Tensor4D;
  /** [n,s,s,1], 1 = hole. */
  readonly hole: Tensor4D;
  /** [n,s,s,1], 1 = line, 0 = paper and everywhere outside the hole. */
  readonly edges?: Tensor4D;
}

/** The inputs of a batch, whose sketch has -1 for lines. */
export function deepFillInputs({ image, hole, sketch }: Batch, guided: boolean): DeepFillInputs {
  if (!guided) return { image, hole };
  return { image, hole, edges: tf.mul(tf.mul(tf.sub(1, sketch), 0.5), hole) as Tensor4D };
}

/** The generator's input tensors, in its order. */
export function generatorInputs({ image, hole, edges }: DeepFillInputs): Tensor4D[] {
  const incomplete: Tensor4D = tf.mul(image, tf.sub(1, hole));
  return edges ? [incomplete, hole, edges] : [incomplete, hole];
}

/**
 * Training of DeepFillv2 (Yu et al. 2019, section 3.4; inpaint_model.py:131-213): SN-PatchGAN with the hinge loss and
 * L1 of the coarse and the refined image over all pixels. The original updates the discriminator on a batch of its own;
 * here both networks learn from one.
 */
export class DeepFillStage extends AdversarialStage {
  readonly lossNames = ['discriminator', 'adversarial', 'reconstruction'];
  readonly #options: DeepFillStageOptions;

  constructor(generator: LayersModel, discriminator: LayersModel, options: DeepFillStageOptions) {
    const { adam, adversarial } = options;
    super(generator, discriminator, {
      adam,
      gan: hingeLoss(1),
      weight: adversarial,
      discriminatorWeight: 0.5,
      judging: 'together',
    });
    this.#options = options;
  }

  step(batch: Batch, accept?: Accept): StepScalars {
    return tf.tidy(() => this.update(deepFillInputs(batch, this.#options.guided), accept));
  }

  update(inputs: DeepFillInputs, accept?: Accept): StepScalars {
    const { image, hole, edges } = inputs;
    /** The discriminator's input: image, hole and edges. */
    const conditioned = (x: Tensor4D) => tf.concat(edges ? [x, hole, edges] : [x, hole], 3) as Tensor4D;
    const forward = (): Forward => {
      const [incomplete] = generatorInputs(inputs) as [Tensor4D];
      const [coarse, refined] = this.generator.apply(generatorInputs(inputs), { training: true }) as [
        Tensor4D,
        Tensor4D,
      ];
      const difference = tf.add(meanAbsolute(image, coarse), meanAbsolute(image, refined));
      return {
        fake: conditioned(tf.add(tf.mul(refined, hole), incomplete)),
        losses: {
          reconstruction: tf.mul<TensorFlow.Scalar>(difference, this.#options.reconstruction),
        },
      };
    };
    return tf.tidy(() => this.play(conditioned(image), forward, accept));
  }
}
