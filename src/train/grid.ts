/** Sample grids: a row for each sample, a column for each kind of image, captions above. */
import { drawPictures, type GridImage } from '../data/picture-grid.ts';
import { type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';

/**
 * Draws named images [n,h,w,3] in [-1, 1], all of one n, as a grid of n rows. Images of other sizes than the first
 * are drawn at its size, small images enlarged to 128 px. The images are not disposed of.
 */
export async function drawGrid(images: Readonly<Record<string, Tensor4D>>): Promise<GridImage> {
  const columns = Object.entries(images);
  const [rows, side] = columns[0][1].shape;
  const drawn = columns.map(async ([caption, tensor]) => {
    const [, height, width] = tensor.shape;
    const bytes = await toBytes(tensor);
    const pictures = Array.from({ length: rows }, (_, row) => ({
      data: bytes.subarray(row * height * width * 3, (row + 1) * height * width * 3),
      width,
      height,
    }));
    return { caption, pictures };
  });
  return drawPictures(await Promise.all(drawn), side);
}

/** [n,h,w,3] in [-1, 1] as bytes, rounded; what lies outside is clipped. */
async function toBytes(images: Tensor4D): Promise<Buffer> {
  const scaled = tf.tidy(() => {
    const bytes: TensorFlow.Tensor = tf.clipByValue(tf.mul(tf.add(images, 1), 127.5), 0, 255);
    return tf.cast(tf.round(bytes), 'int32');
  });
  const data = await scaled.data();
  scaled.dispose();
  return Buffer.from(data);
}
