/**
 * Keras' VGG19 (keras.applications), whose weights are those of the Visual Geometry Group, Oxford, trained with Caffe. It takes
 * bytes minus their means in the order blue, green, red.
 */
import { kernelOfKeras } from '../nn/hed-torch.ts';
import { KERAS_VGG19 } from '../nn/vgg.ts';
import { UserError } from '../runtime/errors.ts';
import type { WeightFile, WeightTensor } from '../weights/weight-file.ts';

interface VggLayer {
  readonly keras: string;
  readonly torch: string;
  /** [out, in, height, width] */
  readonly shape: readonly [number, number, number, number];
}

/** Places of the convolutions in torchvision's `features`: a rectifier after each, a pooling layer after each block. */
const BLOCKS = [
  { channels: 64, places: [0, 2] },
  { channels: 128, places: [5, 7] },
  { channels: 256, places: [10, 12, 14, 16] },
  { channels: 512, places: [19, 21, 23, 25] },
  { channels: 512, places: [28, 30, 32, 34] },
];

export const VGG19_LAYERS: readonly VggLayer[] = BLOCKS.flatMap(({ channels, places }, block) =>
  places.map((place, i): VggLayer => {
    const input = i > 0 ? channels : (BLOCKS[block - 1]?.channels ?? 3);
    return {
      keras: `block${block + 1}_conv${i + 1}`,
      torch: `features.${place}`,
      shape: [channels, input, 3, 3],
    };
  }),
);

/**
 * A file of Keras' VGG19 with torchvision's names and layout, for input in the order red, green, blue; every other file
 * as it is. Forms: layers models of TensorFlow.js (`block1_conv1/kernel`), weights and models of Keras 2
 * (`block1_conv1/block1_conv1/kernel:0`, `.../block1_conv1_W_1:0`) and of Keras 3 (`layers/conv2d/vars/0`).
 *
 * @throws UserError when a layer has another shape, or the file holds Keras' VGG16.
 */
export function vgg19OfKeras(file: WeightFile): WeightFile {
  const layers = VGG19_LAYERS.map((layer, index) => ({ layer, tensors: layerOf(file, layer.keras, index) }));
  if (!layers[0].tensors.some(([, { shape }]) => String(shape) === '3,3,3,64')) return file;
  if (layers[7].tensors.length === 0 && layers[8].tensors.length > 0) throw isVgg16(file);
  const tensors = layers.flatMap(({ layer, tensors: found }, index) =>
    found.map(([key, tensor]) => withTorchLayout(file, layer, key, tensor, index === 0)),
  );
  return { ...file, tensors: new Map(tensors), metadata: { network: KERAS_VGG19 } };
}

/** A layer's kernel and bias by their keys. Optimisers keep tensors of the same names. */
function layerOf({ tensors }: WeightFile, name: string, index: number): [string, WeightTensor][] {
  const [kernel, bias] = [0, 1].map((at) => `layers/conv2d${index === 0 ? '' : `_${index}`}/vars/${at}`);
  return [...tensors].filter(
    ([key]) =>
      key === kernel ||
      key === bias ||
      (!key.startsWith('optimizer') && key.split('/').slice(0, -1).includes(name)),
  );
}

function withTorchLayout(
  { path }: WeightFile,
  { keras, torch, shape }: VggLayer,
  key: string,
  tensor: WeightTensor,
  takesImages: boolean,
): [string, WeightTensor] {
  const [out, input, height, width] = shape;
  if (String(tensor.shape) === String([out])) return [`${torch}.bias`, tensor];
  if (String(tensor.shape) !== String([height, width, input, out]))
    throw new UserError('A layer is not as in Keras’ VGG19.', {
      where: `${path}: ${key}`,
      expected: `${keras}’s kernel [${[height, width, input, out]}] or bias [${out}]`,
      got: `[${tensor.shape}]`,
      fix: 'import weights of keras.applications.VGG19 in TensorFlow’s order of dimensions',
    });
  const read = () => {
    const kernel = kernelOfKeras(tensor.read() as Float32Array, shape);
    return takesImages ? reverseInputs(kernel, shape) : kernel;
  };
  return [`${torch}.weight`, { ...tensor, shape, read }];
}

/** A kernel OIHW for blue, green, red as one for red, green, blue, or the other way round. */
function reverseInputs(kernel: Float32Array, [out, input, height, width]: VggLayer['shape']): Float32Array {
  const size = height * width;
  const reversed = new Float32Array(kernel.length);
  for (let o = 0; o < out; o++)
    for (let i = 0; i < input; i++) {
      const from = (o * input + i) * size;
      reversed.set(kernel.subarray(from, from + size), (o * input + input - 1 - i) * size);
    }
  return reversed;
}

const isVgg16 = ({ path }: WeightFile) =>
  new UserError('Keras’ VGG16 is not used here: metrics and losses by VGG16 are defined on torchvision’s.', {
    where: path,
    expected: 'Keras’ VGG19, for the perceptual loss; or torchvision’s vgg16-397923af.pth',
    got: 'a VGG without block3_conv4',
  });
