/** What a person wants to see of a training. */

import type { NamedImages } from '../../core/method.ts';
import type { Batch } from '../../data/types.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { ScFeganPredictor } from './predictor.ts';

/** Photo, what the generator is given (lines over strokes on paper in the hole), and its result, alone and in the photo. */
export function scFeganVisuals(predictor: ScFeganPredictor, batch: Batch): NamedImages {
  return tf.tidy(() => {
    const { image, sketch, hole, colour } = batch;
    const around = tf.mul(image, tf.sub(1, hole));
    const inPhoto = (x: Tensor4D): Tensor4D => tf.add(around, tf.mul(x, hole));
    const paper: Tensor4D = tf.onesLike(image);
    const strokes = colour ? tf.where(tf.cast(colour.where, 'bool'), colour.colours, paper) : paper;
    const { result } = predictor.predict(batch);
    return {
      photo: image.clone(),
      given: inPhoto(tf.minimum(strokes, sketch)),
      I_out: result,
      'in the photo': inPhoto(result),
    };
  });
}
