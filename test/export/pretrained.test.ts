import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, readManifest, writeCheckpoint } from '../../src/core/checkpoint.ts';
import { resolveCheckpoint } from '../../src/core/choose-checkpoint.ts';
import type { Method } from '../../src/core/method.ts';
import { exportPretrained, type PretrainedOptions } from '../../src/export/pretrained.ts';
import type { Proof } from '../../src/export/proof.ts';
import { dpsSchema } from '../../src/models/dps/config.ts';
import { loadMethod, trainedPredictor } from '../../src/models/load.ts';
import { createMethod } from '../../src/models/registry.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import type { StoredTensor } from '../../src/weights/safetensors.ts';
import { randomiseWeights } from '../graph/graphs.ts';
import { tinyBatch, tinyConfig } from '../models/dps/tiny.ts';
import { saveMethod } from '../models/save.ts';

const NETWORKS = ['G16', 'G32', 'G64', 'F'];
const tiny = tinyConfig();
// What only the machine that trained knows.
const config = dpsSchema.parse({
  ...tiny,
  name: 'secret-run',
  data: {
    ...tiny.data,
    cache: '/home/me/cache',
    source: [
      { kind: 'folder', name: 'a', path: '/home/me/photos' },
      { kind: 'folder', name: 'b', path: '../me/people' },
      { kind: 'folder', name: 'c', path: 'own/photos' },
    ],
    split: { ...tiny.data.split, groups: { pattern: '/([^/]+)/[^/]+$' } },
  },
  output: { ...tiny.output, mlflow: { url: 'http://inside:5000' } },
});
let folder: string;
let checkpoint: string;
let model: string;
let proof: Proof;
let method: Method;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pretrained-'));
  method = createMethod(config);
  for (const network of Object.values(method.networks)) randomiseWeights(network);
  checkpoint = await saveMethod(join(folder, 'runs/00001-secret-run'), method, config, NETWORKS, 5);
  model = join(folder, 'pretrained', 'tiny-64');
  const before = tf.memory().numTensors;
  proof = await exportPretrained({ checkpoint, out: model });
  expect(tf.memory().numTensors).toBe(before);
});
afterAll(() => {
  method.dispose();
  rmSync(folder, { recursive: true });
});

/** What a method makes of some inputs, at three values of l. */
function results(of: ReturnType<Method['predictor']>): Float32Array[] {
  return [0, 0.4, 1].map((l) =>
    tf.tidy(() => of.predict({ ...tinyBatch(2, 64), l }).result.dataSync() as Float32Array),
  );
}

function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return Math.max(...a.flatMap((values, i) => Array.from(values, (value, j) => Math.abs(value - b[i][j]))));
}

describe('a model that ships', () => {
  it('has the networks that predict alone, about half as large, and a card', () => {
    expect(readdirSync(model).sort()).toEqual(
      [...NETWORKS.map((name) => `${name}.safetensors`), 'README.md', 'manifest.json'].sort(),
    );
    const size = (path: string) => statSync(join(path, 'F.safetensors')).size;
    expect(size(model) / size(checkpoint)).toBeLessThan(0.8);
    expect(readdirSync(join(folder, 'pretrained'))).toEqual(['tiny-64']);
  });

  it('predicts as the checkpoint does, to the rounding of half precision', async () => {
    const loaded = await loadMethod(model);
    const difference = largestDifference(results(trainedPredictor(loaded)), results(method.predictor()));
    loaded.method.dispose();
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(5e-3);
    expect(proof.outputs.I_out.max).toBeGreaterThan(0);
    expect(proof.outputs.I_out.max).toBeLessThan(5e-3);
  });

  it('holds every weight rounded to half precision, small ones as they are', async () => {
    const [full, half] = [await readCheckpoint(checkpoint), await readCheckpoint(model)];
    let rounded = 0;
    for (const name of NETWORKS)
      for (const [key, { data, dtype, shape }] of half.tensors[name] as ReadonlyMap<string, StoredTensor>) {
        const original = full.tensors[name].get(key)!;
        expect(shape).toEqual(original.shape);
        if (data.length < 1024) expect(data).toEqual(original.data);
        if (dtype === 'F16') rounded++;
        // Half precision has 11 binary digits; below 2^-14 steps of 2^-24.
        (original.data as Float32Array).forEach((value, i) => {
          const allowed = Math.max(Math.abs(value) * 2 ** -11, 2 ** -25);
          if (Math.abs(Number(data[i]) - value) > allowed) expect.fail(`${name} ${key} ${i}: ${value}`);
        });
      }
    expect(rounded).toBeGreaterThan(4);
  });

  it('tells nothing of the machine that trained it', async () => {
    const manifest = await readManifest(model);
    expect(manifest).toMatchObject({
      step: 5,
      trained: NETWORKS,
      config: {
        name: 'tiny-64',
        method: 'dps',
        resolution: 64,
        data: {
          cache: 'cache',
          source: [{ path: 'photos' }, { path: 'people' }, { path: 'own/photos' }],
          split: { groups: { pattern: '/([^/]+)/[^/]+$' } },
        },
      },
      producer: { name: 'deep-plastic-surgery' },
    });
    for (const file of ['manifest.json', 'README.md']) {
      const text = readFileSync(join(model, file), 'utf8');
      for (const secret of ['/home/me', '../me', 'http://inside', folder]) expect(text).not.toContain(secret);
    }
  });

  it('takes averaged weights where training kept such', async () => {
    const own = await readCheckpoint(checkpoint);
    const { tensors, ...head } = own;
    const averages = [...tensors.F].map(([name, { shape, data }]) => {
      const average = { shape, data: (data as Float32Array).map((value) => value / 2) };
      return [`${name}/average`, average] as const;
    });
    const averaged = await writeCheckpoint(join(folder, 'averaged'), head, { ...tensors, stage: averages });
    const out = join(folder, 'pretrained-averaged', 'averaged');
    await exportPretrained({ checkpoint: averaged, out });
    const shipped = (await readCheckpoint(out)).tensors;
    expect(Object.keys(shipped).sort()).toEqual([...NETWORKS].sort());
    for (const [name, { data }] of shipped.F) {
      const halved = Array.from(own.tensors.F.get(name)!.data as Float32Array, (value) => value / 2);
      Array.from(data as Float32Array).forEach((value, i) => {
        if (Math.abs(value - halved[i]) > Math.max(Math.abs(halved[i]) * 2 ** -11, 2 ** -25))
          expect.fail(`${name} ${i}: ${value}, expected ${halved[i]}`);
      });
    }
  });
});

describe('the model card', () => {
  const withCard = async (name: string, text: string) => {
    const warnings: string[] = [];
    const card = join(folder, `${name}.md`);
    writeFileSync(card, text);
    const reporter = { ...silent, warn: (warning: string) => void warnings.push(warning) };
    const out = join(folder, 'carded', name);
    await exportPretrained({ checkpoint, out, card, reporter });
    return { warnings, text: readFileSync(join(out, 'README.md'), 'utf8') };
  };

  it('says what those who publish say, and what they leave out', async () => {
    const { text, warnings } = await withCard(
      'some',
      '## Data\n\n100 faces.\n\n### By tone\n\nEven.\n\n## Failures\r\nGlasses.\n\n## Metrics\n\n## Licences\nCC0.\n',
    );
    expect(text).toContain('# some\n');
    expect(text).toContain('## Data\n\n100 faces.\n\n### By tone\n\nEven.\n\n');
    expect(text).toContain('## Failures\n\nGlasses.\n');
    expect(text).toMatch(/## Licences\n\nThe program[^#]*\n\nCC0\.\n/);
    expect(text).toMatch(/## Metrics\n\n\*Not stated/);
    expect(text).toMatch(/## Not to be used for\n\n\*Not stated/);
    expect(text).toContain('edit -- --checkpoint some');
    expect(text).toContain('step 5 of 00001-secret-run/checkpoints/step-5');
    expect(text).toMatch(/\| pipeline \| pretrained, native engine \| I_out \|/);
    expect(warnings).toEqual([expect.stringContaining('Training, Metrics, Not to be used for.')]);
  });

  it.each([
    ['of an unknown section', '## Date\nx', /--card.*expected.*“## Data”.*a section “## Date”/s],
    ['of a section twice', '## Data\nx\n## Data\ny', /two sections “## Data”/],
    ['of text before the sections', 'Hello\n## Data\nx', /text before the first section: Hello/],
  ])('refuses a file %s', async (what, text, message) => {
    await expect(withCard(what.replaceAll(' ', '-'), text)).rejects.toThrow(message);
    expect(existsSync(join(folder, 'carded', what.replaceAll(' ', '-')))).toBe(false);
  });
});

describe('what cannot ship', () => {
  const failure = async (options: Partial<PretrainedOptions>): Promise<string> => {
    const out = join(folder, 'refused', 'model');
    const error = await exportPretrained({ checkpoint, out, ...options }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UserError' });
    expect(existsSync(join(folder, 'refused')) ? readdirSync(join(folder, 'refused')) : []).toEqual([]);
    return (error as Error).message;
  };

  it('is too large', async () => {
    expect(await failure({ maxMegabytes: 0.01 })).toMatch(/too large.*at most 0\.01 MB.*widths/s);
  });

  it('is not trained, has a name that is none, or a folder that is taken', async () => {
    const begun = await saveMethod(join(folder, 'begun'), method, config, ['F'], 1);
    expect(await failure({ checkpoint: begun })).toMatch(/not trained far enough/);
    expect(await failure({ out: join(folder, 'refused', 'My Model') })).toMatch(/lower-case.*My Model/s);
    expect(await failure({ out: model })).toMatch(/exists already/);
    expect(await failure({ card: join(folder, 'none.md') })).toMatch(/--card.*none\.md/s);
  });
});

describe('damage of a model that ships', () => {
  it.each([
    ['a missing file', 'F.safetensors', (file: string) => rmSync(file), /a file of \d+ bytes.*nothing/s],
    ['a truncated file', 'G64.safetensors', (file: string) => truncateSync(file, 30), /30 bytes/],
    ['a changed file', 'F.safetensors', (file: string) => change(file), /SHA-256/],
    ['a missing manifest', 'manifest.json', (file: string) => rmSync(file), /JSON description/],
  ])('%s is named, with how to get it back', async (what, name, damage, message) => {
    const place = join(folder, what, 'pretrained');
    mkdirSync(place, { recursive: true });
    cpSync(model, join(place, 'tiny-64'), { recursive: true });
    damage(join(place, 'tiny-64', name));
    const error = await resolveCheckpoint('tiny-64', place)
      .then(loadMethod)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UserError' });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(name);
    expect((error as Error).message).toMatch(/git -C .*pretrained'? checkout -- tiny-64/);
  });
});

function change(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(file, bytes);
}
