import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { importWeights } from '../../src/import/import.ts';
import { loadMethod, trainedPredictor } from '../../src/models/load.ts';
import { loadConfig } from '../../src/models/read-config.ts';
import { createMethod } from '../../src/models/registry.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { type Entries, entriesOf, type Form, withDeadWeights, writeStateDict } from './state-dicts.ts';

let root: string;
let folder: string;
let count = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'import-'));
});
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true }));

/** The paper's three levels, narrow, with random weights. */
function makeDicts(change: Parameters<typeof tinyConfig>[0] = {}): Record<string, Entries> {
  const config = { ...tinyConfig(change), resolution: 256 } as const;
  const { imageGenerator } = config.model;
  const method = createMethod({
    ...config,
    model: {
      ...config.model,
      discriminatorLayers: 3,
      imageGenerator: { ...imageGenerator, discriminatorLayers: 5 },
    },
  });
  const dicts = Object.entries(method.networks).map(([name, network]) => [name, entriesOf(network)]);
  method.dispose();
  return Object.fromEntries(dicts);
}

let dicts: Record<string, Entries>;
beforeAll(() => {
  dicts = makeDicts();
});

const fileNameOf = (name: string) =>
  `ECCV-EDT-celebaHQ-${name === 'F' || name === 'FD' ? `${name}256` : name}.ckpt`;

async function write(names: readonly string[], form: Form = 'old', fileName = fileNameOf): Promise<string[]> {
  const paths = names.map((name) => join(folder, fileName(name)));
  for (const [i, name] of names.entries()) await writeStateDict(paths[i], withDeadWeights(dicts[name]), form);
  return paths;
}

const out = () => join(folder, 'out');

async function run(from: readonly string[], names?: readonly string[]) {
  const imported = await importWeights({ from, names, out: out(), reporter: silent });
  if (imported.kind !== 'checkpoint') throw new Error('no checkpoint');
  return imported.checkpoint;
}

async function weightsOf(path: string): Promise<Record<string, Entries>> {
  const { method } = await loadMethod(path);
  const all = Object.entries(method.networks).map(([name, network]) => [name, entriesOf(network)]);
  method.dispose();
  return Object.fromEntries(all);
}

/** What an import says when it fails; it must have written nothing. */
async function refusal(from: readonly string[], names?: readonly string[]): Promise<string> {
  const error = await run(from, names).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(existsSync(out()) ? readdirSync(out()) : []).toEqual([]);
  return (error as UserError).message;
}

describe('importing DeepPS', () => {
  it.each<Form>(['old', 'zip', 'safetensors'])(
    'makes a checkpoint with exactly these weights: %s',
    async (form) => {
      const names = ['F', 'FD', 'G64', 'D64', 'G128', 'D128', 'G256', 'D256'];
      const { path, config, trained, untrained } = await run(await write(names, form));
      expect([...trained].sort()).toEqual([...names].sort());
      expect(untrained).toEqual([]);
      expect(config).toMatchObject({
        task: 'edit',
        resolution: 256,
        model: {
          levels: 3,
          width: 3,
          residualBlocks: 1,
          discriminatorWidth: 3,
          discriminatorLayers: 3,
          imageGenerator: { width: 3, norm: 'batch', level: 3, discriminatorLayers: 5 },
        },
      });
      expect(await weightsOf(path)).toEqual(dicts);
    },
  );

  it('takes averaged weights, keys with wrappers in any place, and sets of files', async () => {
    const network = dicts.G64;
    const halved: Entries = new Map(
      [...network].map(([key, { shape, data }]) => [
        key,
        { shape, data: (data as Float32Array).map((value) => value / 2) },
      ]),
    );
    const wrapped = (entries: Entries): Entries =>
      new Map(
        [...withDeadWeights(entries)].map(([key, entry]) => [
          `module.${key.replace('.', '._orig_mod.')}`,
          entry,
        ]),
      );
    const both = join(folder, 'both.pth');
    await writeStateDict(both, { params: wrapped(network), params_ema: wrapped(halved) }, 'zip');
    const told: string[] = [];
    const reporter = { ...silent, info: (text: string) => void told.push(text) };
    const load = async (path: string, name: string, params?: string) => {
      const to = join(folder, name);
      const imported = await importWeights({ from: [path], names: ['G64'], out: to, params, reporter });
      if (imported.kind !== 'checkpoint') throw new Error('no checkpoint');
      return (await weightsOf(imported.checkpoint.path)).G64;
    };
    expect(await load(both, 'averaged')).toEqual(halved);
    expect(told.join()).toMatch(/averaged weights are taken \(params_ema\); --params params takes/);
    expect(await load(both, 'plain', 'params')).toEqual(network);
    await expect(load(both, 'wrong', 'ema')).rejects.toThrow(/params, params_ema/);

    const all = [...withDeadWeights(network)];
    const part = (i: number) => join(folder, `model-0000${i}-of-00002.safetensors`);
    await writeStateDict(part(1), new Map(all.slice(0, 9)), 'safetensors');
    await expect(load(part(1), 'half')).rejects.toThrow(/one part of a set[\s\S]*model-00002-of-00002/);
    await writeStateDict(part(2), new Map(all.slice(9)), 'safetensors');
    const places = all.map(([key], i) => [key, basename(part(i < 9 ? 1 : 2))]);
    const index = join(folder, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ weight_map: Object.fromEntries(places) }));
    expect(await load(part(2), 'by-part')).toEqual(network);
    expect(await load(index, 'by-index')).toEqual(network);
  });

  it('from some of the files says what is trained, and from what', async () => {
    const from = await write(['G64', 'G128', 'G256']);
    const { path, untrained } = await run(from);
    expect(untrained).toEqual(['F', 'FD', 'D64', 'D128', 'D256']);
    const loaded = await loadMethod(path);
    expect(loaded.trained).toEqual(['G64', 'G128', 'G256']);
    expect(loaded.checkpoint.origin!.map(({ file }) => file)).toEqual(from.map((file) => basename(file)));
    expect(loaded.checkpoint.origin![0].sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(() => trainedPredictor(loaded)).toThrow(/F/);
    loaded.method.dispose();
  });

  it('from one file of several networks, whatever stands beside them', async () => {
    const path = join(folder, 'all.pth');
    await writeStateDict(
      path,
      { G64: dicts.G64, netG128: dicts.G128, F: dicts.F, optimizer: dicts.F && new Map() },
      'zip',
    );
    const { trained, config } = await run([path]);
    expect(trained).toEqual(['F', 'G64', 'G128']);
    expect(config).toMatchObject({ resolution: 256, model: { levels: 3 } });
  });

  it.each([
    [
      ['G64'],
      { resolution: 64, refinement: { maxDilation: 9 }, model: { levels: 1, imageGenerator: { level: 1 } } },
    ],
    [['G64', 'G128'], { resolution: 128, model: { levels: 2, imageGenerator: { level: 2 } } }],
    [['F'], { resolution: 256, model: { levels: 3, width: 3, imageGenerator: { level: 3, width: 3 } } }],
    [['D128'], { resolution: 128, model: { levels: 2, discriminatorWidth: 3, discriminatorLayers: 3 } }],
  ] as const)('of %s alone has as many levels as it takes', async (names, expected) => {
    expect((await run(await write(names))).config).toMatchObject(expected);
  });

  it('tells equal shapes apart by --as, of other files by their own', async () => {
    const from = await write(
      ['G64', 'G128', 'G256', 'D256'],
      'old',
      (name) => `${name.toLowerCase()}-is-what.ckpt`,
    );
    const unnamed = await write(
      ['G128', 'G256', 'FD'],
      'old',
      (name) => `weights${[...name].reverse().join('')}.pth`,
    );
    expect((await run(from)).trained).toEqual(['G64', 'G128', 'G256', 'D256']);
    rmSync(out(), { recursive: true });
    const { path, trained } = await run([from[0], ...unnamed], ['', 'G128', 'g256', 'FD256']);
    expect(trained).toEqual(['FD', 'G64', 'G128', 'G256']);
    expect((await weightsOf(path)).G256).toEqual(dicts.G256);
    rmSync(out(), { recursive: true });
    expect(await refusal([unnamed[0]])).toMatch(/G128 or G256, which are alike.*--as G128/s);
    expect(await refusal([unnamed[2]])).toMatch(/D256, or FD/);
  });

  it('writes a configuration that trains on from it', async () => {
    const { fineTune } = await run(await write(['F', 'G64', 'G128', 'G256']));
    const sets = [
      'data.source.kind=folder',
      `data.source.path=${folder}`,
      'loss.perceptual.network=hed-vgg16',
    ];
    const { config } = loadConfig(fineTune, sets);
    expect(config.training.initialWeights).toBe(out());
    expect(config.data.augment.mirror).toBe(true);
    const method = createMethod(config);
    expect(Object.keys(method.networks)).toEqual(['F', 'FD', 'G64', 'D64', 'G128', 'D128', 'G256', 'D256']);
    method.dispose();
  });

  it('of the synthesis networks has their task and norm', async () => {
    dicts = makeDicts({ task: 'synthesis', norm: 'none' });
    const { config } = await run(await write(['F', 'G64', 'D64']));
    expect(config).toMatchObject({ task: 'synthesis', model: { imageGenerator: { norm: 'none' } } });
    const synthesis = await write(['G128']);
    dicts = makeDicts();
    rmSync(out(), { recursive: true });
    expect(await refusal([...(await write(['F'])), ...synthesis])).toMatch(/task: F edit, G128 synthesis/);
  });

  it('lists all that is missing, unexpected or of another shape', async () => {
    const wrong = withDeadWeights(dicts.G64);
    wrong.delete('rcb2.conv.bias');
    wrong.set('conv2.bias', { shape: [3], data: new Float32Array(3) });
    wrong.set('conv4.weight', { shape: [1], data: new Float32Array(1) });
    wrong.set('conv2.weight', { shape: [4, 6, 3, 3], data: new BigInt64Array(216) });
    const short = withDeadWeights(dicts.F);
    short.delete('conv7.weight');
    const paths = ['G64', 'F'].map((name) => join(folder, fileNameOf(name)));
    await writeStateDict(paths[0], wrong, 'old');
    await writeStateDict(paths[1], short, 'old');
    const message = await refusal(paths);
    expect(message).toMatch(/5 that differ/);
    expect(message).toMatch(/G64 \(.*\): missing: rcb2\.conv\.bias \[12\]/);
    expect(message).toMatch(/conv2\.bias: \[3\] in place of \[4\]/);
    expect(message).toMatch(/conv2\.weight: int64 numbers/);
    expect(message).toMatch(/unexpected: conv4\.weight \[1\]/);
    expect(message).toMatch(/F \(.*\): missing: conv7\.weight \[24,24,4,4\]/);
  });

  it('refuses weights that are not finite', async () => {
    const broken = new Map(dicts.D64);
    broken.set('model.1.bias', { shape: [3], data: Float32Array.of(1, Number.NaN, 2) });
    const path = join(folder, 'D64.ckpt');
    await writeStateDict(path, broken, 'zip');
    expect(await refusal([path])).toMatch(/model\.1\.bias.*NaN/s);
  });

  it('refuses files that do not belong together', async () => {
    const [g64, g128] = (await write(['G64', 'G128'])) as [string, string];
    expect(await refusal([g64, g64])).toMatch(/G64 twice/);
    expect(await refusal([g64], ['F'])).toMatch(/not what --as says.*the kind G/s);
    expect(await refusal([g64], ['vgg19'])).toMatch(/a name that is not known/);
    expect(await refusal([g64, g128], ['G64'])).toMatch(/2 names/);
    expect(await refusal([g64, g128], ['G256', 'G128'])).toMatch(/levels from 256 px on/);
    const narrow = new Map([...dicts.G128].map(([key, entry]) => [key, entry]));
    narrow.set('conv1.weight', { shape: [4, 7, 3, 3], data: new Float32Array(252) });
    await writeStateDict(g128, narrow, 'old');
    expect(await refusal([g64, g128])).toMatch(/width: G64 3, G128 4/);
    narrow.set('conv1.weight', { shape: [3, 5, 3, 3], data: new Float32Array(135) });
    await writeStateDict(g128, narrow, 'old');
    expect(await refusal([g64, g128])).toMatch(/c = 7 \(editing\) or 3 \(synthesis\)/);
  });

  it('does not write over what is there', async () => {
    const from = await write(['G64']);
    await run(from);
    await expect(run(from)).rejects.toThrow(/something in the place/);
  });
});
