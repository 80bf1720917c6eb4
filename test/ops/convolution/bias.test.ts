import { it } from 'vitest';
import { addBias } from '../../../src/ops/convolution/bias.ts';
import type { Tensor4D } from '../../../src/ops/tf.ts';
import { expectGradients, normalTensor } from '../../finite-differences.ts';

it('addBias has gradients', () => {
  expectGradients(
    (x, bias) => addBias(x.clone() as Tensor4D, bias),
    [normalTensor([2, 3, 4, 5]), normalTensor([5])],
  );
});
