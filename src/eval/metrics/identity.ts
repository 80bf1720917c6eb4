import { type FaceBox, FaceDescriptor } from './face-descriptor.ts';
import type { SampleMetric } from './metric.ts';
import { borrow, oncePerTensor } from './share.ts';

interface Face {
  readonly box: FaceBox | null;
  readonly descriptor: Float32Array | null;
}

/**
 * Whether it is still the same person: the cosine of the 128 numbers by which @vladmandic/face-api (dlib's network)
 * describes the face, of result and photo. The face is looked for in the photo alone and cut from both at the same place, so
 * that a face that a result destroys counts, and badly, instead of dropping out; NaN where the photo shows none. Cosines of
 * strangers are high too, about 0.9.
 */
export async function createIdentity(): Promise<SampleMetric> {
  const { value: describer, release } = await borrow('face', () => FaceDescriptor.load());
  const facesOf = oncePerTensor(async (photos): Promise<Face[]> => {
    const boxes = await describer.find(photos);
    const descriptors = await describer.describe(photos, boxes);
    return boxes.map((box, i) => ({ box, descriptor: descriptors[i]! }));
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
      return { image: Float64Array.from(faces, ({ descriptor }, i) => cosine(descriptor, descriptors[i]!)) };
    },
    dispose: release,
  };
}

/** NaN where there is no descriptor. */
function cosine(a: Float32Array | null, b: Float32Array | null): number {
  if (!a || !b) return Number.NaN;
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
