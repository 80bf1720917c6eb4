/** What a person wants to see of a training. */

import type { NamedImages } from '../../core/method.ts';
import type { Batch } from '../../data/types.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import { maskSketch, type Task } from './inputs.ts';
import type { DpsPredictor } from './predictor.ts';
import type { Refiner } from './refiner.ts';

/** Photo, what F is given, and what it makes of the true sketch. */
export function imageGeneratorVisuals(predictor: DpsPredictor, task: Task, batch: Batch): NamedImages {
  return tf.tidy(() => {
    const show = displayAt(batch.image.shape[1]);
    return {
      ...given(task, batch),
      'true sketch': show(maskSketch(task, batch.sketch, batch.hole)),
      'F of it': show(predictor.predictFromTrueSketch(batch)),
    };
  });
}

/** Photo and hole, then for each l the rough sketch, the refined one, the first image and, with F, the result. */
export function refinementVisuals(
  source: DpsPredictor | Refiner,
  task: Task,
  batch: Batch,
  ls: readonly number[],
): NamedImages {
  return tf.tidy(() => {
    const show = displayAt(batch.image.shape[1]);
    const images = given(task, batch);
    for (const l of ls) {
      const input = { ...batch, l };
      const made = 'predict' in source ? source.predict(input) : source.refine(input);
      images[`sketch, l = ${l}`] = show(made.roughSketch);
      images[`S_gen, l = ${l}`] = show(made.refinedSketch);
      images[`I_gen, l = ${l}`] = show(made.firstImage);
      if ('result' in made) images[`I_out, l = ${l}`] = show(made.result);
    }
    return images;
  });
}

function given(task: Task, { image, hole }: Batch): NamedImages {
  const photo = { photo: image.clone() };
  return task === 'edit' ? { ...photo, hole: tf.mul(image, tf.sub(1, hole)) as Tensor4D } : photo;
}

/** Sketches as grey images, and everything at one size. */
function displayAt(size: number) {
  return (x: Tensor4D): Tensor4D => {
    const coloured = x.shape[3] === 1 ? (tf.tile(x, [1, 1, 1, 3]) as Tensor4D) : x.clone();
    return coloured.shape[1] === size ? coloured : tf.image.resizeNearestNeighbor(coloured, [size, size]);
  };
}
