import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importWeights } from '../../src/import/import.ts';
import { buildGenerator } from '../../src/models/dps/generator.ts';
import { buildImageGenerator } from '../../src/models/dps/image-generator.ts';
import { buildDiscriminator } from '../../src/models/dps/networks.ts';
import { loadMethod } from '../../src/models/load.ts';
import { type LayersModel, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { type FixtureCase, openFixtures } from '../parity/fixtures.ts';
import { checkCase } from '../parity/run.ts';
import { deepPsFixtures } from '../reference.ts';
import { type Entries, entriesOf, type Form, withDeadWeights, writeStateDict } from './state-dicts.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-parity-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The networks of a case by the names that their files have. */
function networksOf({ component, options }: FixtureCase): Record<string, LayersModel> {
  const norms = { BN: 'batch', None: 'none' } as const;
  const image = (o: typeof options) =>
    buildImageGenerator({
      name: 'F',
      resolution: o.size,
      channels: o.in_channels,
      width: o.nef,
      norm: norms[o.norm as keyof typeof norms],
    });
  if (component === 'F') return { F: image(options) };
  if (component === 'D') {
    const { in_channels: channels, ndf: width, n_layers: layers } = options;
    return { [`D${8 * 2 ** layers}`]: buildDiscriminator({ name: 'D', channels, width, layers }) };
  }
  const generators = [64, 128, 256].map((size): [string, LayersModel] => {
    const channels = options.in_channels ?? options.F.in_channels;
    const width = options.nef ?? options.nf;
    const name = `G${size}`;
    const residualBlocks = options.n_layers;
    return [name, buildGenerator({ name, channels, width, residualBlocks, lowest: size === 64 })];
  });
  return { ...Object.fromEntries(generators), ...(options.F ? { F: image(options.F) } : {}) };
}

/** Writes the weights of a case as files, imports them, and checks the case with what came of it. */
async function checkImported(fixture: FixtureCase, form: Form): Promise<void> {
  const from: string[] = [];
  for (const [name, network] of Object.entries(networksOf(fixture))) {
    const prefix = fixture.component === 'D' ? 'D/' : fixture.component === 'F' ? 'F/' : `${name}/`;
    const path = join(folder, `${fixture.id}-${name}.ckpt`);
    await writeStateDict(path, withDeadWeights(entriesOf(network, fixture.weights(prefix))), form);
    network.dispose();
    from.push(path);
  }
  const out = join(folder, fixture.id);
  await importWeights({ from, out, reporter: silent });
  const { method } = await loadMethod(out);
  const imported = new Map<string, Entries>();
  for (const [name, network] of Object.entries(method.networks)) imported.set(name, entriesOf(network));
  method.dispose();
  fixture.weights =
    (prefix) =>
    ({ key, shape }) => {
      const name =
        [...imported.keys()].find((network) => prefix === `${network}/`) ?? /D\d+/.exec(from[0])![0];
      return tf.tensor(imported.get(name)!.get(key)!.data as Float32Array, [...shape]);
    };
  const { passed, worst, error } = await checkCase(fixture);
  expect(passed, `${error ?? ''} ${JSON.stringify(worst)}`).toBe(true);
}

function casesOf(path: string, ids: readonly string[]): FixtureCase[] {
  return existsSync(path) ? [...openFixtures(path)].filter(({ id }) => ids.includes(id)) : [];
}

const committed = fileURLToPath(new URL('../parity/fixtures', import.meta.url));
const { path: reference, reason } = deepPsFixtures;

describe('imported networks give the original’s outputs', () => {
  it.each(['G_EDT_mixed_l', 'D_n3'])('%s', async (id) => {
    await checkImported(casesOf(committed, [id])[0], 'old');
  });

  const ids = ['F64_SYN_none', 'F128_EDT_bn', 'F256_EDT_bn', 'G_SYN', 'D_n5', 'test_EDT', 'test_SYN'];
  it.skipIf(reason).each(ids)(`%s${reason}`, async (id) => {
    await checkImported(casesOf(reference, [id])[0], 'zip');
  });

  it.skipIf(reason).each(['old', 'zip', 'safetensors'])(
    `checkpoints that PyTorch wrote: %s${reason}`,
    async (form) => {
      const fileOf = (name: string) =>
        join(
          reference,
          form === 'safetensors'
            ? `${name}.safetensors`
            : `${name}_${form === 'old' ? 'legacy' : 'zip'}.ckpt`,
        );
      const out = join(folder, `written-${form}`);
      await importWeights({ from: ['ckpt_F64bn', 'ckpt_D'].map(fileOf), out, reporter: silent });
      const { method, trained, config } = await loadMethod(out);
      expect(trained).toEqual(['F', 'D64']);
      expect(config).toMatchObject({
        task: 'edit',
        resolution: 64,
        model: { imageGenerator: { norm: 'batch' } },
      });
      for (const [name, file] of [
        ['F', 'ckpt_F64bn'],
        ['D64', 'ckpt_D'],
      ] as const) {
        const expected = readSafetensors(join(reference, `${file}.safetensors`));
        for (const [key, { data }] of entriesOf(method.networks[name]))
          expect(data, key).toEqual(expected.get(key)!.data);
      }
      method.dispose();
    },
  );
});
