/** Faces in batches of images, and what tells one person's from another's: @vladmandic/face-api on our engine. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as FaceApi from '@vladmandic/face-api';
// Loaded first, so that face-api finds our engine and no second one.
import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';

const minimumConfidence = 0.5;
/** The detector shrinks what it sees to 512 px and misses faces that fill the image: it sees them in a grey frame. */
const frame = 3;
const grey = 0.5;

/** Place of a face in a framed image, whole pixels. */
export interface FaceBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class FaceDescriptor {
  readonly #api: typeof FaceApi;

  private constructor(api: typeof FaceApi) {
    this.#api = api;
  }

  static async load(): Promise<FaceDescriptor> {
    const require = createRequire(import.meta.url);
    const build = require.resolve('@vladmandic/face-api/dist/face-api.node-gpu.js');
    const api: typeof FaceApi = require(build);
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
      // face-api's types are those of its own copy of TensorFlow.js.
      const input = image as unknown as FaceApi.TNetInput;
      const faces = await this.#api.detectAllFaces(input, options).withFaceLandmarks();
      const [largest] = faces.sort((a, b) => b.detection.box.area - a.detection.box.area);
      const [height, width] = image.shape as [number, number];
      // The alignment that the network was trained with.
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
 * An image of a batch in its frame [3s,3s,3], from 0 to 255. Not rounded: results differ in their last digits from batch to
 * batch, and a byte that tips over tells a descriptor more than that.
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
