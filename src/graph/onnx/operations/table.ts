import { elementwise } from './elementwise.ts';
import { matrices } from './matrix.ts';
import { normalisations } from './normalisation.ts';
import type { Operations } from './operation.ts';
import { reductions } from './reduction.ts';
import { resizing } from './resize.ts';
import { selections } from './selection.ts';
import { shapes } from './shape.ts';
import { windows } from './window.ts';

/** Every operation of TensorFlow's that can be written as ONNX. */
export const operations: Operations = {
  ...elementwise,
  ...matrices,
  ...normalisations,
  ...reductions,
  ...resizing,
  ...selections,
  ...shapes,
  ...windows,
};
