/** Sketches of images as `prepare` draws them of photos, from tensors. */
import type { Config } from '../../config/schema.ts';
import { edgeMapToSketch } from '../../data/edges/sketch-of-edges.ts';
import type { Hed } from '../../nn/hed.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import { bicubic, resample, triangle } from './resample.ts';

/** Mirrored pixels around what HED sees. More hardly changes a line, and HED's time grows with the area. */
const mostPadding = 16;

/**
 * The lines of images [n,s,s,3] in [0, 1], one array [s*s] each, 1 = line. HED sees an image at the side that it saw the
 * photos at, one image at a time: so its rounding, which a threshold can make visible, depends on nothing but the image.
 */
export async function linesOf(
  hed: Hed,
  images: Tensor4D,
  edges: Config['data']['edges'],
): Promise<Uint8Array[]> {
  const [n, size] = images.shape;
  const sketches: Uint8Array[] = [];
  for (let i = 0; i < n; i++) {
    const map = tf.tidy(() => {
      const image = tf.slice(images, [i, 0, 0, 0], [1, size, size, 3]);
      return edgeMap(hed, tf.round(tf.mul(image, 255)) as Tensor4D, edges);
    });
    const probabilities = (await map.data()) as Float32Array;
    map.dispose();
    sketches.push(edgeMapToSketch(probabilities, size, size, edges).map((value) => (value === 0 ? 1 : 0)));
  }
  return sketches;
}

/** HED's edge probabilities [1,s,s,1] of an image of bytes [1,s,s,3]. */
function edgeMap(hed: Hed, bytes: Tensor4D, edges: Config['data']['edges']): Tensor4D {
  const size = bytes.shape[1];
  const seen = size === edges.size ? bytes : tf.clipByValue(resample(bytes, edges.size, bicubic), 0, 255);
  const padding = Math.min(edges.padding, mostPadding);
  const pad: [number, number] = [padding, padding];
  const padded = tf.mirrorPad(seen, [[0, 0], pad, pad, [0, 0]], 'reflect') as Tensor4D;
  const map = tf.slice(hed.edges(padded).fused, [0, padding, padding, 0], [1, edges.size, edges.size, 1]);
  return size === edges.size ? map : resample(map, size, triangle);
}
