import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { RunFolder } from '../../src/core/run-folder.ts';
import type { Batch } from '../../src/data/types.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { drawGrid, SampleGrids } from '../../src/train/grid.ts';
import { recorder, temporaryFolder } from '../data/support.ts';
import { makePairs } from './pairs.ts';

const folder = await temporaryFolder();

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

it('a run’s grids show samples of the validation split, or the next best, in a file for each step', async () => {
  const data = await makePairs(join(folder, 'pairs'), 2);
  const sets = ['output.sampleCount=3', 'output.sampleRefinement=[0.5]'];
  const { config } = readConfig('configs/smoke.yaml', sets);
  const run = new RunFolder(join(folder, 'run'));
  const reporter = recorder();
  const shown: unknown[] = [];
  const visuals = ({ image }: Batch, ls: readonly number[]) => {
    shown.push(image.shape, ls);
    return { photo: image.clone() };
  };
  const before = tf.memory().numTensors;
  const grids = await SampleGrids.read(config, data, reporter);
  const read = tf.memory().numTensors;
  expect(grids.path).toBeUndefined();
  const grid = await grids.draw({ visuals }, run, 12);
  expect(shown).toEqual([[3, 64, 64, 3], [0.5]]);
  expect(grids.path).toBe(join(run.samples, 'step-0000012.png'));
  expect(readFileSync(grids.path!).equals(grid!.png)).toBe(true);
  rmSync(run.samples, { recursive: true });
  writeFileSync(run.samples, 'a file in its place');
  expect(await grids.draw({ visuals }, run, 13)).toEqual(grid);
  expect(grids.path).toBe(join(run.samples, 'step-0000012.png'));
  expect(reporter.warnings).toEqual([
    expect.stringMatching(/A sample grid cannot be written: .*EEXIST|ENOTDIR/),
  ]);
  expect(tf.memory().numTensors).toBe(read);
  grids.dispose();
  expect(tf.memory().numTensors).toBe(before);

  const none = { ...data, samples: { train: [], validation: [], test: [] } };
  const empty = await SampleGrids.read(config, none, reporter);
  expect(await empty.draw({ visuals }, run, 14)).toBeUndefined();
  empty.dispose();
});
