/** Identity: whether the result shows the same person, by the face descriptors of @vladmandic/face-api. */
import { dirname, join } from 'node:path';
import type * as FaceApi from '@vladmandic/face-api';
// Loaded before face-api, so that face-api finds this TensorFlow and loads no second one.
import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';
import { requireFromEngine } from '../../runtime/installation.mjs';
import type { SampleMetric } from './metric.ts';
import { borrow, oncePerTensor } from './share.ts';

interface Face {
  readonly box: FaceBox | null;
  readonly descriptor: Float32Array | null;
}

/**
 * Whether the result shows the same person as the photo: the cosine of the face descriptors (128 numbers, dlib's network
 * in @vladmandic/face-api) of both. The face is searched in the photo alone, and cut from photo and result at the same
 * place: so a result that destroys the face gets a low value, instead of none. NaN where the photo shows no face. Even for
 * different persons the cosine is about 0.9.
 */
export async function createIdentity(): Promise<SampleMetric> {
  const { value: describer, release } = await borrow('face', () => FaceDescriptor.load());
  const facesOf = oncePerTensor(async (photos): Promise<Face[]> => {
    const boxes = await describer.find(photos);
    const descriptors = await describer.describe(photos, boxes);
    return boxes.map((box, i) => ({ box, descriptor: descriptors[i] }));
  });
  return {
    kind: 'sample',
    name: 'identity',
    title: 'Identity',
    unit: '',
    better: 'higher',
    definition:
      'Cosine of the face descriptors (128 numbers, @vladmandic/face-api) of result and photo, where a face is found in the photo.',
    regions: ['image'],
    async measure({ truth, result }) {
      const faces = await facesOf(truth);
      const descriptors = await describer.describe(
        result,
        faces.map(({ box }) => box),
      );
      return { image: Float64Array.from(faces, ({ descriptor }, i) => cosine(descriptor, descriptors[i])) };
    },
    dispose: release,
  };
}

/** NaN where a descriptor is missing. */
function cosine(a: Float32Array | null, b: Float32Array | null): number {
  if (!a || !b) return Number.NaN;
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const minimumConfidence = 0.5;
/** The detector misses faces that fill the image, so it is shown the image in a grey frame of this many times its side. */
const frame = 3;
const grey = 0.5;

/** Place of a face in a framed image, whole pixels. */
export interface FaceBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Finds faces in batches of images and describes them, on the TensorFlow of this program. */
export class FaceDescriptor {
  readonly #api: typeof FaceApi;

  private constructor(api: typeof FaceApi) {
    this.#api = api;
  }

  static async load(): Promise<FaceDescriptor> {
    const build = requireFromEngine.resolve('@vladmandic/face-api/dist/face-api.node-gpu.js');
    const api: typeof FaceApi = requireFromEngine(build);
    const models = join(dirname(build), '../model');
    const { ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet } = api.nets;
    for (const net of [ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet]) await net.loadFromDisk(models);
    return new FaceDescriptor(api);
  }

  /** The largest face of each image [n,s,s,3] in [0, 1], as its landmarks place it; null where none is found. */
  async find(images: Tensor4D): Promise<(FaceBox | null)[]> {
    const options = new this.#api.SsdMobilenetv1Options({ minConfidence: minimumConfidence });
    const boxes: (FaceBox | null)[] = [];
    for (let i = 0; i < images.shape[0]; i++) {
      const image = tf.tidy(() => tf.cast(tf.round(framed(images, i)), 'int32'));
      // The types of face-api are those of its own copy of TensorFlow.js.
      const input = image as unknown as FaceApi.TNetInput;
      const faces = await this.#api.detectAllFaces(input, options).withFaceLandmarks();
      const [largest] = faces.sort((a, b) => b.detection.box.area - a.detection.box.area);
      const [height, width] = image.shape as [number, number];
      // The network was trained on faces that were aligned like this.
      const box = largest?.landmarks.align(null, { useDlibAlignment: true });
      boxes.push(box?.clipAtImageBorders(width, height) ?? null);
      image.dispose();
    }
    return boxes;
  }

  /** Descriptors [128] of the faces in those boxes, one an image [n,s,s,3] in [0, 1]; null where the box is. */
  async describe(images: Tensor4D, boxes: readonly (FaceBox | null)[]): Promise<(Float32Array | null)[]> {
    const faces = tf.tidy(() =>
      boxes.flatMap((box, i) =>
        box ? [tf.slice(framed(images, i), [box.y, box.x, 0], [box.height, box.width, 3])] : [],
      ),
    );
    if (faces.length === 0) return boxes.map(() => null);
    const input = faces as unknown as FaceApi.TNetInput;
    const descriptors = [await this.#api.nets.faceRecognitionNet.computeFaceDescriptor(input)].flat();
    tf.dispose(faces);
    return boxes.map((box) => (box ? (descriptors.shift() as Float32Array) : null));
  }

  dispose(): void {
    const { ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet } = this.#api.nets;
    for (const net of [ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet]) net.dispose();
  }
}

/**
 * An image of a batch in its frame [3s,3s,3], from 0 to 255. It is not rounded: the same image differs in its last digits
 * from batch to batch, and where rounding turns that into another byte, the descriptor changes far more.
 */
function framed(images: Tensor4D, index: number): Tensor {
  return tf.tidy(() => {
    const size = images.shape[1];
    const margin = Math.round((size * (frame - 1)) / 2);
    const pad: [number, number] = [margin, margin];
    const image = tf.slice(images, [index, 0, 0, 0], [1, size, size, 3]);
    const padded = tf.pad(image, [[0, 0], pad, pad, [0, 0]], grey);
    return tf.mul(tf.squeeze(padded, [0]), 255);
  });
}
