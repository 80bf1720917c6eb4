/** The files of prepared samples: PNG of 2n x n pixels, photo left and sketch right (the original's own format). */
import sharp from 'sharp';
import { decodeRgb, fromRgb, imageInput, type RgbImage, readable, UnusableImage } from './decode.ts';
import type { TarPart } from './types.ts';

/** Bytes of a sample: `photo` [n, n, 3] RGB and `sketch` [n, n], 0 = line and 255 = paper. */
export interface Pair {
  readonly photo: Uint8Array;
  readonly sketch: Uint8Array;
}

/** A pair of n x n images as the bytes of a PNG file. */
export async function encodePair({ photo, sketch }: Pair, n: number): Promise<Buffer> {
  const data = Buffer.alloc(2 * n * n * 3);
  for (let y = 0; y < n; y++) {
    data.set(photo.subarray(y * n * 3, (y + 1) * n * 3), y * 2 * n * 3);
    for (let x = 0; x < n; x++)
      data.fill(sketch[y * n + x], (y * 2 * n + n + x) * 3, (y * 2 * n + n + x + 1) * 3);
  }
  return fromRgb({ data, width: 2 * n, height: n })
    .png()
    .toBuffer();
}

/**
 * A prepared sample of n x n.
 *
 * @param part where it lies in the tar file `path`. Default: it is all of a file.
 * @throws UnusableImage when the file is missing, damaged or of another size.
 */
export async function decodePair(path: string, n: number, part?: TarPart): Promise<Pair> {
  // Our own files need none of the conversions of foreign photos.
  const file = sharp(await imageInput({ path, part }), { failOn: 'error' });
  const { data, info } = await readable(file.raw().toBuffer({ resolveWithObject: true }));
  if (info.width !== 2 * n || info.height !== n || info.channels !== 3) {
    throw new UnusableImage(`is ${info.width} x ${info.height} x ${info.channels}, not ${2 * n} x ${n} x 3`);
  }
  return splitPair({ data, width: info.width, height: info.height });
}

/** A foreign file of a photo and its sketch side by side, of any size. @throws UnusableImage when it is none. */
export async function decodeForeignPair(
  file: string | Buffer,
  sketchFirst: boolean,
): Promise<Pair & { side: number }> {
  const image = await decodeRgb(file);
  if (image.width !== 2 * image.height) {
    throw new UnusableImage(
      `not a pair: ${image.width} x ${image.height} px, where a photo and a sketch side by side are twice as wide as high`,
    );
  }
  return { ...splitPair(image, sketchFirst), side: image.height };
}

/** The first channel of the sketch's half stands for all three. */
function splitPair({ data, height: n }: RgbImage, sketchFirst = false): Pair {
  const photo = new Uint8Array(n * n * 3);
  const sketch = new Uint8Array(n * n);
  const photoAt = sketchFirst ? n * 3 : 0;
  const sketchAt = sketchFirst ? 0 : n * 3;
  for (let y = 0; y < n; y++) {
    const row = y * 2 * n * 3;
    photo.set(data.subarray(row + photoAt, row + photoAt + n * 3), y * n * 3);
    for (let x = 0; x < n; x++) sketch[y * n + x] = data[row + sketchAt + x * 3];
  }
  return { photo, sketch };
}
