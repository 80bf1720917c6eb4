/** What can be exported of a method, its whole path or one network, as a function with named inputs and outputs. */
import type { Config } from '../config/schema.ts';
import type { Graph } from '../formats/graph.ts';
import type { Method } from '../models/method.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { UserError } from '../runtime/errors.ts';
import { type LayersModel, type Tensor, type Tensor2D, type Tensor4D, tf } from '../runtime/tf.ts';
import { simplify } from './simplify/simplify.ts';
import { traceGraph } from './trace.ts';

export interface Computation {
  readonly name: string;
  /** The networks that it runs. */
  readonly networks: readonly LayersModel[];
  readonly inputs: Readonly<Record<string, Port>>;
  /** What each output is, for people. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Computes a batch on the native engine. The caller disposes of the results. */
  run(inputs: Record<string, Tensor>): Record<string, Tensor>;
}

/** What an input holds. `network` is what one network hands to another. */
export type PortKind = 'photo' | 'hole' | 'sketch' | 'level' | 'network';

export interface Port {
  readonly kind: PortKind;
  /** Of one sample: NHWC without n. */
  readonly shape: readonly number[];
  /** For people. */
  readonly meaning: string;
}

/** A computation's graph, simplified, with an open batch size. */
export function graphOf({ inputs, networks, run }: Computation): Graph {
  const shapes = Object.entries(inputs).map(([name, { shape }]) => [name, shape] as const);
  const weights = Object.assign({}, ...networks.map(namedWeights)) as Record<string, Tensor>;
  return simplify(traceGraph(Object.fromEntries(shapes), run, weights));
}

const levelPort: Port = {
  kind: 'level',
  shape: [1],
  meaning: 'refinement level in [0, 1]: 0 follows the sketch, 1 is the freest',
};

/** The whole path at test time, from the user's sketch to the result; in synthesis there is no photo and no hole. */
export function pipeline(method: Method, config: Config): Computation {
  const predictor = method.predictor();
  const size = config.resolution;
  const side = predictor.resolution;
  const photo: Port = {
    kind: 'photo',
    shape: [size, size, 3],
    meaning: 'RGB in [-1, 1]; what lies in the hole is ignored',
  };
  const hole: Port = { kind: 'hole', shape: [size, size, 1], meaning: '1 is filled, 0 is kept' };
  const sketch: Port = {
    kind: 'sketch',
    shape: [size, size, 1],
    meaning: 'one-pixel lines: -1 line, +1 paper; smoothing and dilation by l are part of the model',
  };
  const edit = config.task === 'edit';
  return {
    name: 'pipeline',
    networks: predictor.networks.map((name) => method.networks[name]!),
    inputs: { ...(edit && { photo, hole }), sketch, l: levelPort },
    outputs: {
      S_gen: `refined sketch, ${side} px, -1 line, +1 paper${edit ? ', 0 outside the hole' : ''}`,
      I_gen: `first image, ${side} px, RGB in [-1, 1]`,
      I_out: `result, ${side} px, RGB in [-1, 1]${edit ? ', not blended with the photo' : ''}`,
    },
    run: (given) => {
      const lines = given.sketch as Tensor4D;
      const prediction = predictor.predict({
        sketch: lines,
        level: given.l as Tensor2D,
        // Synthesis does not look at them.
        image: (given.photo ?? tf.zerosLike(tf.tile(lines, [1, 1, 1, 3]))) as Tensor4D,
        hole: (given.hole ?? tf.onesLike(lines)) as Tensor4D,
      });
      const { refinedSketch, firstImage, result } = prediction;
      return {
        ...(refinedSketch && { S_gen: refinedSketch }),
        ...(firstImage && { I_gen: firstImage }),
        I_out: result,
      };
    },
  };
}

/**
 * One network of a method with its own inputs. The number that its name ends in is the side of its images, px; others
 * have that of the results.
 */
export function singleNetwork(method: Method, name: string): Computation {
  const network = method.networks[name]!;
  const side = Number(/\d+$/.exec(name)?.[0] ?? method.predictor().resolution);
  const names = network.inputNames.map((input) => input.replace(/^.*\./, ''));
  const outputs = outputsOf(network);
  return {
    name,
    networks: [network],
    inputs: Object.fromEntries(
      names.map((input, i) => [input, portOf(input, network.inputs[i]!.shape, side)]),
    ),
    outputs,
    run: (inputs) => {
      const given = names.map((input) => inputs[input]!);
      const results = network.apply(given.length === 1 ? given[0]! : given);
      const list = Array.isArray(results) ? results : [results];
      return Object.fromEntries(Object.keys(outputs).map((output, i) => [output, list[i] as Tensor]));
    },
  };
}

function portOf(name: string, shape: readonly (number | null)[], side: number): Port {
  if (name === 'l') return levelPort;
  const below = name === 'below';
  return {
    kind: 'network',
    shape: shape.slice(1).map((length) => length ?? (below ? side / 2 : side)),
    meaning: below ? 'features of the level below' : 'the pictures that it sees, as channels in [-1, 1]',
  };
}

function outputsOf({ name, outputs }: LayersModel): Record<string, string> {
  if (outputs.length === 2)
    return {
      features: 'for the level above',
      picture: 'refined sketch and RGB, in [-1, 1]',
    };
  return /D\d*$/.test(name) ? { scores: 'of patches' } : { image: 'RGB in [-1, 1]' };
}

/**
 * What a user means by a name: `pipeline`, a network, or `G` for the generators of all levels.
 *
 * @throws UserError when there is no such network.
 */
export function chooseComputations(method: Method, config: Config, name: string): Computation[] {
  if (name === 'pipeline') return [pipeline(method, config)];
  const names = Object.keys(method.networks);
  const chosen = names.includes(name)
    ? [name]
    : names.filter((network) => name === 'G' && /^G\d+$/.test(network));
  if (chosen.length === 0)
    throw new UserError('There is no such network.', {
      where: '--network',
      expected: `pipeline, G (the generators of all levels) or one of ${names.join(', ')}`,
      got: name,
    });
  return chosen.map((network) => singleNetwork(method, network));
}
