/** Sizes of networks, for the plan. */
import type { LayersModel, TensorFlow } from '../runtime/tf.ts';

type Shape = TensorFlow.Shape;

export function countParameters(network: LayersModel): number {
  return network.countParams();
}

/**
 * Elements of all layers' outputs for one sample. Where the network takes any size, its side is the number at the end
 * of its name (`G64`), or else `side`.
 */
export function activationElements(network: LayersModel, side: number): number {
  const named = Number(/\d+$/.exec(network.name)?.[0] ?? side);
  const shapes = new Map<string, Shape>();
  let elements = 0;
  for (const layer of network.layers) {
    const node = layer.inboundNodes[0]!;
    const inputs = node.inboundLayers.map((source) => shapes.get(source.name)!);
    let shape: Shape;
    if (inputs.length === 0) {
      const [, ...rest] = node.outputShapes[0] as Shape;
      shape = [1, ...rest.map((size) => size ?? named)];
    } else if (layer.getClassName() === 'Add') {
      // Features from another network have a size of their own, which is the other summand's.
      shape = inputs[0]!;
    } else {
      shape = layer.computeOutputShape(inputs.length === 1 ? inputs[0]! : inputs) as Shape;
    }
    shapes.set(layer.name, shape);
    elements += shape.reduce<number>((product, size) => product * (size ?? 1), 1);
  }
  return elements;
}
