import { describe, expect, it } from 'vitest';
import { buildGenerator as buildDeepFill, GENERATOR_NAMING } from '../../src/models/deepfill/generator.ts';
import {
  buildGenerator as buildScFegan,
  GENERATOR_NAMING as SCFEGAN,
} from '../../src/models/scfegan/generator.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { loadOriginalWeights, originalWeights } from '../../src/nn/original-names.ts';
import { buildSnPatchGan } from '../../src/nn/sn-patchgan.ts';
import { type LayersModel, tf } from '../../src/ops/tf.ts';
import { maxDifference } from '../finite-differences.ts';
import { randomise } from './support.ts';

const scFegan = () => buildScFegan({ name: 'S', channels: 9, width: 2 });
const deepFill = () => buildDeepFill({ name: 'G', width: 8, guided: true });
const entries = (network: LayersModel, naming = GENERATOR_NAMING) =>
  new Map(originalWeights(network, naming).map(({ key, variable, encode }) => [key, encode(variable)]));

describe('names of checkpoints', () => {
  it('are those of DeepFillv2', () => {
    const shapes = new Map([...entries(deepFill())].map(([key, tensor]) => [key, tensor.shape]));
    expect(shapes.get('inpaint_net/conv1/kernel')).toEqual([5, 5, 6, 8]);
    expect(shapes.get('inpaint_net/conv13_upsample/conv13_upsample_conv/bias')).toEqual([16]);
    expect(shapes.get('inpaint_net/pmconv4_downsample/kernel')).toEqual([3, 3, 8, 32]);
    const discriminator = buildSnPatchGan({ name: 'D', channels: 5, width: 4, kernelSize: 5 });
    // 102 variables with the discriminator's, as the original's graph has.
    expect(shapes.size + originalWeights(discriminator, GENERATOR_NAMING).length).toBe(102);
  });

  it('are those of SC-FEGAN, whose gates are convolutions of their own', () => {
    const shapes = new Map([...entries(scFegan(), SCFEGAN)].map(([key, tensor]) => [key, tensor.shape]));
    expect(shapes.get('generator/gconv1_ds/kernel')).toEqual([7, 7, 9, 2]);
    expect(shapes.get('generator/gconv1_ds_g/kernel')).toEqual([7, 7, 9, 2]);
    expect(shapes.get('generator/deconv4/w')).toEqual([5, 5, 8, 16]);
    // The original has 93 with `biases2`, which has no effect, of each of seven transposed convolutions.
    expect(shapes.size).toBe(93 - 7);
  });
});

describe('loadOriginalWeights', () => {
  it.each([
    ['DeepFillv2', deepFill, GENERATOR_NAMING],
    ['SC-FEGAN', scFegan, SCFEGAN],
  ] as const)('puts every variable of %s in its place', (_, build, naming) => {
    const [source, target] = [build(), build()];
    for (const layer of source.layers) randomise(layer);
    const variables = entries(source, naming);
    // Checkpoints have u as [1, n] and may hold other things.
    loadOriginalWeights(target, ({ key }) => variables.get(key)?.expandDims(0), naming);
    const copies = namedWeights(target);
    for (const [name, weight] of Object.entries(namedWeights(source)))
      expect(maxDifference(weight, copies[name])).toBe(0);
  });

  it('names what is missing or of another shape', () => {
    const network = deepFill();
    const variables = entries(network);
    expect(() => loadOriginalWeights(network, () => undefined, GENERATOR_NAMING)).toThrow(
      /inpaint_net\/conv1\/kernel[\s\S]*nothing/,
    );
    variables.set('inpaint_net/conv3/bias', tf.zeros([3]));
    expect(() => loadOriginalWeights(network, ({ key }) => variables.get(key), GENERATOR_NAMING)).toThrow(
      /conv3\/bias[\s\S]*\[16\][\s\S]*\[3\]/,
    );
  });
});
