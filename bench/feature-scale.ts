/**
 * How large the features are that a perceptual loss compares, and how much they differ between a photo and a worse one:
 * `node --import tsx bench/feature-scale.ts FOLDER [--set KEY=VALUE ...]`, with up to 24 photos of a folder, their middle
 * squares at 256 px. The worse ones are blurred (Gaussian, 2 and 8 px), of JPEG's quality 20, and the next photo of the
 * folder.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import type { DpsConfig } from '../src/models/dps/config.ts';
import { loadPerceptualNetwork } from '../src/models/feature-network.ts';
import { readConfig } from '../src/models/read-config.ts';
import { vggFeatures } from '../src/nn/vgg.ts';
import { type Tensor4D, tf } from '../src/ops/tf.ts';
import { silent } from '../src/runtime/progress.ts';

const COUNT = 24;
const SIDE = 256;
const LAYERS = ['relu2_1', 'relu3_1'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { set: { type: 'string', multiple: true, default: [] } },
});
const [folder] = positionals;
const { config } = readConfig('configs/dps.yaml', ['loss.perceptual.network=hed-vgg16', ...values.set]);
const { perceptual } = (config as unknown as DpsConfig).loss;
const { vgg, normalise } = await loadPerceptualNetwork(perceptual, silent);

const names = (await readdir(folder)).filter((name) => /\.(jpe?g|png)$/i.test(name)).slice(0, COUNT);
const square = (name: string) =>
  sharp(join(folder, name)).resize(SIDE, SIDE).removeAlpha().toColourspace('srgb');
const raw = (image: Sharp) => image.raw().toBuffer();
const features = (bytes: Buffer) => {
  const image = tf.sub(
    tf.div(tf.tensor4d(new Float32Array(bytes), [1, SIDE, SIDE, 3]), 127.5),
    1,
  ) as Tensor4D;
  return vggFeatures(vgg, normalise(image), LAYERS);
};

const sums = new Map<string, number[]>();
const add = (what: string, numbers: number[]) =>
  sums.set(
    what,
    numbers.map((value, layer) => (sums.get(what)?.[layer] ?? 0) + value / names.length),
  );
for (const [i, name] of names.entries()) {
  const photo = await raw(square(name));
  const worse: [string, Buffer][] = [
    ['blurred by 2 px', await raw(square(name).blur(2))],
    ['blurred by 8 px', await raw(square(name).blur(8))],
    ['JPEG 20', await raw(sharp(await square(name).jpeg({ quality: 20 }).toBuffer()))],
    ['another photo', await raw(square(names[(i + 1) % names.length]))],
  ];
  tf.tidy(() => {
    const found = features(photo);
    add(
      'mean absolute activation',
      found.map((x) => tf.mean(tf.abs(x)).dataSync()[0]),
    );
    for (const [label, bytes] of worse) {
      const others = features(bytes);
      const differences = found.map(
        (x, layer) => tf.mean(tf.squaredDifference(x, others[layer])).dataSync()[0],
      );
      add(`mean squared difference, ${label}`, differences);
    }
  });
}
console.log(`${perceptual.network}, ${names.length} photos: ${LAYERS.join(', ')}`);
for (const [what, numbers] of sums)
  console.log(`${what.padEnd(44)} ${numbers.map((value) => value.toPrecision(3).padStart(8)).join('')}`);
