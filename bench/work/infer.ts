import type { RunConfig } from '../../src/config/run-config.ts';
import { createMethod } from '../../src/models/registry.ts';
import { tf } from '../../src/ops/tf.ts';
import { makeUpBatch } from './made-up.ts';
import type { Work } from './work.ts';

/** The whole pipeline, from photo, hole and sketch to the pixels of the result. */
export function inferenceWork(config: RunConfig, count: number): Work {
  const predictor = createMethod(config).predictor();
  const batch = makeUpBatch(config, count);
  const iterate = () => {
    const prediction = predictor.predict({ ...batch, l: 0.5 });
    prediction.result.dataSync();
    tf.dispose({ ...prediction });
  };
  return { images: count, iterate };
}
