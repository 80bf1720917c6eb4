import type { LayersModel } from '../../ops/tf.ts';
import { type DpsConfig, imageGeneratorLevel, levelResolution } from './config.ts';
import { buildDiscriminator } from './discriminator.ts';
import { buildGenerator, featuresOf } from './generator.ts';
import { buildImageGenerator } from './image-generator.ts';
import { initialize } from './initialize.ts';
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
  for (const network of [imageGenerator, imageDiscriminator]) initialize(network, seed);
  for (const level of levels) {
    initialize(level.generator, seed);
    initialize(level.discriminator, seed);
  }
  return { imageGenerator, imageDiscriminator, levels };
}
