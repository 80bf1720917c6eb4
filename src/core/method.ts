/**
 * What a method (one folder of `models/`) offers to training, evaluation, inference and export. They know nothing
 * else of it.
 */
import type { OptimizerConfig } from '../config/run-config.ts';
import type { Batch } from '../data/types.ts';
import type { LayersModel, Tensor, Tensor2D, Tensor4D, TensorFlow, Variable } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { StreamState } from '../runtime/seed.ts';
import type { NetworkDescription } from './ports.ts';
import type { Control } from './vocabulary.ts';

/** Single numbers on the device, by name. */
export type Scalars = Record<string, TensorFlow.Scalar>;
/** What one step measured, before its update. The caller disposes of the scalars (`tf.dispose` takes the whole). */
export type StepScalars = {
  /** By name, weighted: those of the discriminator first. */
  readonly losses: Scalars;
  /** Euclidean length of all gradients of a network that learns, before clipping, by what it is, for example `generator`. */
  readonly gradientNorms: Scalars;
};
/** Whether a step may be done whose losses and gradients are these. */
export type Accept = (measured: StepScalars) => boolean;
/** Images [n, h, w, 3] in [-1, 1], by caption, in the order in which a person reads them. The caller disposes of them. */
export type NamedImages = Record<string, Tensor4D>;
/** Weights, optimiser slots, spectral-norm vectors and the like, by unique name. The caller disposes of them. */
export type NamedTensors = Record<string, Tensor>;

/** Where `minutes` are given, a stage ends with whichever is over first. */
export type StageDuration = ({ readonly epochs: number } | { readonly steps: number }) & {
  readonly minutes?: number | undefined;
};

/** A part of the training: networks that learn together for a while. */
export interface StagePlan {
  /** For example `F` or `G64, any l`. */
  readonly name: string;
  /** A short sentence for the plan that is shown before training. */
  readonly summary: string;
  /** The networks that learn, by their names in {@link Method.networks}. */
  readonly learns: readonly string[];
  readonly batch: number;
  /** So many batches make a step. Default: 1. */
  readonly accumulate?: number;
  readonly duration: StageDuration;
  /** Hole masks in the stage's pool. Stages of equal `holePoolName` share one pool. */
  readonly holePool: number;
  readonly holePoolName: string;
  /** Of the networks that learn, with the schedule of its learning rate. Default: each optimiser's rate stays. */
  readonly optimizer?: OptimizerConfig;
  /** How a discriminator that has won shows, where there is one. */
  readonly collapse?: Collapse;
}

/** When a discriminator's loss, weighted, is as good as 0, and what may keep it from getting there. */
export interface Collapse {
  /** Its name among the losses of a step. */
  readonly loss: string;
  readonly below: number;
  /** Continues `If the sample grids get no better, try `. */
  readonly advice: string;
}

/** What a training step is a function of, beside the weights and the optimisers' moments. */
export interface StepInputs {
  /**
   * By name: the batch (`image`, `sketch`, `hole`), what was drawn at random, and the optimisers' numbers of this step
   * (`G64/adam/learningRate`, ...). Their shapes depend on the batch's alone. The caller disposes of them.
   */
  readonly tensors: NamedTensors;
  /** The l of the batch, where one was drawn. */
  readonly l?: number | undefined;
}

/** Where a stage stands between two steps, but for weights and moments. */
export interface Position {
  /** By the names that checkpoints have for the streams. */
  readonly random: Readonly<Record<string, StreamState>>;
  /** Steps that each optimiser has made, in the order of the learners. */
  readonly counts: readonly number[];
}

/** The discriminator's or the generator's part of a step. A network without a discriminator counts as a generator. */
export type Part = 'discriminator' | 'generator';

/** A step on several batches, part by part; see core/accumulate.ts. */
export interface StepParts {
  /** In the order in which they learn. */
  readonly order: readonly Part[];
  /** Forgets what was summed. */
  clear(): void;
  /** Adds the gradients on a batch. @param inputs those of a step, and `accumulationInputs`. @returns the part's losses. */
  sum(part: Part, inputs: NamedTensors): StepScalars;
  /** What was summed becomes its mean over all workers. */
  average(part: Part): void;
  /** The length of what was summed. The caller disposes of it. */
  norm(part: Part): TensorFlow.Scalar;
  /** The part's network learns along what was summed. @returns the length of that. */
  apply(part: Part, inputs: NamedTensors): StepScalars;
}

/** Networks that learn together in one stage. */
export interface Trainable {
  /**
   * Draws what the next step needs, which moves random streams and the optimisers' counts on by one step. The batch's own
   * tensors are among the inputs as clones, so that they outlive them.
   *
   * @param learningRate of this step, by default each optimiser's own.
   */
  inputs(batch: Batch, learningRate?: number): StepInputs;
  /**
   * One update of every network that learns, computed from these inputs alone: nothing that changes from step to step
   * may be a JavaScript number here, nor decide which operations run, so that the operations of one step are those of
   * every other with inputs of the same shapes. Leaves no tensors behind but the scalars.
   *
   * @param inputs the tensors that `inputs` gave. @param accept is asked before the largest part of the update, the generator's. After a refusal that is left out;
   *   what came before it, such as the discriminator's update, is for the caller to `restore`.
   */
  step(inputs: NamedTensors, accept?: Accept): StepScalars;
  /**
   * Weights, optimiser slots and other state that changes by `inputs` and `step`, by unique name: tensors of their own, which later
   * steps do not change.
   */
  state(): NamedTensors;
  /** Puts back what `state` gave; throws a UserError when names or shapes differ. */
  restore(state: NamedTensors): void;
  /** For steps on several batches; undefined where the method has none. */
  readonly parts?: StepParts | undefined;
  /** All variables that `step` may change, by unique name. */
  readonly weights: Readonly<Record<string, Variable>>;
  /** Where the stage's own random streams and its optimisers' counts stand, which `inputs` moves on. */
  position(): Position;
  /** Puts back what `position` gave. */
  moveTo(position: Position): void;
}

/** NHWC. `image` [n,s,s,3], `sketch` [n,s,s,1] in [-1, 1], -1 = line; `hole` [n,s,s,1], 1 = hole. */
export interface PredictorInput extends Batch {
  /** l in [0, 1], for all samples or [n or 1, 1]; 0 by default. */
  readonly l?: number | Tensor2D | undefined;
}

/** All in [-1, 1]. */
export interface Prediction {
  /** I_out [n,s,s,3], the network's own output, not blended with the photo. */
  readonly result: Tensor4D;
  /** S_gen [n,s,s,1]: -1 = line; 0 outside the hole in editing. */
  readonly refinedSketch?: Tensor4D;
  /** I_gen [n,s,s,3]. */
  readonly firstImage?: Tensor4D;
  /** The degraded sketch that the networks saw [n,s,s,1]. */
  readonly roughSketch?: Tensor4D;
}

export type Intermediate = 'refinedSketch' | 'firstImage';

export interface UpperBound {
  /** For tables, for example `F, true sketch`. */
  readonly label: string;
  /** [n,r,r,3], r being the predictor's resolution. The batch's sketch is the photo's own. */
  predict(batch: Batch): Tensor4D;
}

/** A trained method at test time. */
export interface Predictor {
  /** Side of the predicted images, px. At most that of the input. */
  readonly resolution: number;
  /** The networks that it runs, by their names in {@link Method.networks}. */
  readonly networks: readonly string[];
  /** What of its input it looks at, beside photo and hole. In synthesis it looks at these alone. */
  readonly controls: readonly Control[];
  /** What it predicts beside the result. */
  readonly intermediates: readonly Intermediate[];
  /**
   * `sketch` is the user's, in lines of one pixel; what a method does with l it does itself (Deep Plastic Surgery
   * smoothes and dilates the sketch, section 4 of the paper). Each sample's result depends on that sample alone, whatever
   * else is in the batch, and random numbers are the same at every call: tensors made of numbers from a `RandomStream`,
   * so that an export holds them as constants.
   */
  predict(input: PredictorInput): Prediction;
  /** What no l can be expected to beat, where the method has such: a result that needs the true sketch. */
  readonly upperBound?: UpperBound | undefined;
}

/** A method with its networks built (initialised from the seed). It can predict; to train, `prepareTraining` comes first. */
export interface Method {
  /** All networks by name, for counting parameters, checkpoints, import and export. */
  readonly networks: Readonly<Record<string, LayersModel>>;
  readonly stages: readonly StagePlan[];
  /** Loads what only training needs, such as the network of a perceptual loss, and says in the log what it is. */
  prepareTraining(reporter: Reporter): Promise<void>;
  /**
   * Begins a stage of `stages`. What the last stage had of its own is freed, unless the same networks go on learning:
   * then they keep their optimisers' state.
   */
  begin(stage: StagePlan): Trainable;
  /** What it predicts with the weights that it has now. */
  predictor(): Predictor;
  /** What others need to know of a network of `networks`. */
  describe(network: string): NetworkDescription;
  /**
   * A batch's holes filled by what has been trained so far [n,r,r,3], r being its resolution: from sketches roughened by l
   * where the method has such, or from the true ones.
   */
  fill(batch: Batch, l: number): Tensor4D;
  /**
   * What a person wants to see of a batch, at several l where the method has such, of what has been trained so far; see
   * {@link NamedImages}.
   */
  visuals(batch: Batch, ls: readonly number[]): NamedImages;
  /** Frees its networks and optimisers. */
  dispose(): void;
}

/** The values of l at which to look at a predictor: one that is undefined where it has no l. */
export function valuesOfL({ controls }: Pick<Predictor, 'controls'>, ls: readonly number[]) {
  return controls.includes('l') ? ls : [undefined];
}
