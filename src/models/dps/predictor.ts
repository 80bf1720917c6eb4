/** Deep Plastic Surgery at test time: sketches refined by l, the results made from them, and what one sees of a training. */
import type { NamedImages, Prediction, Predictor, PredictorInput } from '../../core/method.ts';
import type { Batch } from '../../data/types.ts';
import { type LayersModel, type Tensor2D, type Tensor4D, tf } from '../../ops/tf.ts';
import { lowerFeatures, splitPicture } from './generator.ts';
import { generatorInput, maskSketch, type Picture, type Task } from './inputs.ts';
import { type LevelBatch, testPyramid, trueLevel } from './sketch.ts';

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
      const { roughSketch, image, hole } = pyramid[this.#below.length];
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

export interface PredictorOptions {
  /** Names of the generators and F. */
  readonly networks: readonly string[];
  readonly task: Task;
  /** F's level, 1 being the lowest of `levels`. */
  readonly level: number;
  readonly levels: number;
  /** Side of F's images, px. */
  readonly resolution: number;
}

/**
 * The whole of Deep Plastic Surgery at test time (test.py, models.py:459-515): G refines the sketch, F makes the
 * result. Where F works at a level below the top one, the results have that level's resolution.
 */
export class DpsPredictor implements Predictor {
  readonly resolution: number;
  readonly networks: readonly string[];
  readonly controls = ['sketch', 'l'] as const;
  readonly intermediates = ['refinedSketch', 'firstImage'] as const;
  readonly upperBound = {
    label: 'F, true sketch',
    predict: (batch: Batch) => this.predictFromTrueSketch(batch),
  };
  readonly #refiner: Refiner;
  readonly #imageGenerator: LayersModel;
  readonly #options: PredictorOptions;

  /** @param refiner the generators up to F's level. */
  constructor(refiner: Refiner, imageGenerator: LayersModel, options: PredictorOptions) {
    this.resolution = options.resolution;
    this.networks = options.networks;
    this.#refiner = refiner;
    this.#imageGenerator = imageGenerator;
    this.#options = options;
  }

  predict(input: PredictorInput): Required<Prediction> {
    return tf.tidy(() => {
      const { picture, ...refinement } = this.#refiner.refine(input);
      const x = generatorInput(this.#options.task, picture);
      return { ...refinement, result: this.#imageGenerator.apply(x) as Tensor4D };
    });
  }

  /** F alone. */
  predictFromTrueSketch(batch: Batch): Tensor4D {
    const { task, level, levels } = this.#options;
    return tf.tidy(() => {
      const x = generatorInput(task, trueLevel(batch, level, levels));
      return this.#imageGenerator.apply(x) as Tensor4D;
    });
  }
}

/** Photo, what F is given, and what it makes of the true sketch. */
export function imageGeneratorVisuals(predictor: DpsPredictor, task: Task, batch: Batch): NamedImages {
  return tf.tidy(() => {
    const show = displayAt(batch.image.shape[1]);
    return {
      ...given(task, batch),
      'true sketch': show(maskSketch(task, batch.sketch, batch.hole)),
      'F of it': show(predictor.predictFromTrueSketch(batch)),
    };
  });
}

/** Photo and hole, then for each l the rough sketch, the refined one, the first image and, with F, the result. */
export function refinementVisuals(
  source: DpsPredictor | Refiner,
  task: Task,
  batch: Batch,
  ls: readonly number[],
): NamedImages {
  return tf.tidy(() => {
    const show = displayAt(batch.image.shape[1]);
    const images = given(task, batch);
    for (const l of ls) {
      const input = { ...batch, l };
      const made = 'predict' in source ? source.predict(input) : source.refine(input);
      images[`sketch, l = ${l}`] = show(made.roughSketch);
      images[`S_gen, l = ${l}`] = show(made.refinedSketch);
      images[`I_gen, l = ${l}`] = show(made.firstImage);
      if ('result' in made) images[`I_out, l = ${l}`] = show(made.result);
    }
    return images;
  });
}

function given(task: Task, { image, hole }: Batch): NamedImages {
  const photo = { photo: image.clone() };
  return task === 'edit' ? { ...photo, hole: tf.mul(image, tf.sub(1, hole)) as Tensor4D } : photo;
}

/** Sketches as grey images, and everything at one size. */
function displayAt(size: number) {
  return (x: Tensor4D): Tensor4D => {
    const coloured = x.shape[3] === 1 ? (tf.tile(x, [1, 1, 1, 3]) as Tensor4D) : x.clone();
    return coloured.shape[1] === size ? coloured : tf.image.resizeNearestNeighbor(coloured, [size, size]);
  };
}
