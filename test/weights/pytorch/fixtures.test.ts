import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTorchFile } from '../../../src/weights/pytorch/read.ts';
import { readSafetensors } from '../../../src/weights/safetensors.ts';
import { deepPsFixtures } from '../../reference.ts';

const { path: fixtures, reason } = deepPsFixtures;

describe.skipIf(reason)(`checkpoints of the original${reason}`, () => {
  it.each(['ckpt_D_legacy', 'ckpt_D_zip', 'ckpt_F64bn_legacy', 'ckpt_F64bn_zip'])('%s', async (name) => {
    const expected = readSafetensors(join(fixtures, `${name.replace(/_[a-z]+$/, '')}.safetensors`));
    const { tensors, close } = await openTorchFile(join(fixtures, `${name}.ckpt`));
    expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [key, { shape, data }] of expected) {
      expect(tensors.get(key)!.shape).toEqual(shape);
      expect([...tensors.get(key)!.read()], key).toEqual(Array.from<number | bigint, number>(data, Number));
    }
    close();
  });
});
