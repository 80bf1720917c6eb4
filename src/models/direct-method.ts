import type { LearningStage } from '../core/learning-stage.ts';
import type { Method, NamedImages, Predictor, StagePlan, Trainable } from '../core/method.ts';
import type { NetworkDescription } from '../core/ports.ts';
import type { Batch } from '../data/types.ts';
import { type LayersModel, type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';

/**
 * A method that makes its result in one go: no l, and what learns is what predicts. A subclass says how each stage
 * learns, and what is predicted.
 */
export abstract class DirectMethod<Stage extends StagePlan = StagePlan> implements Method {
  abstract readonly networks: Readonly<Record<string, LayersModel>>;
  abstract readonly stages: readonly Stage[];
  readonly #task: 'edit' | 'synthesis';
  #current: LearningStage | undefined;

  constructor(task: 'edit' | 'synthesis') {
    this.#task = task;
  }

  protected abstract createStage(stage: Stage): LearningStage;
  abstract predictor(): Predictor;
  abstract describe(network: string): NetworkDescription;

  async prepareTraining(_reporter: Reporter): Promise<void> {}

  begin(stage: StagePlan): Trainable {
    this.#current?.dispose();
    this.#current = this.createStage(stage as Stage);
    return this.#current;
  }

  fill(batch: Batch): Tensor4D {
    return this.predictor().predict(batch).result;
  }

  visuals(batch: Batch): NamedImages {
    const predictor = this.predictor();
    return tf.tidy(() => {
      const { image, sketch, hole } = batch;
      const grey = tf.tile(tf.mul(sketch, hole), [1, 1, 1, 3]) as Tensor4D;
      return {
        photo: image.clone(),
        ...(this.#task === 'edit' && { hole: tf.mul(image, tf.sub(1, hole)) as Tensor4D }),
        ...(predictor.controls.includes('sketch') && { sketch: grey }),
        I_out: predictor.predict(batch).result,
      };
    });
  }

  dispose(): void {
    this.#current?.dispose();
    for (const network of Object.values(this.networks)) network.dispose();
  }
}
