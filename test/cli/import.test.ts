import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { floats, legacyFile, stateDict, tensor } from '../weights/pytorch/samples.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-import-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', main, 'import', ...args], { encoding: 'utf8' });
}

it('imports LPIPS’s linear layers and says what they are for', () => {
  const channels = [64, 128, 256, 512, 512];
  const storage = floats('0', Array(512).fill(0.5));
  const entries = channels.map((count, i) => {
    const view = { shape: [1, count, 1, 1], strides: [count, 1, 1, 1] };
    return [`lin${i}.model.1.weight`, tensor(storage, view)] as const;
  });
  writeFileSync(join(folder, 'vgg.pth'), legacyFile(stateDict(entries), [storage]));
  const out = join(folder, 'weights/lpips-vgg.safetensors');
  const { status, stdout } = run('--from', join(folder, 'vgg.pth'), '--out', out);
  expect(stdout).toMatch(/linear layers for VGG16.*lpips-vgg\.safetensors in the folder of weights/s);
  expect(status).toBe(0);
  expect(readSafetensors(out).get('lin4.model.1.weight')!.shape).toEqual([1, 512, 1, 1]);
});

it.each([
  [[], /--from FILE/],
  [['--from', 'a.ckpt'], /--out FOLDER/],
  [['--from', 'a.ckpt', '--out', 'b'], /--from a\.ckpt.*nothing of that name/s],
])('with %s says what is wrong, without a trace', (args, message) => {
  const { status, stderr } = run(...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/ at .*\.ts:/);
});
