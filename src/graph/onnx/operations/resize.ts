/** Interpolation between sizes. */
import type { GraphNode } from '../../graph.ts';
import type { Attributes } from '../builder.ts';
import { NCHW } from '../layout.ts';
import type { Operation, Operations } from './operation.ts';

/** How a pixel's place in the result becomes one in the input. */
function coordinates(node: GraphNode): string {
  if (node.attributes.align_corners === true) return 'align_corners';
  return node.attributes.half_pixel_centers === true ? 'half_pixel' : 'asymmetric';
}

const resize =
  (mode: (node: GraphNode) => Attributes): Operation =>
  (to, node) => {
    const output = node.outputs[0];
    const sizes = to.int64([to.size(node, output, 1), to.size(node, output, 2)]);
    const result = to.emit('Resize', [to.at(node.inputs[0], NCHW), '', '', sizes], {
      axes: [2, 3],
      coordinate_transformation_mode: coordinates(node),
      ...mode(node),
    });
    to.place(output, result, NCHW);
  };

export const resizing: Operations = {
  ResizeBilinear: resize(() => ({ mode: 'linear' })),
  ResizeNearestNeighbor: resize((node) => ({
    mode: 'nearest',
    // TensorFlow takes the pixel in which a half-pixel centre falls, the nearest corner, or else the one before.
    nearest_mode: coordinates(node) === 'asymmetric' ? 'floor' : 'round_prefer_ceil',
  })),
};
