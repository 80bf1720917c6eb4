/** Predictions as one TensorFlow function each, where many pictures of one size are made. */
import type { ColourStrokes } from '../data/colour-strokes.ts';
import type { Batch } from '../data/types.ts';
import { CompiledFunction } from '../graph/compiled.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { type Tensor2D, type Tensor4D, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { Method, NamedImages, NamedTensors, Prediction, Predictor, PredictorInput } from './method.ts';

/** Predicts as another predictor does, with the weights that it has now. Its owner disposes of it. */
export interface CompiledPredictor extends Predictor {
  dispose(): void;
}

/** @param reporter is told, once, when something cannot be compiled and runs operation by operation. */
export function compilePredictor(predictor: Predictor, reporter: Reporter): CompiledPredictor {
  const predict = compiled(
    (inputs) => {
      const made = Object.entries(predictor.predict(toInput(inputs)));
      return Object.fromEntries(made.filter(([, tensor]) => tensor !== undefined));
    },
    {},
    reporter,
  );
  const { upperBound } = predictor;
  const bound =
    upperBound && compiled((inputs) => ({ result: upperBound.predict(toInput(inputs)) }), {}, reporter);
  return {
    resolution: predictor.resolution,
    networks: predictor.networks,
    controls: predictor.controls,
    intermediates: predictor.intermediates,
    predict: (input) => tf.tidy(() => predict.run(toTensors(input))) as unknown as Prediction,
    upperBound: upperBound &&
      bound && {
        label: upperBound.label,
        predict: (batch) => tf.tidy(() => bound.run(toTensors(batch)).result) as Tensor4D,
      },
    dispose() {
      predict.dispose();
      bound?.dispose();
    },
  };
}

/** What one sees of a method in the stage that has begun, with its weights as they are at each call. */
export class TrainingViews implements Pick<Method, 'fill' | 'visuals'> {
  readonly #method: Method;
  readonly #reporter: Reporter;
  readonly #compile: boolean;
  readonly #made = new Map<string, Compiled>();

  constructor(method: Method, { compile, reporter }: { compile: boolean; reporter: Reporter }) {
    this.#method = method;
    this.#compile = compile;
    this.#reporter = reporter;
  }

  fill(batch: Batch, l: number): Tensor4D {
    const fill = this.#compiled(`fill ${l}`, (given) => ({ result: this.#method.fill(toInput(given), l) }));
    return fill.run(toTensors(batch)).result as Tensor4D;
  }

  visuals(batch: Batch, ls: readonly number[]): NamedImages {
    const draw = this.#compiled(`visuals ${ls}`, (given) => this.#method.visuals(toInput(given), ls));
    return draw.run(toTensors(batch)) as NamedImages;
  }

  /** Another stage begins, which may show other things. */
  dispose(): void {
    for (const made of this.#made.values()) made.dispose();
    this.#made.clear();
  }

  #compiled(name: string, compute: (inputs: NamedTensors) => NamedTensors): Compiled {
    const known = this.#made.get(name);
    if (known) return known;
    const weights = Object.assign({}, ...Object.values(this.#method.networks).map(namedWeights));
    const made = this.#compile ? compiled(compute, weights, this.#reporter) : { run: compute, dispose() {} };
    this.#made.set(name, made);
    return made;
  }
}

interface Compiled {
  run(inputs: NamedTensors): NamedTensors;
  dispose(): void;
}

/** @param weights variables that may change between calls. */
function compiled(
  compute: (inputs: NamedTensors) => NamedTensors,
  weights: ReturnType<typeof namedWeights>,
  reporter: Reporter,
): Compiled {
  const made = new CompiledFunction(compute, { weights });
  let plainly = false;
  return {
    run(inputs) {
      if (plainly) return compute(inputs);
      try {
        return made.call(inputs);
      } catch (error) {
        plainly = true;
        reporter.warn(
          `Predictions run operation by operation, which is slower, for they cannot be compiled: ${(error as Error).message}`,
        );
        return compute(inputs);
      }
    },
    dispose: () => made.dispose(),
  };
}

const STROKES = 'colour/';

/** A predictor's input as tensors by name, l among them. */
function toTensors({ image, sketch, hole, colour, l }: PredictorInput): NamedTensors {
  const strokes = Object.entries(colour ?? {}).map(([name, tensor]) => [STROKES + name, tensor]);
  return {
    image,
    sketch,
    hole,
    ...(Object.fromEntries(strokes) as NamedTensors),
    ...(l !== undefined && { l: typeof l === 'number' ? tf.fill([1, 1], l) : l }),
  };
}

function toInput({ image, sketch, hole, l, ...rest }: NamedTensors): PredictorInput {
  const strokes = Object.entries(rest).map(([name, tensor]) => [name.slice(STROKES.length), tensor]);
  return {
    ...({ image, sketch, hole } as unknown as Batch),
    ...(strokes.length > 0 && { colour: Object.fromEntries(strokes) as ColourStrokes }),
    ...(l && { l: l as Tensor2D }),
  };
}
