import sharp from 'sharp';
import { expect, it } from 'vitest';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { drawGrid } from '../../src/train/grid.ts';

async function pixel(png: Buffer, left: number, top: number): Promise<number[]> {
  return [...(await sharp(png).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer())];
}

it('places every image in its row and column, with captions above', async () => {
  const before = tf.memory().numTensors;
  const images = {
    photo: tf.concat([tf.fill([1, 16, 16, 3], -1), tf.fill([1, 16, 16, 3], 1)]) as Tensor4D,
    'I_out l=0.5': tf.concat([tf.fill([1, 8, 8, 3], 0), tf.fill([1, 8, 8, 3], 3)]) as Tensor4D,
  };
  const created = tf.memory().numTensors;
  const { png, width, height } = await drawGrid(images);
  expect(tf.memory().numTensors).toBe(created);
  const found = await sharp(png).metadata();
  expect([found.width, found.height]).toEqual([width, height]);
  expect([width, height]).toEqual([2 * 132 + 4, 20 + 2 * 132 + 4]);
  expect(await pixel(png, 60, 80)).toEqual([0, 0, 0]);
  expect(await pixel(png, 60, 220)).toEqual([255, 255, 255]);
  expect(await pixel(png, 200, 80)).toEqual([128, 128, 128]);
  expect(await pixel(png, 200, 220)).toEqual([255, 255, 255]);
  expect(await pixel(png, 134, 80)).toEqual([255, 255, 255]);
  for (const left of [0, 132]) {
    const caption = await sharp(png).extract({ left, top: 0, width: 132, height: 20 }).greyscale().stats();
    expect(caption.channels[0].min).toBeLessThan(120);
  }
  for (const image of Object.values(images)) image.dispose();
  expect(tf.memory().numTensors).toBeLessThan(before + 5);
});
