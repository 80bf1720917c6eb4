/** The networks of Deep Plastic Surgery: how they are built, and what they are for others. */
import { lPort, type NetworkDescription, type Port } from '../../core/ports.ts';
import { drawWeights } from '../../nn/initial-weights.ts';
import { LeakyReLU } from '../../nn/leaky-relu.ts';
import { SpectralConv2D } from '../../nn/spectral-norm.ts';
import { type LayersModel, type TensorFlow, tf } from '../../ops/tf.ts';
import { type DpsConfig, imageGeneratorLevel, levelResolution } from './config.ts';
import { buildGenerator, featuresOf, LEAK } from './generator.ts';
import { buildImageGenerator } from './image-generator.ts';
import { discriminatorChannels, generatorChannels } from './inputs.ts';

/** One level of the progressive generator. */
export interface LevelNetworks {
  /** Named G and its resolution, for example `G64`. */
  readonly generator: LayersModel;
  /** The generator without its picture: what the levels above need of it. */
  readonly features: LayersModel;
  readonly discriminator: LayersModel;
}

export interface DpsNetworks {
  /** F. */
  readonly imageGenerator: LayersModel;
  /** F's own discriminator, `FD`. */
  readonly imageDiscriminator: LayersModel;
  /** Lowest first. */
  readonly levels: readonly LevelNetworks[];
}

/** Builds all networks of a configuration, initialised from its seed. */
export function buildNetworks(config: DpsConfig): DpsNetworks {
  const { task, model, seed } = config;
  const channels = generatorChannels(task);
  const discriminator = (name: string, layers: number, width: number) =>
    buildDiscriminator({ name, channels: discriminatorChannels(task), width, layers });
  const levels = Array.from({ length: model.levels }, (_, index) => {
    const resolution = levelResolution(config, index + 1);
    const generator = buildGenerator({
      name: `G${resolution}`,
      channels,
      width: model.width,
      residualBlocks: model.residualBlocks,
      lowest: index === 0,
    });
    const layers = model.discriminatorLayers + index;
    return {
      generator,
      features: featuresOf(generator),
      discriminator: discriminator(`D${resolution}`, layers, model.discriminatorWidth),
    };
  });
  const { width, norm, discriminatorLayers } = model.imageGenerator;
  const imageGenerator = buildImageGenerator({
    name: 'F',
    resolution: levelResolution(config, imageGeneratorLevel(config)),
    channels,
    width,
    norm,
  });
  const imageDiscriminator = discriminator('FD', discriminatorLayers, width);
  for (const network of [imageGenerator, imageDiscriminator]) drawWeights(network, seed, 'normal');
  for (const level of levels) {
    drawWeights(level.generator, seed, 'normal');
    drawWeights(level.discriminator, seed, 'normal');
  }
  return { imageGenerator, imageDiscriminator, levels };
}

export interface DiscriminatorOptions {
  name: string;
  channels: number;
  width: number;
  /** Layers of stride 2; two of stride 1 follow. */
  layers: number;
}

/**
 * The discriminator D: a patch discriminator with spectral normalisation (DeepPS models.py:360-403).
 * x [n,h,w,channels] → scores [n,h',w',width], any real numbers; higher is more real. Every score
 * counts alike.
 */
export function buildDiscriminator(options: DiscriminatorOptions): LayersModel {
  const { name, channels, width, layers } = options;
  const filters = Array.from({ length: layers + 1 }, (_, i) => width * Math.min(8, 2 ** i));
  const x = tf.input({ shape: [null, null, channels], name: `${name}.x` });
  let h: TensorFlow.SymbolicTensor = x;
  [...filters, width].forEach((count, index) => {
    const conv = new SpectralConv2D({
      // The original's Sequential counts padding, convolution and activation.
      name: `model.${3 * index + 1}`,
      filters: count,
      kernelSize: 4,
      stride: index < layers ? 2 : 1,
      pad: 2,
    });
    h = conv.apply(h) as TensorFlow.SymbolicTensor;
    if (index <= layers) h = new LeakyReLU({ slope: LEAK }).apply(h) as TensorFlow.SymbolicTensor;
  });
  return tf.model({ name, inputs: x, outputs: h });
}

/** What a network is for others: what it takes and gives, and its weights in exports. @param name of one of the networks. */
export function describeNetwork(config: DpsConfig, built: DpsNetworks, name: string): NetworkDescription {
  for (const [index, { generator, discriminator }] of built.levels.entries()) {
    const side = levelResolution(config, index + 1);
    if (name === generator.name) return describeGenerator(generator, side);
    if (name === discriminator.name) return describeDiscriminator(discriminator, side);
  }
  const side = levelResolution(config, imageGeneratorLevel(config));
  if (name !== built.imageGenerator.name) return describeDiscriminator(built.imageDiscriminator, side);
  const inputs = inputsOf(built.imageGenerator, side);
  return { role: 'generator', side, inputs, outputs: { image: 'RGB in [-1, 1]' } };
}

function describeGenerator(network: LayersModel, side: number): NetworkDescription {
  const [, , channels] = network.getLayer('conv2').weights[0].shape as number[];
  return {
    role: 'generator',
    side,
    family: 'G',
    inputs: inputsOf(network, side),
    outputs: { features: 'for the level above', picture: 'refined sketch and RGB, in [-1, 1]' },
    unusedWeights: { 'conv3.weight': [3, channels, 3, 3], 'conv3.bias': [3] },
  };
}

function describeDiscriminator(network: LayersModel, side: number): NetworkDescription {
  return { role: 'discriminator', side, inputs: inputsOf(network, side), outputs: { scores: 'of patches' } };
}

function inputsOf({ inputNames, inputs }: LayersModel, side: number): Record<string, Port> {
  const ports = inputNames.map((full, i) => {
    const input = full.replace(/^.*\./, '');
    return [input, portOf(input, inputs[i].shape, side)] as const;
  });
  return Object.fromEntries(ports);
}

function portOf(name: string, shape: readonly (number | null)[], side: number): Port {
  if (name === 'l') return lPort;
  const below = name === 'below';
  return {
    kind: 'network',
    shape: shape.slice(1).map((length) => length ?? (below ? side / 2 : side)),
    meaning: below ? 'features of the level below' : 'the pictures that it sees, as channels in [-1, 1]',
  };
}
