/** A method's whole path at test time, or one of its networks, as a function with named inputs and outputs. */
import type { RunConfig } from '../config/run-config.ts';
import { splitStrokes } from '../data/colour-strokes.ts';
import type { Graph } from '../graph/graph.ts';
import { simplify } from '../graph/simplify/simplify.ts';
import { traceGraph } from '../graph/trace.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { type LayersModel, type Tensor, type Tensor2D, type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import type { Intermediate, Method, Prediction, Predictor } from './method.ts';
import { lPort, type NetworkDescription, type NetworkPorts, type Port } from './ports.ts';
import { CAPTIONS, type Control } from './vocabulary.ts';

export interface Computation extends NetworkPorts {
  readonly name: string;
  /** The networks that it runs. */
  readonly networks: readonly LayersModel[];
  /** Of a single network. */
  readonly description?: NetworkDescription;
  /** Computes a batch on the native engine. The caller disposes of the results. */
  run(inputs: Record<string, Tensor>): Record<string, Tensor>;
}

/** A computation's graph, simplified. @param batch its size where that is known; open by default. */
export function graphOf({ inputs, networks, run }: Computation, batch?: number): Graph {
  const shapes = Object.entries(inputs).map(([name, { shape }]) => [name, shape] as const);
  const weights = Object.assign({}, ...networks.map(namedWeights)) as Record<string, Tensor>;
  return simplify(traceGraph(Object.fromEntries(shapes), run, weights, batch));
}

/** The whole path at test time, from what the user gives to the result; in synthesis there is no photo and no hole. */
export function pipeline(method: Method, config: RunConfig): Computation {
  const predictor = method.predictor();
  const size = config.resolution;
  const side = predictor.resolution;
  const uses = (control: Control) => predictor.controls.includes(control);
  const photo: Port = {
    kind: 'photo',
    shape: [size, size, 3],
    meaning: 'RGB in [-1, 1]; what lies in the hole is ignored',
  };
  const hole: Port = { kind: 'hole', shape: [size, size, 1], meaning: '1 is filled, 0 is kept' };
  const sketch: Port = {
    kind: 'sketch',
    shape: [size, size, 1],
    meaning: `one-pixel lines: -1 line, +1 paper${uses('l') ? '; what l does to them is part of the model' : ''}`,
  };
  const colour: Port = {
    kind: 'colour',
    shape: [size, size, 4],
    meaning: 'strokes of colour: RGB in [-1, 1], then 1 where there is a stroke, 0 where there is none',
  };
  const edit = config.task === 'edit';
  const made: Readonly<Record<Intermediate, readonly [name: string, meaning: string]>> = {
    refinedSketch: [
      CAPTIONS.refinedSketch,
      `refined sketch, ${side} px, -1 line, +1 paper${edit ? ', 0 outside the hole' : ''}`,
    ],
    firstImage: [CAPTIONS.firstImage, `first image, ${side} px, RGB in [-1, 1]`],
  };
  return {
    name: 'pipeline',
    networks: predictor.networks.map((name) => method.networks[name]),
    inputs: {
      ...(edit && { photo, hole }),
      ...(uses('sketch') && { sketch }),
      ...(uses('colour') && { colour }),
      ...(uses('l') && { l: lPort }),
    },
    outputs: {
      ...Object.fromEntries(predictor.intermediates.map((key) => made[key])),
      [CAPTIONS.result]: `result, ${side} px, RGB in [-1, 1]${edit ? ', not blended with the photo' : ''}`,
    },
    run: (given) => {
      const prediction = predict(predictor, given);
      const outputs: Record<string, Tensor> = {};
      for (const key of predictor.intermediates) {
        const tensor = prediction[key];
        if (!tensor) throw new Error(`The prediction lacks ${key}, which the predictor says it has`);
        outputs[made[key][0]] = tensor;
      }
      return { ...outputs, [CAPTIONS.result]: prediction.result };
    },
  };
}

/** The graph of a method's prediction of one picture, with the inputs of {@link pipeline} and the outputs of {@link Prediction}. */
export function predictionGraph(method: Method, config: RunConfig): Graph {
  const predictor = method.predictor();
  const run = (given: Record<string, Tensor>) => ({ ...predict(predictor, given) });
  return graphOf({ ...pipeline(method, config), run }, 1);
}

/** @param given inputs of {@link pipeline}. */
function predict(predictor: Predictor, given: Record<string, Tensor>): Prediction {
  const some = (given.sketch ?? given.hole) as Tensor4D;
  return predictor.predict({
    l: given.l as Tensor2D | undefined,
    // A predictor ignores the inputs for which it has no port; these have the right shape and no meaning.
    sketch: (given.sketch ?? tf.onesLike(some)) as Tensor4D,
    image: (given.photo ?? tf.zerosLike(tf.tile(some, [1, 1, 1, 3]))) as Tensor4D,
    hole: (given.hole ?? tf.onesLike(some)) as Tensor4D,
    ...(given.colour && { colour: splitStrokes(given.colour as Tensor4D) }),
  });
}

/** One network of a method with its own inputs. */
export function singleNetwork(method: Method, name: string): Computation {
  const network = method.networks[name];
  const description = method.describe(name);
  const { inputs, outputs } = description;
  return {
    name,
    networks: [network],
    description,
    inputs,
    outputs,
    run: (tensors) => {
      const given = Object.keys(inputs).map((input) => tensors[input]);
      const results = network.apply(given.length === 1 ? given[0] : given);
      const list = Array.isArray(results) ? results : [results];
      return Object.fromEntries(Object.keys(outputs).map((output, i) => [output, list[i] as Tensor]));
    },
  };
}

/**
 * What a user means by a name: `pipeline`, a network, or several that have a name together, as the generators of all levels.
 *
 * @throws UserError when there is no such network.
 */
export function chooseComputations(method: Method, config: RunConfig, name: string): Computation[] {
  if (name === 'pipeline') return [pipeline(method, config)];
  const names = Object.keys(method.networks);
  const family = (network: string) => method.describe(network).family;
  const chosen = names.includes(name) ? [name] : names.filter((network) => family(network) === name);
  if (chosen.length === 0) {
    const families = [...new Set(names.flatMap((network) => family(network) ?? []))];
    const together = families.map(
      (label) => `${label} (${names.filter((network) => family(network) === label).join(', ')})`,
    );
    throw new UserError('There is no such network.', {
      where: '--network',
      expected: `${['pipeline', ...together].join(', ')} or one of ${names.join(', ')}`,
      got: name,
    });
  }
  return chosen.map((network) => singleNetwork(method, network));
}
