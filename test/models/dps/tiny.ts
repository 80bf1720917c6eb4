import type { Batch } from '../../../src/data/types.ts';
import { originalNormalisation, perceptualLoss } from '../../../src/losses/perceptual.ts';
import { type DpsConfig, dpsSchema } from '../../../src/models/dps/config.ts';
import { Dps } from '../../../src/models/dps/method.ts';
import type { VggConvolutions } from '../../../src/nn/vgg.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { stream } from '../../../src/runtime/seed.ts';

/** A method of narrow networks: 64 px, levels at 16, 32 and 64 px unless told otherwise. */
export function tinyConfig(
  change: { task?: 'edit' | 'synthesis' | undefined; levels?: number; norm?: string } = {},
): DpsConfig {
  const { task = 'edit', levels = 3, norm = 'batch' } = change;
  return dpsSchema.parse({
    method: 'dps',
    task,
    resolution: 64,
    data: { source: { kind: 'faces' } },
    model: {
      levels,
      width: 3,
      residualBlocks: 1,
      discriminatorWidth: 3,
      discriminatorLayers: 2,
      imageGenerator: { width: 3, norm, discriminatorLayers: 2 },
    },
    refinement: { maxDilation: 9 },
    training: {
      levels: Array.from({ length: levels }, () => ({
        batch: 2,
        atFullRefinement: { steps: 1 },
        atDrawnRefinement: { steps: 1 },
        holePool: 4,
      })),
    },
  });
}

/** VGG's trunk, much narrower, with random weights. */
export function randomTrunk(): VggConvolutions {
  const channels = [3, 4, 4, 8, 8, 16];
  return channels.slice(1).map((output, index) => ({
    kernel: tf.randomNormal([3, 3, channels[index], output], 0, 0.3, 'float32', index + 1),
    bias: tf.zeros([output]),
  })) as unknown as VggConvolutions;
}

export function tinyMethod(config: DpsConfig): Dps {
  return new Dps(config, perceptualLoss(randomTrunk(), originalNormalisation, [1, 0.5]));
}

/** A batch of smooth images with some lines and a square hole. */
export function tinyBatch(count: number, size: number): Batch {
  const random = stream(1, 'tiny batch');
  const plane = (
    channels: number,
    value: (i: number, x: number, y: number, c: number) => number,
  ): Tensor4D => {
    const values = new Float32Array(count * size * size * channels);
    for (let i = 0, at = 0; i < count; i++)
      for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++)
          for (let c = 0; c < channels; c++, at++) values[at] = value(i, x / size, y / size, c);
    return tf.tensor4d(values, [count, size, size, channels]);
  };
  const phases = Array.from({ length: count * 3 }, () => random.uniform(0, 6));
  return {
    image: plane(3, (i, x, y, c) => Math.sin(4 * x + 3 * y + phases[i * 3 + c]) * 0.8),
    sketch: plane(1, (i, x) => (Math.abs(x - 0.4 - 0.1 * i) < 0.02 ? -1 : 1)),
    hole: plane(1, (_, x, y) => (x > 0.25 && x < 0.75 && y > 0.25 && y < 0.75 ? 1 : 0)),
  };
}
