import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../src/export/run.ts';
import { importWeights } from '../../src/import/import.ts';
import {
  buildGenerator as buildDeepFill,
  GENERATOR_NAMING as DEEPFILL,
  DISCRIMINATOR_NAMING,
} from '../../src/models/deepfill/generator.ts';
import { loadMethod, trainedPredictor } from '../../src/models/load.ts';
import { loadConfig } from '../../src/models/read-config.ts';
import {
  buildGenerator as buildScFegan,
  GENERATOR_NAMING as SC_FEGAN,
} from '../../src/models/scfegan/generator.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { originalWeights, type Tf1Naming } from '../../src/nn/original-names.ts';
import { buildSnPatchGan } from '../../src/nn/sn-patchgan.ts';
import { type LayersModel, type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { maxDifference, normalTensor } from '../finite-differences.ts';
import { randomise } from '../nn/support.ts';
import { type BundleVariable, writeBundle } from '../weights/tensorflow1/write-bundle.ts';

const SIDE = 64;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tf1-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Variables = Map<string, BundleVariable>;

/** A network with random weights, which takes and makes colours in the order of its author's program. */
function original(network: LayersModel): LayersModel {
  for (const layer of network.layers) randomise(layer);
  // Little enough for pictures that are not all black or white.
  for (const weight of network.weights) tf.tidy(() => void weight.write(tf.mul(weight.read(), 0.3)));
  return network;
}

function variablesOf(...networks: readonly [LayersModel, Tf1Naming][]): Variables {
  const entries = networks.flatMap(([network, naming]) =>
    originalWeights(network, { ...naming, colours: {} }),
  );
  return new Map(
    entries.map(({ key, variable, shape, encode }) => [
      key,
      { shape, data: encode(variable).dataSync() as Float32Array },
    ]),
  );
}

const filled = (...shape: number[]): BundleVariable => ({
  shape,
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(0.5),
});

/** What training leaves beside the weights. */
function withTrainingState(variables: Variables): Variables {
  const state: Variables = new Map([
    ['lr', filled()],
    ['global_step', filled()],
    ['beta1_power', filled()],
    ['beta2_power_1', filled()],
  ]);
  for (const [key, { shape }] of variables)
    for (const slot of ['Adam', 'Adam_1']) state.set(`${key}/${slot}`, filled(...shape));
  return new Map([...variables, ...state]);
}

let count = 0;
async function imported(variables: Variables, path = (prefix: string) => `${prefix}.index`) {
  const own = join(folder, String(count++));
  const prefix = join(own, 'logs', 'snap-0');
  writeBundle(prefix, variables);
  const out = join(own, 'out');
  const result = await importWeights({ from: [path(prefix)], out, reporter: silent });
  if (result.kind !== 'checkpoint') throw new Error('no checkpoint');
  return result.checkpoint;
}

/** What an import says when it fails; it must have written nothing. */
async function refusal(variables: Variables): Promise<string> {
  const error = await imported(variables).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  const out = join(folder, String(count - 1), 'out');
  expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  return (error as UserError).message;
}

/** The image with its last channel first. */
const turned = (image: Tensor4D): Tensor4D => tf.reverse(image, 3);
const plane = (channels: number): Tensor4D => normalTensor([1, SIDE, SIDE, channels], 0.5) as Tensor4D;
const apply = (network: LayersModel, inputs: Tensor | Tensor[]): Tensor4D[] =>
  [network.apply(inputs)].flat() as Tensor4D[];

describe('DeepFillv2', () => {
  const generator = (guided: boolean) => original(buildDeepFill({ name: 'G', width: 8, guided }));
  const discriminator = (channels: number) =>
    original(buildSnPatchGan({ name: 'D', channels, width: 4, kernelSize: 5 }));

  it.each([true, false])('guided: %s: makes the same pictures of colours in our order', async (guided) => {
    const [G, D] = [generator(guided), discriminator(guided ? 5 : 4)];
    const variables = variablesOf([G, DEEPFILL], [D, DISCRIMINATOR_NAMING]);
    const checkpoint = await imported(withTrainingState(variables));
    expect(checkpoint).toMatchObject({ trained: ['G', 'D'], untrained: [] });
    expect(checkpoint.config).toMatchObject({
      method: 'deepfillv2',
      resolution: 256,
      model: { guided, width: 8, discriminatorWidth: 4 },
    });
    const { method } = await loadMethod(checkpoint.path);
    const { G: ours, D: ourD } = method.networks as { G: LayersModel; D: LayersModel };
    const [image, hole] = [plane(3), tf.cast(tf.greater(plane(1), 0.5), 'float32') as Tensor4D];
    const others = guided ? [hole, plane(1)] : [hole];
    const made = apply(ours, [image, ...others]);
    const expected = apply(G, [turned(image), ...others]);
    expect(made).toHaveLength(2);
    made.forEach((picture, i) => {
      expect(maxDifference(picture, turned(expected[i]))).toBeLessThan(1e-5);
      expect(maxDifference(picture, expected[i])).toBeGreaterThan(1e-2);
    });
    const scores = (network: LayersModel, x: Tensor4D) => apply(network, tf.concat([x, ...others], 3))[0];
    expect(maxDifference(scores(ourD, image), scores(D, turned(image)))).toBeLessThan(1e-5);
    expect(maxDifference(scores(ourD, image), scores(D, image))).toBeGreaterThan(1e-3);
    method.dispose();
  });

  it('as released, the generator alone: a checkpoint that predicts and trains on', async () => {
    const checkpoint = await imported(variablesOf([generator(false), DEEPFILL]), (prefix) =>
      join(prefix, '..'),
    );
    expect(checkpoint).toMatchObject({ trained: ['G'], untrained: ['D'] });
    expect(checkpoint.description).toBe('DeepFillv2 at 256 px, without a sketch');
    const loaded = await loadMethod(checkpoint.path);
    const files = loaded.checkpoint.origin!.map(({ file }) => file);
    expect(files).toEqual(['snap-0.index', 'snap-0.data-00000-of-00001']);
    const predictor = trainedPredictor(loaded);
    const batch = { image: plane(3), sketch: tf.ones([1, SIDE, SIDE, 1]), hole: tf.ones([1, SIDE, SIDE, 1]) };
    expect(predictor.predict(batch as never).result.shape).toEqual([1, SIDE, SIDE, 3]);
    loaded.method.dispose();
    const sets = ['data.source.kind=folder', `data.source.path=${folder}`];
    const { config } = loadConfig(checkpoint.fineTune, sets);
    expect(config.training.initialWeights).toContain('out');
  });

  it('comes back from an export, which has the original’s names and order of colours', async () => {
    const variables = variablesOf([generator(true), DEEPFILL]);
    const { path } = await imported(variables);
    const loaded = await loadMethod(path);
    const out = join(path, '..', 'export');
    await exportModel({ checkpoint: path, out, formats: ['safetensors'], network: 'G' });
    const file = join(out, 'safetensors/G.safetensors');
    for (const [key, { data }] of readSafetensors(file)) expect(data, key).toEqual(variables.get(key)!.data);
    const again = await importWeights({ from: [file], out: join(path, '..', 'again'), reporter: silent });
    const copy = await loadMethod((again as Extract<typeof again, { kind: 'checkpoint' }>).checkpoint.path);
    const [a, b] = [loaded, copy].map(({ method }) => namedWeights(method.networks.G));
    for (const [name, weight] of Object.entries(a)) expect(maxDifference(weight, b[name]), name).toBe(0);
    loaded.method.dispose();
    copy.method.dispose();
  });

  it('says what is missing, unexpected, of another shape or of no known size', async () => {
    const variables = variablesOf([generator(true), DEEPFILL]);
    variables.delete('inpaint_net/allconv17/bias');
    variables.set('inpaint_net/conv3/bias', filled(3));
    variables.set('inpaint_net/conv99/kernel', filled(1, 1, 2, 2));
    const message = await refusal(withTrainingState(variables));
    expect(message).toMatch(/missing: inpaint_net\/allconv17\/bias \[3\]/);
    expect(message).toMatch(/inpaint_net\/conv3\/bias: \[3\] in place of \[16\]/);
    expect(message).toMatch(/unexpected: inpaint_net\/conv99\/kernel \[1,1,2,2\]/);
    expect(message).toMatch(/3 that differ/);
    variables.set('inpaint_net/conv1/kernel', filled(5, 5, 4, 8));
    expect(await refusal(variables)).toMatch(/c = 5 \(photo, ones and mask\) or 6.*\[5,5,4,8\]/s);
    variables.set('inpaint_net/conv1/kernel', filled(5, 5, 5, 6));
    expect(await refusal(variables)).toMatch(/sizes that this program does not build[\s\S]*width/);
    variables.delete('inpaint_net/conv1/kernel');
    expect(await refusal(variables)).toMatch(/not known[\s\S]*inpaint_net\/allconv11/);
  });

  it('refuses numbers that are not finite', async () => {
    const variables = variablesOf([generator(false), DEEPFILL]);
    variables.get('inpaint_net/xconv6/bias')!.data[1] = Number.NaN;
    expect(await refusal(variables)).toMatch(/xconv6\/bias[\s\S]*NaN/);
  });
});

describe('SC-FEGAN', () => {
  it('makes the same pictures of colours in our order', async () => {
    const G = original(buildScFegan({ name: 'G', channels: 9, width: 4 }));
    const variables = variablesOf([G, SC_FEGAN]);
    for (let i = 1; i <= 7; i++) {
      const { shape } = variables.get(`generator/deconv${i}/biases1`)!;
      variables.set(`generator/deconv${i}/biases2`, filled(...shape));
    }
    expect(variables.size).toBe(93);
    const checkpoint = await imported(variables, (prefix) => prefix);
    expect(checkpoint).toMatchObject({ trained: ['G'], untrained: ['D'] });
    expect(checkpoint.config).toMatchObject({ method: 'sc-fegan', resolution: 512, model: { width: 4 } });
    const { method } = await loadMethod(checkpoint.path);
    const [image, colour] = [plane(3), plane(3)];
    const [sketch, rest] = [plane(1), plane(2)];
    const run = (network: LayersModel, turn: (x: Tensor4D) => Tensor4D) =>
      turn(apply(network, tf.concat([turn(image), sketch, turn(colour), rest], 3))[0]);
    const made = run(method.networks.G, (x) => x);
    expect(maxDifference(made, run(G, turned))).toBeLessThan(1e-5);
    expect(
      maxDifference(
        made,
        run(G, (x) => x),
      ),
    ).toBeGreaterThan(1e-2);
    method.dispose();
  });
});
