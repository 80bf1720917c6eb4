/** What can be exported of a method, its whole path or one network, as a function with named inputs and outputs. */
import type { Config } from '../config/schema.ts';
import type { Graph } from '../formats/graph.ts';
import type { Method } from '../models/method.ts';
import { namedWeights } from '../nn/network-weights.ts';
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

export interface Port {
  /** Of one sample: NHWC without n. */
  readonly shape: readonly number[];
  /** For people. */
  readonly meaning: string;
  /** Least and greatest number; `whole` for inputs that are one or the other. */
  readonly range: readonly [number, number];
  readonly whole?: boolean;
}

/** A computation's graph, simplified, with an open batch size. */
export function graphOf({ inputs, networks, run }: Computation): Graph {
  const shapes = Object.entries(inputs).map(([name, { shape }]) => [name, shape] as const);
  const weights = Object.assign({}, ...networks.map(namedWeights)) as Record<string, Tensor>;
  return simplify(traceGraph(Object.fromEntries(shapes), run, weights));
}

const sketchPort = (size: number): Port => ({
  shape: [size, size, 1],
  meaning: 'one-pixel lines: -1 line, +1 paper; smoothing and dilation by l are part of the model',
  range: [-1, 1],
  whole: true,
});

const levelPort: Port = {
  shape: [1],
  meaning: 'refinement level: 0 follows the sketch, 1 is the freest',
  range: [0, 1],
};

/** The whole path at test time, from the user's sketch to the result; in synthesis there is no photo and no hole. */
export function pipeline(method: Method, config: Config): Computation {
  const predictor = method.predictor();
  const size = config.resolution;
  const side = predictor.resolution;
  const known: Record<string, Port> = {
    photo: { shape: [size, size, 3], meaning: 'RGB; what lies in the hole is ignored', range: [-1, 1] },
    hole: { shape: [size, size, 1], meaning: '1 is filled, 0 is kept', range: [0, 1], whole: true },
  };
  const edit = config.task === 'edit';
  return {
    name: 'pipeline',
    networks: predictor.networks.map((name) => method.networks[name]!),
    inputs: { ...(edit && known), sketch: sketchPort(size), l: levelPort },
    outputs: {
      S_gen: `refined sketch, ${side} px, -1 line, +1 paper${edit ? ', 0 outside the hole' : ''}`,
      I_gen: `first image, ${side} px, RGB in [-1, 1]`,
      I_out: `result, ${side} px, RGB in [-1, 1]${edit ? ', not blended with the photo' : ''}`,
    },
    run: ({ photo, hole, sketch, l }) => {
      const prediction = predictor.predict({
        sketch: sketch as Tensor4D,
        level: l as Tensor2D,
        // Synthesis does not look at them.
        image: (photo ?? tf.zerosLike(tf.tile(sketch!, [1, 1, 1, 3]))) as Tensor4D,
        hole: (hole ?? tf.onesLike(sketch!)) as Tensor4D,
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

/** One network of a method with its own inputs. */
export function singleNetwork(method: Method, name: string): Computation {
  const network = method.networks[name]!;
  const size = resolutionOf(name, method);
  const names = network.inputNames.map((input) => input.replace(/^.*\./, ''));
  const outputs = outputsOf(network);
  return {
    name,
    networks: [network],
    inputs: Object.fromEntries(
      names.map((input, i) => [input, portOf(input, network.inputs[i]!.shape, size)]),
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

/** The number that a network's name ends in is the side of its images, px; the others have that of the results. */
function resolutionOf(name: string, method: Method): number {
  const side = /\d+$/.exec(name)?.[0];
  return side === undefined ? method.predictor().resolution : Number(side);
}

function portOf(name: string, shape: readonly (number | null)[], size: number): Port {
  if (name === 'l') return levelPort;
  const side = name === 'below' ? size / 2 : size;
  return {
    shape: shape.slice(1).map((length) => length ?? side),
    meaning:
      name === 'below' ? 'features of the level below' : 'sketch, and in editing photo and hole, as channels',
    range: [-1, 1],
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
