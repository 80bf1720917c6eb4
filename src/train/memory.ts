/** Memory: sizes of networks, for the plan, and what is said when there is not enough. */
import type { StagePlan } from '../core/method.ts';
import type { LayersModel, TensorFlow } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';

type Shape = TensorFlow.Shape;

export function countParameters(network: LayersModel): number {
  return network.countParams();
}

/** Elements of all layers' outputs for one sample, of `side` px where the network takes any size. */
export function activationElements(network: LayersModel, side: number): number {
  const shapes = new Map<string, Shape[]>();
  let elements = 0;
  for (const layer of network.layers) {
    const node = layer.inboundNodes[0];
    const inputs = node.inboundLayers.map((source, i) => shapes.get(source.name)![node.tensorIndices[i]]);
    let made: Shape[];
    if (inputs.length === 0) {
      const [, ...rest] = node.outputShapes[0] as Shape;
      // Of a mask the channels may be left open, too.
      made = [[1, ...rest.map((size, axis) => size ?? (axis < 2 ? side : 1))]];
    } else if (layer.getClassName() === 'Add') {
      // Features from another network have a size of their own, which is the other summand's.
      made = [inputs[0]];
    } else {
      const found = layer.computeOutputShape(inputs.length === 1 ? inputs[0] : inputs);
      made = (Array.isArray(found[0]) ? found : [found]) as Shape[];
    }
    shapes.set(layer.name, made);
    for (const shape of made) elements += shape.reduce<number>((product, size) => product * (size ?? 1), 1);
  }
  return elements;
}

/** The UserError for a failed allocation, TensorFlow's or JavaScript's; any other error as it is. */
export function explainMemory(error: unknown, { name, batch }: StagePlan): unknown {
  const message = error instanceof Error ? error.message : '';
  // 8 is TensorFlow's RESOURCE_EXHAUSTED.
  const failed = /TF_Status: 8\b|OOM when allocating|Array buffer allocation failed|bad_alloc/.exec(message);
  if (!failed) return error;
  return new UserError('There is not enough memory for this training.', {
    where: `stage ${name}, batches of ${batch}`,
    expected: 'the memory that the plan shows, and some more',
    got: message.replaceAll(/\s*\n\s*/g, ' '),
    fix: 'end other programs, or begin a new run with a smaller `batch` of that stage or narrower networks (model.width)',
  });
}
