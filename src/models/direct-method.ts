/** A method that makes its result in one go: no l, and what learns is what predicts. */
import { disposeLearners, type Learner, type LearningStage, makeTrainable } from '../core/learner.ts';
import type { Method, NamedImages, Predictor, StagePlan } from '../core/method.ts';
import type { Batch } from '../data/types.ts';
import { type Tensor, type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';

/** What such a method is made of. */
export interface DirectMethod extends Pick<Method, 'networks' | 'stages' | 'predictor' | 'describe'> {
  readonly task: 'edit' | 'synthesis';
  /** Begins a stage of `stages`. */
  learn(stage: StagePlan): LearningStage;
  /** See {@link Method.prepareTraining}. */
  prepareTraining?(reporter: Reporter): Promise<void>;
  /** See {@link Method.visuals}; by default {@link directVisuals}. */
  visuals?(batch: Batch): NamedImages;
  /** Tensors to dispose of with the method. */
  readonly owned?: readonly Tensor[];
}

export function directMethod(parts: DirectMethod): Method {
  const { task, networks, stages } = parts;
  const predictor = () => parts.predictor();
  let learners: readonly Learner[] = [];
  return {
    networks,
    stages,
    predictor,
    describe: (network) => parts.describe(network),
    prepareTraining: async (reporter) => parts.prepareTraining?.(reporter),
    begin(stage) {
      disposeLearners(learners);
      const learning = parts.learn(stage);
      learners = learning.learners;
      return makeTrainable(learning);
    },
    fill: (batch) => predictor().predict(batch).result,
    visuals: (batch) => parts.visuals?.(batch) ?? directVisuals(task, predictor(), batch),
    dispose() {
      disposeLearners(learners);
      for (const network of Object.values(networks)) network.dispose();
      tf.dispose([...(parts.owned ?? [])]);
    },
  };
}

/** Photo, hole and sketch as far as they are given, and the result. */
function directVisuals(task: DirectMethod['task'], predictor: Predictor, batch: Batch): NamedImages {
  return tf.tidy(() => {
    const { image, sketch, hole } = batch;
    const grey = tf.tile(tf.mul(sketch, hole), [1, 1, 1, 3]) as Tensor4D;
    return {
      photo: image.clone(),
      ...(task === 'edit' && { hole: tf.mul(image, tf.sub(1, hole)) as Tensor4D }),
      ...(predictor.controls.includes('sketch') && { sketch: grey }),
      I_out: predictor.predict(batch).result,
    };
  });
}
