/** The networks F, G and D alone. */

import { hingeLoss } from '../../../src/losses/adversarial.ts';
import { buildGenerator } from '../../../src/models/dps/generator.ts';
import { buildImageGenerator } from '../../../src/models/dps/image-generator.ts';
import { buildDiscriminator } from '../../../src/models/dps/networks.ts';
import { trainableWeights } from '../../../src/nn/network-weights.ts';
import { loadOriginalWeights, originalWeights } from '../../../src/nn/original-names.ts';
import { SpectralConv2D } from '../../../src/nn/spectral-norm.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../../src/ops/tf.ts';
import { type Check, compare } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { gradientTolerance, lossTolerance, NCHW, NETWORK, sixChannels } from '../layout.ts';

const NORMS = { BN: 'batch', IN: 'instance', None: 'none' } as const;

/** F of a case's options `size`, `in_channels`, `nef` and `norm`, with the case's weights. */
export function imageGeneratorOf(
  fixture: FixtureCase,
  options = fixture.options,
  prefix = 'F/',
): LayersModel {
  const network = buildImageGenerator({
    name: 'F',
    resolution: options.size,
    channels: options.in_channels,
    width: options.nef,
    norm: NORMS[(options.norm ?? 'None') as keyof typeof NORMS],
  });
  loadOriginalWeights(network, fixture.weights(prefix));
  return network;
}

export function checkImageGenerator(fixture: FixtureCase): Check[] {
  return (fixture.options.modes as string[]).flatMap((mode) => {
    const network = imageGeneratorOf(fixture);
    const y = network.apply(fixture.input('x'), { training: mode === 'train' }) as Tensor4D;
    const checks = [compare(fixture, `out/${mode}/y`, NCHW(y), NETWORK)];
    for (const { key, variable, encode } of originalWeights(network)) {
      const name = `out/${mode}/state/${key}`;
      if (fixture.has(name)) checks.push(compare(fixture, name, encode(variable), NETWORK));
    }
    return checks;
  });
}

export function checkGenerator(fixture: FixtureCase): Check[] {
  const { options } = fixture;
  const tolerance = { absolute: 1e-3 };
  const generators = [64, 128, 256].map((size) => {
    const network = buildGenerator({
      name: `G${size}`,
      channels: options.in_channels,
      width: options.nef,
      residualBlocks: options.n_layers,
      lowest: size === 64,
    });
    loadOriginalWeights(network, fixture.weights(`G${size}/`));
    return { size, network };
  });
  return Object.entries(options.l as Record<string, number | number[]>).flatMap(([caption, l]) => {
    const lColumn = tf.tensor2d([l].flat(), [[l].flat().length, 1]);
    let features: Tensor4D | undefined;
    return generators.flatMap(({ size, network }) => {
      const side = (length: number) => (length * size) / 256;
      const [height, width] = options.size256 as [number, number];
      const x = fixture.input(`x${size}`, [options.batch, options.in_channels, side(height), side(width)]);
      const [, style] = network.getLayer('rcb1.bn').input as TensorFlow.SymbolicTensor[];
      const withStyle = tf.model({ inputs: network.inputs, outputs: [style, ...network.outputs] });
      const outputs = withStyle.apply(features ? [x, lColumn, features] : [x, lColumn]) as Tensor4D[];
      features = outputs[1];
      const found: Record<string, Tensor> = {
        [`style${size}`]: outputs[0],
        [`feature${size}`]: NCHW(outputs[1]),
        [`out${size}`]: NCHW(sixChannels(outputs[2])),
      };
      return (options.keep as string[])
        .map((name) => name.replace(/_s2$/, ''))
        .filter((name) => name in found)
        .map((name) => compare(fixture, `out/${caption}/${name}`, found[name], tolerance));
    });
  });
}

export function checkDiscriminator(fixture: FixtureCase): Check[] {
  const { options } = fixture;
  const network = buildDiscriminator({
    name: 'D',
    channels: options.in_channels,
    width: options.ndf,
    layers: options.n_layers,
  });
  loadOriginalWeights(network, fixture.weights('D/'));
  const checks: Check[] = [];
  const score = (input: Tensor4D, training: boolean) => network.apply(input, { training }) as Tensor4D;
  const compareScores = (name: string, scores: Tensor4D) => {
    if (fixture.has(name)) checks.push(compare(fixture, name, NCHW(scores), NETWORK));
  };
  const compareVectors = (prefix: string) => {
    for (const { key, variable, encode } of originalWeights(network))
      if (fixture.has(`${prefix}/${key}`))
        checks.push(compare(fixture, `${prefix}/${key}`, encode(variable), NETWORK));
  };
  if (!fixture.has('in/x1')) {
    compareScores('out/train1', score(fixture.input('x1'), true));
    compareVectors('out/after1');
    return checks;
  }
  const [first, second] = [fixture.image('in/x1'), fixture.image('in/x2')];
  compareScores('out/eval0', score(first, false));
  // The gradients come last: power iterations move the singular vectors, so they are put back for the second run.
  const vectors = network.layers
    .filter((layer) => layer instanceof SpectralConv2D)
    .flatMap((layer) => [layer.u, layer.v])
    .map((variable) => ({ variable, value: variable.read().clone() }));
  compareScores('out/train1', score(first, true));
  compareVectors('out/after1');
  compareScores('out/train2', score(second, true));
  compareVectors('out/after2');
  compareScores('out/eval2', score(first, false));
  for (const { variable, value } of vectors) variable.write(value);
  const gan = hingeLoss(options.hinge);
  const loss = (x: Tensor4D) =>
    tf.add(gan.real(score(x, true)), gan.fake(score(second, true))) as TensorFlow.Scalar;
  const { value, grads } = tf.variableGrads(() => loss(first), Object.values(trainableWeights(network)));
  checks.push(compare(fixture, 'out/L_D', value, lossTolerance(fixture, 'out/L_D')));
  for (const { key, variable, encode } of originalWeights(network)) {
    const name = `grad/D/${key}`;
    if (fixture.has(name))
      checks.push(compare(fixture, name, encode(grads[variable.name]), gradientTolerance(fixture, name)));
  }
  if (fixture.has('grad/x1')) {
    for (const { variable, value: before } of vectors) variable.write(before);
    const gradient = tf.grad((x) => loss(x as Tensor4D))(first) as Tensor4D;
    checks.push(compare(fixture, 'grad/x1', NCHW(gradient), gradientTolerance(fixture, 'grad/x1')));
  }
  return checks;
}
