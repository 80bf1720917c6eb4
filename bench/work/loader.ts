import { PairLoader } from '../../src/data/loader.ts';
import { prepare } from '../../src/data/prepare.ts';
import type { DpsConfig } from '../../src/models/dps/config.ts';
import { type Reporter, silent } from '../../src/runtime/progress.ts';
import { withFaces } from './faces.ts';
import type { Work } from './work.ts';

/** Faces that are prepared; a loader of more samples reads them again and again. */
const FACES = 32;

/**
 * The loader on prepared built-in faces. An iteration takes as many batches as are decoded ahead: the first may have
 * been decoded before, but a queue's length of them takes what a queue takes.
 */
export async function loaderWork(
  config: DpsConfig,
  { batch, samples: count = FACES }: { batch: number; samples?: number },
  reporter: Reporter = silent,
): Promise<Work> {
  const { samples } = await prepare({ config: withFaces(config, FACES), reporter });
  const faces = [...samples.train, ...samples.validation, ...samples.test];
  const { ahead } = config.data;
  const loader = new PairLoader({
    name: 'bench',
    samples: Array.from({ length: count }, (_, i) => faces[i % faces.length]),
    resolution: config.resolution,
    batch,
    seed: 1,
    ahead,
    reporter,
  });
  const iterate = async () => {
    for (let i = 0; i < ahead; i++) await loader.next();
  };
  return { images: batch * ahead, iterate, end: () => loader.close() };
}
