/** The whole pipeline at test time, from the original's input picture to its output picture. */
import { join } from 'node:path';
import sharp from 'sharp';
import { buildGenerator, featuresOf } from '../../../src/models/dps/generator.ts';
import { generatorChannels } from '../../../src/models/dps/inputs.ts';
import { DpsPredictor, Refiner } from '../../../src/models/dps/predictor.ts';
import { loadOriginalWeights } from '../../../src/nn/original-names.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { type Check, check, compare } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { NCHW } from '../layout.ts';
import { imageGeneratorOf } from './networks.ts';
import { TASKS } from './sketch.ts';

const SIZES = [64, 128, 256];

export async function checkPipeline(fixture: FixtureCase): Promise<Check[]> {
  const { options } = fixture;
  const task = TASKS[options.task as string];
  const generators = SIZES.map((size, index) => {
    const network = buildGenerator({
      name: `G${size}`,
      channels: generatorChannels(task),
      width: options.nf,
      residualBlocks: options.n_layers,
      lowest: index === 0,
    });
    loadOriginalWeights(network, fixture.weights(`G${size}/`));
    return network;
  });
  const levels = SIZES.length;
  const below = generators.slice(0, -1).map(featuresOf);
  const refiner = new Refiner(below, generators.at(-1)!, { task, maxDilation: options.max_dilate, levels });
  const predictor = new DpsPredictor(refiner, imageGeneratorOf(fixture, options.F), {
    networks: [],
    task,
    level: levels,
    levels,
    resolution: options.img_size,
  });
  const batch = await readPicture(join(fixture.folder, options.png), options.img_size);
  const tolerance = { absolute: 1e-3 };
  return Object.entries(options.l as Record<string, number>).flatMap(([caption, l]) => {
    const input = { ...batch, l };
    const inputs = refiner.inputs(input);
    const { result, refinedSketch, firstImage, roughSketch } = predictor.predict(input);
    const lowest = inputs[0];
    const found: Record<string, Tensor4D> = {
      S_in64: task === 'edit' ? tf.mul(lowest.roughSketch, lowest.hole) : lowest.roughSketch,
      M64: tf.sub(tf.mul(lowest.hole, 2), 1),
      S_in256: roughSketch,
      S_gen: refinedSketch,
      I_gen: firstImage,
      I_out: result,
    };
    const checks = Object.entries(found)
      .map(([name, tensor]) => [`out/${caption}/${name}`, tensor] as const)
      .filter(([name]) => fixture.has(name) || fixture.has(`${name}_s2`))
      .map(([name, tensor]) => compare(fixture, name, NCHW(tensor), tolerance));
    const bytes = `out/${caption}/I_out_u8`;
    if (fixture.has(bytes)) {
      const written = tf.floor(tf.mul(tf.add(result, 1), 127.5)).dataSync();
      checks.push(check(bytes, written, fixture.stored(bytes).data as Uint8Array, { absolute: 1 }));
    }
    return checks;
  });
}

/** Photo, sketch and mask side by side, or, where the picture is square, a sketch alone. */
async function readPicture(path: string, size: number) {
  const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = tf.tensor4d(Float32Array.from(data), [1, info.height, info.width, info.channels]);
  const panel = (index: number, channels: number): Tensor4D =>
    tf.slice(pixels, [0, 0, index * size, 0], [1, size, size, channels]);
  const coded = (x: Tensor4D): Tensor4D => tf.sub(tf.div(x, 127.5), 1);
  if (info.width === size)
    return {
      sketch: coded(panel(0, 1)),
      image: tf.zeros([1, size, size, 3]) as Tensor4D,
      hole: tf.ones([1, size, size, 1]) as Tensor4D,
    };
  const hole = tf.div(panel(2, 1), 255) as Tensor4D;
  return { image: coded(panel(0, 3)), sketch: coded(panel(1, 1)), hole };
}
