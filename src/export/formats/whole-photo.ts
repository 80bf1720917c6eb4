/**
 * The way of a photo as one ONNX graph, for programs that have none of our code: what `infer` does around the network is
 * operations in it. Its parts are those of src/infer, by their names there; what holds of pixels and weights is said there.
 */
import { neighbours, removable } from '../../data/edges.ts';
import type { Graph } from '../../graph/graph.ts';
import { OnnxBuilder, type Port } from '../../graph/onnx/builder.ts';
import { type Operand, Value } from '../../graph/onnx/value.ts';
import { addGraph, encodeOnnx, type OnnxOptions } from '../../graph/onnx/write.ts';
import { BESIDE, DIAGONAL } from '../../infer/blend.ts';
import { WHITE_FROM } from '../../infer/mask.ts';
import { FINE, LINE_BELOW, MEAN_WIDTH, OPAQUE_FROM } from '../../infer/network-input.ts';
import { CONTEXT, LEAST_CONTEXT } from '../../infer/region.ts';

/** The inputs of the graph but for `whole` are those of which the network's graph has one. */
const PHOTO: Port = {
  name: 'photo',
  type: 'uint8',
  shape: ['h', 'w', 3],
  docString: 'RGB, of any size',
};
const MASK: Port = {
  name: 'mask',
  type: 'uint8',
  shape: ['h', 'w'],
  docString: 'white (128 to 255) is the hole, black is kept',
};
const SKETCH: Port = {
  name: 'sketch',
  type: 'uint8',
  shape: ['h', 'w'],
  docString: 'dark lines (0 to 191) of any width on white; all 255: no line',
};
const COLOUR: Port = {
  name: 'colour',
  type: 'uint8',
  shape: ['h', 'w', 4],
  docString: 'RGBA strokes of colour; what is transparent (alpha of 0 to 127) is no stroke',
};
const L: Port = {
  name: 'l',
  type: 'float32',
  shape: [],
  docString: 'refinement level in [0, 1]: 0 follows the sketch, 1 is the freest',
};
const WHOLE: Port = {
  name: 'whole',
  type: 'uint8',
  shape: [],
  docString: '0: the network sees the surroundings of the hole; 1: as much of the photo as a square holds',
};
export const RESULT: Port = {
  name: 'result',
  type: 'uint8',
  shape: ['h', 'w', 3],
  docString: 'the photo with its hole filled; all other pixels keep their bytes',
};

/** What the graph is given, of a network with these inputs. */
export const photoInputs = (network: readonly string[]): Port[] => [
  PHOTO,
  MASK,
  ...[SKETCH, COLOUR, L].filter(({ name }) => network.includes(name)),
  WHOLE,
];

/**
 * The file of the graph around a network.
 *
 * @param network the whole path of a method that edits, with the inputs of `pipeline` (core/computation.ts).
 * @param output the name of its result.
 */
export function writePhotoGraph(network: Graph, output: string, options: OnnxOptions): Uint8Array {
  const builder = new OnnxBuilder();
  const inputs = photoInputs([...network.inputs.keys()]);
  for (const { name } of [...inputs, RESULT]) builder.unique(name);
  const [resolution] = network.shape(network.inputs.get('photo') as number).slice(1) as [number];
  const side = network.shape(network.outputs.get(output) as number)[1] as number;
  const input = (port: Port) => new Value(builder, port.name, port.type as Value['type']);
  const [photo, whole] = [input(PHOTO), input(WHOLE)];
  const square = (value: Value, channels: number) => value.reshape(1, channels, resolution, resolution).name;

  builder.scope = 'region';
  const hole = input(MASK).to('float32').atLeast(WHITE_FROM).to('uint8');
  const bounds = boundsOf(hole);
  const region = regionOf(bounds, photo, resolution, whole.to('bool'));

  builder.scope = 'photo';
  const given: Record<string, string> = {
    photo: square(scalePhoto(photo, region, resolution).over(255).minus(0.5).over(0.5), 3),
  };
  builder.scope = 'hole';
  const marks = cut(hole, region).to('float32');
  given.hole = square(touched(marks, region.size, region.size.constant(resolution)), 1);
  if (network.inputs.has('sketch')) {
    builder.scope = 'sketch';
    const lines = cut(input(SKETCH), region).to('float32').below(LINE_BELOW).to('float32');
    given.sketch = square(thinLines(lines, region.size, resolution).times(-2).plus(1), 1);
  }
  if (network.inputs.has('colour')) {
    builder.scope = 'colour';
    given.colour = square(reduceStrokes(cut(input(COLOUR), region), region.size, resolution), 4);
  }
  if (network.inputs.has('l')) given.l = input(L).reshape(1, 1).name;

  const made = addGraph(builder, network, given, options.precision).get(output) as string;

  builder.scope = 'blend';
  const drawn = new Value(builder, made, 'float32').reshape(3, side, side);
  builder.output(RESULT.name, blend(photo, hole, bounds, region, drawn, side).name);
  return encodeOnnx(builder, inputs, [RESULT], options);
}

// region.ts. Everything is whole numbers, also because some runtimes have none of double precision (onnxruntime-web).

/** `LEAST_CONTEXT` is a whole number of them. */
const PARTS = 4;

/** A quotient of whole numbers above 0, rounded up. */
const upwards = (value: Value, by: Operand): Value => value.plus(by).minus(1).over(by);

interface Bounds {
  readonly left: Value;
  readonly top: Value;
  readonly right: Value;
  readonly bottom: Value;
}

interface Region {
  readonly x: Value;
  readonly y: Value;
  readonly size: Value;
}

/** The least rectangle that holds a hole [h, w] of 0 and 1. Without a hole it is the whole photo, in which nothing changes then. */
function boundsOf(hole: Value): Bounds {
  const along = (axis: number) => {
    const marked = hole.largest(1 - axis);
    const place = (last: number) =>
      marked.node('ArgMax', [], { axis: 0, keepdims: 0, select_last_index: last }, 'int64');
    return [place(0), place(1).plus(1)];
  };
  const [[top, bottom], [left, right]] = [along(0), along(1)];
  return { left, top, right, bottom };
}

function regionOf(bounds: Bounds, photo: Value, resolution: number, whole: Value): Region {
  const { left, top, right, bottom } = bounds;
  const [height, width] = [photo.size(0), photo.size(1)];
  const longest = right.minus(left).max(bottom.minus(top));
  const wanted = whole.choose(height, longest.times(CONTEXT).max(resolution));
  const room = upwards(longest.times(LEAST_CONTEXT * PARTS), PARTS);
  const size = wanted.min(width, height).max(room.min(width.max(height)));
  return { x: place(left.plus(right), size, width), y: place(top.plus(bottom), size, height), size };
}

/** @param ends the sum of a hole's two ends. */
function place(ends: Value, size: Value, length: Value): Value {
  const beyond = size.minus(length).plus(1).over(2).times(-1);
  const inside = ends.minus(size).plus(1).over(2).max(0).min(length.minus(size));
  return length.below(size).choose(beyond, inside);
}

// network-input.ts

/** The places of an axis of that length; beyond its ends it is mirrored. */
function mirrored(places: Value, length: Value): Value {
  const period = length.times(2);
  const place = places.node('Mod', [period]);
  return place.below(length).choose(place, period.minus(1).minus(place));
}

/** A region of a picture [h, w, ...], and `more` px around it. */
function cut(picture: Value, { x, y, size }: Region, more: Operand = 0): Value {
  const along = (start: Value, axis: number) => {
    const places = start.minus(more).upTo(start.plus(size).plus(more));
    return mirrored(places, picture.size(axis));
  };
  return picture.pick(along(y, 0), 0).pick(along(x, 1), 1);
}

/** Which of `size` old pixels each of `count` new ones touches [count, size], 1 = it does. */
function touching(size: Value, count: Value): Value {
  const pixels = count.constant(0).upTo(count).reshape(-1, 1);
  const old = count.constant(0).upTo(size);
  const first = pixels.times(size).over(count);
  const end = pixels.plus(1).times(size).plus(count.minus(1)).over(count);
  return old.atLeast(first).and(old.below(end)).to('float32');
}

/** For each new pixel the sum of a picture [..., size, size] over those that it touches. */
function sumTouched(picture: Value, size: Value, count: Value): Value {
  const which = touching(size, count);
  return which.matMul(picture).matMul(which.transpose([1, 0]));
}

/** Which new pixels [count, count] touch a mark, 1 = they do. */
const touched = (marks: Value, size: Value, count: Value): Value =>
  marks
    .constant(0)
    .below(sumTouched(marks, size, count))
    .to('float32');

/** @param lines [size, size] of 0 and 1. */
function thinLines(lines: Value, size: Value, resolution: number): Value {
  const small = size.constant(resolution);
  const fine = size.max(resolution).min(FINE * resolution);
  const touchedFinely = touched(lines, size, fine);
  const thinned = thin(touchedFinely);
  const isOwnScale = size.node('Equal', [small], {}, 'bool');
  const isThin = touchedFinely.sum().below(thinned.sum().times(MEAN_WIDTH));
  // At the network's own scale `fine` is its resolution, so that this changes nothing.
  const asDrawn = touched(touchedFinely, fine, small);
  return isOwnScale.and(isThin).choose(asDrawn, thin(touched(thinned, fine, small)));
}

/** Thinning of lines [n, n] as in data/edges.ts: a pixel and its neighbours are one number, which a table says the fate of. */
function thin(lines: Value): Value {
  const { builder } = lines;
  const ITSELF = 256;
  const kernel = new Float32Array(9);
  kernel[4] = ITSELF;
  for (const [k, [dy, dx]] of neighbours.entries()) kernel[3 * (dy + 1) + dx + 1] = 2 ** k;
  const pattern = builder.initializer('pattern', 'float32', [1, 1, 3, 3], kernel);
  const tables = removable.map((goes) => {
    const stays = Float32Array.from({ length: 512 }, (_, code) => +(code >= ITSELF && !goes[code % ITSELF]));
    return new Value(builder, builder.initializer('stays', 'float32', [512], stays), 'float32');
  });
  const image = lines.unsqueeze(0, 1);
  const [thinned] = builder.loop('', [image], ([name]) => {
    const before = new Value(builder, name, 'float32');
    let after = before;
    for (const table of tables) {
      const codes = after.node('Conv', [new Value(builder, pattern, 'float32')], { pads: [1, 1, 1, 1] });
      // Some runtimes are not exact in convolutions.
      after = table.pick(codes.node('Round').to('int32'), 0);
    }
    return { again: after.sum().below(before.sum()).name, state: [after.name] };
  });
  return new Value(builder, thinned, 'float32').squeeze(0, 1);
}

/** @param strokes RGBA [size, size, 4]. @returns [4, resolution, resolution]. */
function reduceStrokes(strokes: Value, size: Value, resolution: number): Value {
  const planes = strokes.to('float32').transpose([2, 0, 1]);
  const [colours, alpha] = [planes.part(0, 0, size.constant(3)), planes.part(0, 3, size.constant(4))];
  const isStroke = alpha.atLeast(OPAQUE_FROM).to('float32');
  const count = sumTouched(isStroke, size, size.constant(resolution));
  const sums = sumTouched(colours.times(isStroke), size, size.constant(resolution));
  const has = count.constant(0).below(count);
  const mean = sums.over(count.max(1)).over(127.5).minus(1);
  return has.choose(mean, 0).join([has.to('float32')], 0);
}

// resample.ts

/** How pixels of a square are made of old ones. */
interface Scaling {
  /** [new pixels, old pixels], of sum 1 for each new one. */
  readonly weights: Value;
  /** So many old pixels beyond either end of the square are among them. */
  readonly more: Value;
}

/** @param begin of the new pixels that are wanted; `end` is just outside. */
function scaling(oldSize: Value, newSize: Value, begin: Value, end: Value): Scaling {
  // In the filter's steps a distance is a whole number over 2 * larger, so that whole pixels stay exact.
  const larger = oldSize.max(newSize);
  const more = upwards(larger.times(2), newSize).plus(1);
  const centres = begin.upTo(end).times(2).plus(1).times(oldSize).reshape(-1, 1);
  const places = oldSize.constant(0).minus(more).upTo(oldSize.plus(more));
  const distances = places.times(2).plus(1).times(newSize).minus(centres);
  const raw = cubic(distances.to('float32').node('Abs').over(larger.times(2).to('float32')));
  return { weights: raw.over(raw.sum(1)), more };
}

function cubic(t: Value): Value {
  const near = t.times(1.5).minus(2.5).times(t).times(t).plus(1);
  const far = t.times(-0.5).plus(2.5).times(t).minus(4).times(t).plus(2);
  return t.below(1).choose(near, t.below(2).choose(far, 0));
}

/** A region of a photo [3, resolution, resolution] from 0 to 255. */
function scalePhoto(photo: Value, region: Region, resolution: number): Value {
  const { size } = region;
  const small = size.constant(resolution);
  const { weights, more } = scaling(size, small, size.constant(0), small);
  const around = cut(photo, region, more).to('float32').transpose([2, 0, 1]);
  return weights
    .matMul(around)
    .matMul(weights.transpose([1, 0]))
    .max(0)
    .min(255);
}

// blend.ts

/** @param drawn [3, side, side] in [-1, 1]. */
function blend(photo: Value, hole: Value, bounds: Bounds, region: Region, drawn: Value, side: number): Value {
  const { left, top, right, bottom } = bounds;
  const { x, y, size } = region;
  const [height, width] = [photo.size(0), photo.size(1)];
  const small = size.constant(side);
  const feather = size
    .times(2)
    .plus(side)
    .over(2 * side)
    .max(2);
  const most = feather.plus(1).times(BESIDE).to('float32');

  const grown = {
    left: left.minus(1).max(0, x),
    top: top.minus(1).max(0, y),
    right: right.plus(1).min(width, x.plus(size)),
    bottom: bottom.plus(1).min(height, y.plus(size)),
  };
  const inGrown = hole.part(0, grown.top, grown.bottom).part(1, grown.left, grown.right);
  const depth = depths(inGrown.to('float32').times(most), feather.plus(1))
    .part(0, top.minus(grown.top), bottom.minus(grown.top))
    .part(1, left.minus(grown.left), right.minus(grown.left))
    .unsqueeze(2);
  const weight = depth.over(most).min(1);

  const rows = scaling(small, size, top.minus(y), bottom.minus(y));
  const columns = scaling(small, size, left.minus(x), right.minus(x));
  const zero = size.constant(0);
  const source = cut(drawn.transpose([1, 2, 0]), { x: zero, y: zero, size: small }, rows.more);
  const large = rows.weights.matMul(source.transpose([2, 0, 1])).matMul(columns.weights.transpose([1, 0]));
  const bytes = large.plus(1).times(127.5).max(0).min(255).transpose([1, 2, 0]);

  const strip = photo.part(0, top, bottom);
  const old = strip.part(1, left, right).to('float32');
  const mixed = bytes
    .times(weight)
    .plus(old.times(weight.times(-1).plus(1)))
    .plus(0.5)
    .node('Floor');
  const filled = depth.constant(0).below(depth).choose(mixed, old).to('uint8');
  const middle = strip.part(1, 0, left).join([filled, strip.part(1, right, width)], 1);
  return photo.part(0, 0, top).join([middle, photo.part(0, bottom, height)], 0);
}

/**
 * How far each pixel of a hole [h, w] is from the nearest known one. It is the least of what its neighbours say, once as many
 * rounds have passed as there can be steps.
 *
 * @param hole the largest distance in the hole, 0 outside.
 */
function depths(hole: Value, rounds: Value): Value {
  const { builder } = hole;
  // Maxima of negative numbers, as ONNX pools no minima.
  const negative = hole.times(-1).unsqueeze(0, 1);
  const [found] = builder.loop(rounds.name, [negative], ([name]) => {
    const known = new Value(builder, name, 'float32');
    const over = (height: number, width: number, step: number) => {
      const [top, left] = [(height - 1) / 2, (width - 1) / 2];
      const pads = [top, left, top, left];
      return known.node('MaxPool', [], { kernel_shape: [height, width], pads }).minus(step);
    };
    const nearer = known.max(over(1, 3, BESIDE), over(3, 1, BESIDE), over(3, 3, DIAGONAL));
    return { again: builder.scalar(1, 'bool'), state: [nearer.name] };
  });
  return new Value(builder, found, 'float32').squeeze(0, 1).times(-1);
}
