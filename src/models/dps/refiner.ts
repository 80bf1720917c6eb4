import type { PredictorInput } from '../../core/method.ts';
import { type LevelBatch, testPyramid } from '../../data/sketch/pyramid.ts';
import { type LayersModel, type Tensor2D, type Tensor4D, tf } from '../../ops/tf.ts';
import { splitPicture } from './generator.ts';
import { generatorInput, maskSketch, type Picture, type Task } from './inputs.ts';
import { lowerFeatures } from './refinement-stage.ts';

export interface RefinerOptions {
  readonly task: Task;
  readonly maxDilation: number;
  /** Levels in all; the input is at the resolution of the highest. */
  readonly levels: number;
}

/** Sketches in editing are 0 outside the hole. All [n,r,r,c] in [-1, 1] at the resolution of the refiner's level. */
export interface Refinement {
  /** What the generator was given. */
  readonly roughSketch: Tensor4D;
  /** S_gen. */
  readonly refinedSketch: Tensor4D;
  /** I_gen. */
  readonly firstImage: Tensor4D;
}

/** The generators up to a level at test time: the sketch is smoothed and dilated by l, then refined level by level. */
export class Refiner {
  readonly #below: readonly LayersModel[];
  readonly #generator: LayersModel;
  readonly #options: RefinerOptions;

  /** @param below the features of the lower levels' generators, lowest first. */
  constructor(below: readonly LayersModel[], generator: LayersModel, options: RefinerOptions) {
    this.#below = below;
    this.#generator = generator;
    this.#options = options;
  }

  /** @returns the refinement, and the refined sketch with photo and hole as F takes them. */
  refine(input: PredictorInput): Refinement & { picture: Picture } {
    const { task } = this.#options;
    return tf.tidy(() => {
      const l = asTensor(input.l);
      const pyramid = this.inputs({ ...input, l });
      const { roughSketch, image, hole } = pyramid.at(-1)!;
      const features = lowerFeatures(this.#below, task, pyramid, l);
      const x = generatorInput(task, { sketch: roughSketch, image, hole });
      const [, drawn] = this.#generator.apply(features ? [x, l, features] : [x, l]) as Tensor4D[];
      const generated = splitPicture(drawn);
      const refinedSketch = maskSketch(task, generated.sketch, hole);
      return {
        roughSketch: maskSketch(task, roughSketch, hole),
        refinedSketch,
        firstImage: generated.image,
        picture: { sketch: refinedSketch, image, hole },
      };
    });
  }

  /** What the generators are given, level by level, lowest first; not masked. */
  inputs(input: PredictorInput): Omit<LevelBatch, 'sketch'>[] {
    const { maxDilation, levels } = this.#options;
    const level = this.#below.length + 1;
    return testPyramid(input, { l: asTensor(input.l), maxDilation, level, levels });
  }
}

const asTensor = (l: number | Tensor2D = 0): Tensor2D => (typeof l === 'number' ? tf.fill([1, 1], l) : l);
