/** A training for the chaos test: pictures made here, tiny networks, a checkpoint after nearly every step. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { encodePair } from '../../src/data/pair.ts';
import { writeFileAtomically } from '../../src/runtime/files.ts';
import { stream } from '../../src/runtime/seed.ts';

const smokeConfig = fileURLToPath(new URL('../../configs/smoke.yaml', import.meta.url));
const SIDE = 64;

/** Writes pictures and a config of about `steps` steps, every stage included, into `folder`. Returns the config's path. */
export async function setUpTraining(
  folder: string,
  steps: number,
  { count = 24, levels = 3, batch = 2 } = {},
): Promise<string> {
  const pictures = join(folder, 'pictures');
  await mkdir(pictures, { recursive: true });
  for (let i = 0; i < count; i++)
    await writeFileAtomically(join(pictures, `${i}.png`), await encodePair(picture(i), SIDE));
  // Of F, and two phases of each level.
  const length = { steps: Math.ceil(steps / (1 + 2 * levels)) };
  const level = { batch, atFullRefinement: length, atDrawnRefinement: length, holePool: 8 };
  const config = {
    extends: smokeConfig,
    name: 'chaos',
    data: { source: { kind: 'celeba-hq', path: pictures }, cache: join(folder, 'cache') },
    model: { levels },
    training: {
      imageGenerator: { batch, duration: length },
      levels: Array.from({ length: levels }, () => ({ ...level })),
    },
    output: {
      logEvery: 1,
      samplesEvery: 50,
      sampleCount: 1,
      checkpointMinutes: 0.001,
      validationCount: 1,
      testCount: 1,
    },
  };
  const path = join(folder, 'chaos.yaml');
  await writeFileAtomically(path, stringify(config));
  return path;
}

/** A disc before a gradient, and its outline. */
function picture(index: number): { photo: Uint8Array; sketch: Uint8Array } {
  const random = stream(index, 'picture');
  const [x0, y0, radius] = [random.uniform(20, 44), random.uniform(20, 44), random.uniform(8, 18)];
  const [inside, outside] = [0, 1].map(() => Array.from({ length: 3 }, () => random.integer(0, 200)));
  const photo = new Uint8Array(SIDE * SIDE * 3);
  const sketch = new Uint8Array(SIDE * SIDE).fill(255);
  for (let p = 0; p < SIDE * SIDE; p++) {
    const distance = Math.hypot((p % SIDE) - x0, Math.floor(p / SIDE) - y0) - radius;
    const colour = distance < 0 ? inside : outside;
    for (let c = 0; c < 3; c++) photo[p * 3 + c] = colour[c] + Math.floor(p / SIDE / 2);
    if (Math.abs(distance) < 0.5) sketch[p] = 0;
  }
  return { photo, sketch };
}
