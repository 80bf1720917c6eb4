import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { prepareAndShow } from '../../src/cli/prepare.ts';
import { recorder, smallConfig, temporaryFolder, writePhoto } from '../data/support.ts';

const folder = await temporaryFolder();

it('tells what it prepared and leaves a contact sheet to look at', async () => {
  const path = join(folder, 'pairs');
  for (let i = 0; i < 6; i++) await writePhoto(join(path, `${i}.png`), 128, 64, i);
  const config = smallConfig({ source: { kind: 'celeba-hq', path }, cache: join(folder, 'cache') });
  const reporter = recorder();
  await prepareAndShow(config, reporter);
  const text = reporter.infos.join('\n');
  expect(text).toContain('6 photo-and-sketch pairs');
  expect(text).toMatch(/Samples at 64 px: train 4, validation 1, test 1; unusable files: 0/);
  const sheet = /Contact sheet: (.*)/.exec(text)![1];
  const { width, height } = await sharp(sheet).metadata();
  // Four columns and two rows of 128 x 64 px, enlarged three times.
  expect([width, height]).toEqual([4 + 4 * (3 * 128 + 4), 4 + 2 * (3 * 64 + 4)]);
});
