import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openModels } from '../../../src/editor/native/models.ts';

it('a checkpoint is named once, under whatever path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const link = join(folder, 'link');
  symlinkSync(folder, link);
  await expect(openModels([folder, link])).rejects.toThrow(
    /The same checkpoint is named twice[\s\S]*link more than once/,
  );
});

it('there are at most eight', async () => {
  const checkpoints = Array.from({ length: 9 }, (_, k) => `/nowhere/${k}`);
  await expect(openModels(checkpoints)).rejects.toThrow(/too many models[\s\S]*at most 8[\s\S]*9/);
});
