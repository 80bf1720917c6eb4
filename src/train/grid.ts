/** Sample grids: a row for each sample, a column for each kind of image, captions above. */
import sharp, { type OverlayOptions } from 'sharp';
import { type Tensor4D, type TensorFlow, tf } from '../runtime/tf.ts';
import { textPath, textWidth } from './lettering.ts';

export interface GridImage {
  readonly png: Buffer;
  readonly width: number;
  readonly height: number;
}

const gap = 4;
const captionHeight = 20;

/**
 * Draws named images [n,h,w,3] in [-1, 1], all of one n, as a grid of n rows. Images of other sizes than the first
 * are drawn at its size, small images enlarged to 128 px. The images are not disposed of.
 */
export async function drawGrid(images: Readonly<Record<string, Tensor4D>>): Promise<GridImage> {
  const columns = Object.entries(images);
  const [rows, side] = columns[0]![1].shape;
  const cell = Math.max(128, side);
  const width = columns.length * (cell + gap) + gap;
  const height = rows * (cell + gap) + gap + captionHeight;
  const layers: OverlayOptions[] = [];
  const captions: string[] = [];
  for (const [column, [caption, tensor]] of columns.entries()) {
    const left = gap + column * (cell + gap);
    const unit = Math.min(1.5, cell / textWidth(caption));
    captions.push(textPath(caption, left + (cell - textWidth(caption) * unit) / 2, 5, unit));
    const [, h, w] = tensor.shape;
    const bytes = await toBytes(tensor);
    for (let row = 0; row < rows; row++) {
      const pixels = bytes.subarray(row * h * w * 3, (row + 1) * h * w * 3);
      const image = sharp(pixels, { raw: { width: w, height: h, channels: 3 } });
      // Nearest neighbours: a person judges the network's own pixels.
      const input = await image.resize(cell, cell, { kernel: 'nearest', fit: 'fill' }).png().toBuffer();
      layers.push({ input, left, top: captionHeight + gap + row * (cell + gap) });
    }
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><path d="${captions.join('')}" fill="none" stroke="#222" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  layers.push({ input: Buffer.from(svg), left: 0, top: 0 });
  const background = { r: 255, g: 255, b: 255 };
  const png = await sharp({ create: { width, height, channels: 3, background } })
    .composite(layers)
    .png()
    .toBuffer();
  return { png, width, height };
}

/** [n,h,w,3] in [-1, 1] as bytes, rounded; what lies outside is clipped. */
async function toBytes(images: Tensor4D): Promise<Uint8Array> {
  const scaled = tf.tidy(() => {
    const bytes: TensorFlow.Tensor = tf.clipByValue(tf.mul(tf.add(images, 1), 127.5), 0, 255);
    return tf.cast(tf.round(bytes), 'int32');
  });
  const data = await scaled.data();
  scaled.dispose();
  return Uint8Array.from(data);
}
