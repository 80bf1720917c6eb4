import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeConfig, type Metadata } from '../../src/export/report.ts';
import { importWeights } from '../../src/import/import.ts';
import { createMethod } from '../../src/models/registry.ts';
import { silent } from '../../src/runtime/progress.ts';
import { writeSafetensors } from '../../src/weights/safetensors.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { type Entries, entriesOf } from './state-dicts.ts';

const config = tinyConfig({ levels: 1 });
let folder: string;
let dicts: Record<'F' | 'G64', Entries>;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-metadata-'));
  const method = createMethod(config);
  dicts = { F: entriesOf(method.networks.F), G64: entriesOf(method.networks.G64) };
  method.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Imports F and G64 from files with this metadata. */
async function imported(metadata: { F?: Metadata; G64?: Metadata }) {
  const from: string[] = [];
  for (const name of ['F', 'G64'] as const) {
    const path = join(folder, `${count++}-${name}.safetensors`);
    await writeSafetensors(path, dicts[name], metadata[name]);
    from.push(path);
  }
  const result = await importWeights({ from, out: join(folder, `out-${count}`), reporter: silent });
  if (result.kind !== 'checkpoint') throw new Error('no checkpoint');
  return result.checkpoint.config;
}

it('an import takes from metadata what weights do not show', async () => {
  const own = describeConfig({ ...config, refinement: { maxDilation: 15 } });
  const dilated = (maxDilation: number) => ({ refinement: { maxDilation } });
  expect(await imported({ F: own, G64: own })).toMatchObject(dilated(15));
  // One of the two says nothing, as a released file does.
  expect(await imported({ G64: own })).toMatchObject(dilated(15));
  expect(await imported({ F: { title: 'a' } })).toMatchObject(dilated(9));
});

it('an import makes the levels that metadata tell of, those without a file too', async () => {
  const found = await imported({ G64: { resolution: '128' } });
  expect(found).toMatchObject({ resolution: 128, model: { levels: 2, imageGenerator: { level: 1 } } });
});

it.each([
  ['no number', { 'refinement.maxDilation': '1e3' }, /describes its model wrongly.*maxDilation.*"1e3"/s],
  ['a wild number', { 'refinement.maxDilation': '9999' }, /maxDilation/],
  ['no level’s resolution', { resolution: '100' }, /not levels of one generator.*a model of 100 px/s],
  ['too large a resolution', { resolution: '4096' }, /not levels of one generator.*a model of 4096 px/s],
])('metadata with %s are refused', async (_, metadata, message) => {
  await expect(imported({ G64: metadata })).rejects.toThrow(message);
});

it('metadata of two models are refused', async () => {
  const of = (maxDilation: number) => describeConfig({ ...config, refinement: { maxDilation } });
  await expect(imported({ F: of(9), G64: of(11) })).rejects.toThrow(
    /do not belong together.*dilation at l = 1: F 9, G64 11/s,
  );
});
