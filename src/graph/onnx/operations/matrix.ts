/** Products of matrices. */
import { straight } from '../layout.ts';
import type { Operation, Operations } from './operation.ts';

/** @param transposed names of the attributes that say whether the first and second factor are transposed. */
const product =
  (transposed: readonly [string, string]): Operation =>
  (to, node) => {
    const [a, b] = node.inputs.map((id, side) => {
      const layout = [...straight(to.rank(id))];
      if (node.attributes[transposed[side]]) layout.push(...layout.splice(-2).reverse());
      return to.at(id, layout);
    });
    const output = node.outputs[0];
    to.place(output, to.emit('MatMul', [a, b]), straight(to.rank(output)));
  };

export const matrices: Operations = {
  MatMul: product(['transpose_a', 'transpose_b']),
  BatchMatMulV2: product(['adj_x', 'adj_y']),
};
