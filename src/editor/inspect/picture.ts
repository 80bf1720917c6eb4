/** One sample of a data set as training sees it, as a picture. */
import type { RunConfig } from '../../config/run-config.ts';
import type { RgbImage } from '../../data/decode.ts';
import { drawHole } from '../../data/holes.ts';
import { decodePair } from '../../data/pair.ts';
import { drawPictures, type GridColumn, type GridImage } from '../../data/picture-grid.ts';
import type { PreparedSample } from '../../data/types.ts';
import { definitionOf } from '../../models/registry.ts';
import { tf } from '../../ops/tf.ts';
import { type RandomStream, stream } from '../../runtime/seed.ts';

/** The values of l at which sketches are shown. */
const SHOWN_LS = [0, 0.5, 1];
/** What is neither line nor paper. */
const OUTSIDE = 128;

/**
 * Side by side, as PNG: the photo, a hole, the photo with it, and the sketch inside the hole, at several l where the method
 * roughens it. Hole and roughness derive from the seed and the id.
 *
 * @throws UnusableImage when the sample is missing or damaged.
 */
export async function drawSample(
  config: RunConfig,
  { id, pairPath, part }: PreparedSample,
): Promise<GridImage> {
  const { resolution: n, seed, task } = config;
  const { photo, sketch } = await decodePair(pairPath, n, part);
  const random = stream(seed, 'inspected sample', id);
  const hole = task === 'edit' ? drawHole(config.data.holes, n, random) : new Uint8Array(n * n).fill(1);
  const grey = (value: (i: number) => number): RgbImage => {
    const data = Buffer.alloc(3 * n * n);
    for (let i = 0; i < n * n; i++) data.fill(value(i), 3 * i, 3 * i + 3);
    return { data, width: n, height: n };
  };
  const column = (caption: string, picture: RgbImage): GridColumn => ({ caption, pictures: [picture] });
  const columns = [column('photo', { data: Buffer.from(photo), width: n, height: n })];
  if (task === 'edit') {
    const data = Buffer.from(photo.map((byte, i) => (hole[Math.floor(i / 3)] === 1 ? 255 : byte)));
    columns.push(
      column(
        'hole: white',
        grey((i) => 255 * hole[i]),
      ),
      column('photo with hole', { data, width: n, height: n }),
    );
  }
  for (const { caption, bytes } of sketchesOf(config, sketch, random))
    columns.push(
      column(
        caption,
        grey((i) => (hole[i] === 1 ? bytes[i] : OUTSIDE)),
      ),
    );
  return drawPictures(columns, n);
}

/** Bytes [n, n], 0 = line and 255 = paper. */
function sketchesOf(
  config: RunConfig,
  sketch: Uint8Array,
  random: RandomStream,
): { caption: string; bytes: Uint8Array }[] {
  const { roughen } = definitionOf(config);
  if (!roughen) return [{ caption: 'sketch', bytes: sketch }];
  const n = config.resolution;
  return SHOWN_LS.map((l) => {
    const rough = tf.tidy(() => {
      const lines = tf.tensor4d(
        Float32Array.from(sketch, (byte) => byte / 127.5 - 1),
        [1, n, n, 1],
      );
      return roughen(config, lines, l, random).dataSync();
    });
    return {
      caption: `sketch, l = ${l}`,
      bytes: Uint8Array.from(rough, (value) => Math.round((value + 1) * 127.5)),
    };
  });
}
