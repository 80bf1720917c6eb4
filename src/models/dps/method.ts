/** Deep Plastic Surgery as a method: its stages in order, what they train, and what one sees of it. */
import type { Adversaries } from '../../core/gan-step.ts';
import { disposeLearners, type LearningStage, makeLearner, makeTrainable } from '../../core/learner.ts';
import type { Collapse, Method, NamedImages, StagePlan, Trainable } from '../../core/method.ts';
import type { NetworkDescription } from '../../core/ports.ts';
import type { Batch } from '../../data/types.ts';
import { hingeLoss } from '../../losses/adversarial.ts';
import type { PerceptualLoss } from '../../losses/perceptual.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { type RandomStream, stream } from '../../runtime/seed.ts';
import { createPerceptualLoss } from '../feature-network.ts';
import { type DpsConfig, imageGeneratorLevel, levelResolution } from './config.ts';
import { buildNetworks, type DpsNetworks, describeNetwork } from './networks.ts';
import { DpsPredictor, imageGeneratorVisuals, Refiner, refinementVisuals } from './predictor.ts';
import { type DpsLosses, imageGeneratorStage, refinementStage } from './training.ts';

/** A stage, and what it trains: level 0 is F alone. */
interface DpsStage extends StagePlan {
  readonly level: number;
  /** Values of l that batches draw from. */
  readonly ls: readonly number[];
}

/** Networks that go on learning while the stages are of one level. */
interface Learning extends Adversaries {
  readonly level: number;
  /** Draws l, and how sketches are degraded. */
  readonly random: RandomStream;
}

const freeLearning = ({ generator, discriminator }: Learning) => disposeLearners([generator, discriminator]);

export class Dps implements Method {
  readonly networks: Readonly<Record<string, LayersModel>>;
  readonly stages: readonly DpsStage[];
  readonly #config: DpsConfig;
  readonly #built: DpsNetworks;
  #perceptual: PerceptualLoss | undefined;
  #current: Learning | undefined;

  /** @param perceptual another perceptual loss than the one that `prepareTraining` makes. */
  constructor(config: DpsConfig, perceptual?: PerceptualLoss) {
    this.#config = config;
    this.#perceptual = perceptual;
    this.#built = buildNetworks(config);
    const { imageGenerator, imageDiscriminator, levels } = this.#built;
    const all = [
      imageGenerator,
      imageDiscriminator,
      ...levels.flatMap(({ generator, discriminator }) => [generator, discriminator]),
    ];
    this.networks = Object.fromEntries(all.map((network) => [network.name, network]));
    this.stages = planStages(config);
  }

  async prepareTraining(reporter: Reporter): Promise<void> {
    this.#perceptual ??= await createPerceptualLoss(this.#config.loss.perceptual, reporter);
  }

  begin(stage: StagePlan): Trainable {
    const { level, ls } = stage as DpsStage;
    if (this.#current?.level !== level) {
      if (this.#current) freeLearning(this.#current);
      this.#current = this.#beginLevel(level);
    }
    return makeTrainable(
      level === 0 ? this.#imageGeneratorStage(this.#current) : this.#refinementStage(this.#current, ls),
    );
  }

  #beginLevel(level: number): Learning {
    const { imageGenerator, imageDiscriminator, levels } = this.#built;
    const { generator, discriminator } =
      level === 0 ? { generator: imageGenerator, discriminator: imageDiscriminator } : levels[level - 1];
    const { seed, training } = this.#config;
    return {
      level,
      generator: makeLearner(generator, training.optimizer, training.ema),
      discriminator: makeLearner(discriminator, training.optimizer),
      random: stream(seed, 'degradation', level),
    };
  }

  #imageGeneratorStage(learning: Learning): LearningStage {
    const level = imageGeneratorLevel(this.#config);
    return imageGeneratorStage(learning, this.#losses(), { level, levels: this.#config.model.levels });
  }

  #refinementStage({ level, random, ...learners }: Learning, ls: readonly number[]): LearningStage {
    const { refinement, model } = this.#config;
    const { inLoop, evalNormInLoop } = model.imageGenerator;
    const judged = inLoop && level === imageGeneratorLevel(this.#config);
    const imageGenerator = { network: this.#built.imageGenerator, evalNorm: evalNormInLoop };
    return refinementStage(
      learners,
      { ...this.#losses(), imageGenerator: judged ? imageGenerator : undefined },
      {
        level,
        levels: model.levels,
        maxDilation: refinement.maxDilation,
        ls,
        below: this.#below(level),
        random,
      },
    );
  }

  #losses(): DpsLosses {
    const { task, loss } = this.#config;
    if (!this.#perceptual) throw new Error('prepareTraining comes before the first stage');
    return {
      task,
      gan: hingeLoss(loss.hingeMargin),
      perceptual: this.#perceptual,
      adversarial: loss.adversarial,
      reconstruction: loss.reconstruction,
    };
  }

  /** The features of the generators below a level, lowest first. */
  #below(level: number): LayersModel[] {
    return this.#built.levels.slice(0, level - 1).map(({ features }) => features);
  }

  predictor(): DpsPredictor {
    const { task, model } = this.#config;
    const level = imageGeneratorLevel(this.#config);
    const generators = this.#built.levels.slice(0, level).map(({ generator }) => generator.name);
    return new DpsPredictor(this.#refiner(level), this.#built.imageGenerator, {
      networks: [...generators, this.#built.imageGenerator.name],
      task,
      level,
      levels: model.levels,
      resolution: levelResolution(this.#config, level),
    });
  }

  #refiner(level: number): Refiner {
    const { task, refinement, model } = this.#config;
    const { generator } = this.#built.levels[level - 1];
    const { maxDilation } = refinement;
    return new Refiner(this.#below(level), generator, { task, maxDilation, levels: model.levels });
  }

  describe(network: string): NetworkDescription {
    return describeNetwork(this.#config, this.#built, network);
  }

  visuals(batch: Batch, ls: readonly number[]): NamedImages {
    const { task } = this.#config;
    const trained = this.#trained();
    if (!trained) return imageGeneratorVisuals(this.predictor(), task, batch);
    return refinementVisuals(trained, task, batch, ls);
  }

  fill(batch: Batch, l: number): Tensor4D {
    const trained = this.#trained();
    if (!trained) return this.predictor().predictFromTrueSketch(batch);
    return tf.tidy(() => {
      const input = { ...batch, l };
      return 'predict' in trained ? trained.predict(input).result : trained.refine(input).firstImage;
    });
  }

  /** The whole of it, or the levels up to the one in training where F does not follow it; undefined while F trains. */
  #trained(): DpsPredictor | Refiner | undefined {
    const withF = imageGeneratorLevel(this.#config);
    const level = this.#current?.level ?? withF;
    if (level === 0) return undefined;
    return level === withF ? this.predictor() : this.#refiner(level);
  }

  dispose(): void {
    if (this.#current) freeLearning(this.#current);
    for (const network of Object.values(this.networks)) network.dispose();
  }
}

/** The original's values of l: 0, 1/K, ..., 1 with K = maxDilation - 1, and half of the first step once. */
export function drawnRefinements(maxDilation: number): number[] {
  const count = maxDilation - 1;
  return [...Array.from({ length: count + 1 }, (_, i) => i / count), 0.5 / count];
}

function planStages(config: DpsConfig): DpsStage[] {
  const { training, refinement, loss } = config;
  const collapse: Collapse = {
    loss: 'discriminator',
    // A thousandth of the hinge's margin.
    below: 1e-3 * loss.hingeMargin * loss.adversarial,
    advice:
      'a larger loss.hingeMargin, a smaller model.discriminatorWidth, fewer model.discriminatorLayers or a lower ' +
      'training.optimizer.learningRate',
  };
  const { duration, batch, accumulate, holePool } = training.imageGenerator;
  const first: DpsStage = {
    name: 'F',
    summary: 'the image generator alone, from true sketches',
    learns: ['F', 'FD'],
    level: 0,
    ls: [],
    duration,
    batch,
    accumulate,
    optimizer: training.optimizer,
    holePool,
    holePoolName: 'F',
    collapse,
  };
  return [
    first,
    ...training.levels.flatMap((entry, index) => {
      const level = index + 1;
      const resolution = levelResolution(config, level);
      const shared = {
        learns: [`G${resolution}`, `D${resolution}`],
        level,
        batch: entry.batch,
        accumulate: entry.accumulate,
        optimizer: training.optimizer,
        holePool: entry.holePool,
        holePoolName: `level ${level}`,
        collapse,
      };
      return [
        {
          ...shared,
          name: `G${resolution}, l = 1`,
          summary: `level ${level} at ${resolution} px, the roughest sketches`,
          duration: entry.atFullRefinement,
          ls: [1],
        },
        {
          ...shared,
          name: `G${resolution}, any l`,
          summary: `level ${level} at ${resolution} px, l drawn for each batch`,
          duration: entry.atDrawnRefinement,
          ls: drawnRefinements(refinement.maxDilation),
        },
      ];
    }),
  ];
}
