import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Method } from '../../src/core/method.ts';
import type { ExportReport } from '../../src/export/report.ts';
import { type ExportFormat, exportModel } from '../../src/export/run.ts';
import { importWeights } from '../../src/import/import.ts';
import type { DpsConfig } from '../../src/models/dps/config.ts';
import { loadMethod } from '../../src/models/load.ts';
import { createMethod } from '../../src/models/registry.ts';
import { type Tensor, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { randomiseWeights } from '../graph/graphs.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { saveMethod } from '../models/save.ts';
import { testPython, whyNoPython } from '../test-python.ts';

const GENERATORS = ['G16', 'G32', 'G64'];
const config = tinyConfig();
let folder: string;
let checkpoint: string;
let method: Method;
/** The whole path as ONNX, which several tests look at. */
let whole: Awaited<ReturnType<typeof exported>>;
let leftTensors: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'export-'));
  method = createMethod(config);
  for (const network of Object.values(method.networks)) randomiseWeights(network);
  checkpoint = await saveMethod(join(folder, 'run'), method, config, [...GENERATORS, 'F'], 5);
  const before = tf.memory().numTensors;
  whole = await exported('onnx', { format: 'onnx' });
  leftTensors = tf.memory().numTensors - before;
});
afterAll(() => {
  method.dispose();
  rmSync(folder, { recursive: true });
});

/** Exports from the checkpoint; gives the folder and what its `export.json` says. */
async function exported(
  name: string,
  options: { format: ExportFormat | 'all'; precision?: 'fp32' | 'fp16'; network?: string; from?: string },
) {
  const { from = checkpoint, format, precision = 'fp32', network = 'pipeline' } = options;
  const out = join(folder, name);
  const formats = format === 'all' ? undefined : [format];
  await exportModel({ checkpoint: from, formats, precision, network, out });
  const report = JSON.parse(readFileSync(join(out, 'export.json'), 'utf8')) as ExportReport;
  return { out, report, card: readFileSync(join(out, 'README.md'), 'utf8') };
}

const largest = ({ proofs }: ExportReport): number =>
  Math.max(...proofs.flatMap(({ outputs }) => Object.values(outputs).map(({ max }) => max)));

/** The program of a language that a model card shows under a title. */
function example(card: string, title: string): string {
  const found = new RegExp(`## Example: ${title}\n[^#]*?\`\`\`\\w+\n(.*?)\n\`\`\``, 's').exec(card);
  expect(found, title).not.toBeNull();
  return found![1];
}

describe('export to ONNX', () => {
  it('writes the whole path, its proof and its origin, and leaves nothing else', () => {
    const { out, report } = whole;
    expect(leftTensors).toBe(0);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(readdirSync(out).sort()).toEqual(['README.md', 'export.json', 'onnx']);
    const { sha256, bytes } = report.files['onnx/pipeline.onnx'];
    const file = readFileSync(join(out, 'onnx/pipeline.onnx'));
    expect(bytes).toBe(file.length);
    expect(sha256).toBe(createHash('sha256').update(file).digest('hex'));
    expect(report.proofs.map(({ network, format }) => [network, format])).toEqual([['pipeline', 'onnx']]);
    expect(Object.keys(report.proofs[0].outputs)).toEqual(['S_gen', 'I_gen', 'I_out']);
    expect(largest(report)).toBeLessThan(1e-4);
    expect(report.origin).toMatchObject({ step: 5, config: { resolution: 64 } });
    const manifest = readFileSync(join(checkpoint, 'manifest.json'));
    expect(report.origin.sha256).toBe(createHash('sha256').update(manifest).digest('hex'));
  });

  it('stores half floats within their tolerance', async () => {
    const { report } = await exported('half', { format: 'onnx', precision: 'fp16' });
    expect(largest(report)).toBeGreaterThan(1e-5);
    expect(largest(report)).toBeLessThan(2e-2);
  });

  it('writes the generators of all levels, or one network', async () => {
    const all = await exported('generators', { format: 'onnx', network: 'G' });
    expect(Object.keys(all.report.files)).toEqual(GENERATORS.map((name) => `onnx/${name}.onnx`));
    expect(all.card).toContain('| `below` | [n, 32, 32, 6] |');
    const one = await exported('f', { format: 'onnx', network: 'F' });
    expect(Object.keys(one.report.files)).toEqual(['onnx/F.onnx']);
  });

  it('exports synthesis without photo and hole', async () => {
    const synthesis = tinyConfig({ task: 'synthesis', levels: 1 });
    const drawing = createMethod(synthesis);
    const from = await saveMethod(join(folder, 'synthesis'), drawing, synthesis, ['G64', 'F'], 1);
    drawing.dispose();
    const { card } = await exported('drawn', { format: 'onnx', from });
    expect(card).toContain('| `sketch` |');
    expect(card).not.toContain('`photo`');
  });
});

describe('export to safetensors', () => {
  it('writes every network with the names and shapes that the original gives them', async () => {
    const { out, report } = await exported('safetensors', { format: 'safetensors' });
    const files = [...GENERATORS, 'F'].map((name) => `safetensors/${name}.safetensors`);
    expect(Object.keys(report.files)).toEqual(files.sort());
    expect(largest(report)).toBe(0);
    const stored = readSafetensors(join(out, 'safetensors/G64.safetensors'));
    expect(stored.get('conv3.weight')).toMatchObject({ shape: [3, 6, 3, 3] });
  });

  it('writes what the command import reads', async () => {
    const two: DpsConfig = {
      ...tinyConfig({ levels: 2, norm: 'instance' }),
      refinement: { maxDilation: 13 },
    };
    const source = createMethod(two);
    const names = ['F', 'G32', 'G64'];
    const from = await saveMethod(join(folder, 'two'), source, two, names, 1);
    const { out } = await exported('to import', { format: 'safetensors', from });
    // Under other names: the files themselves say which network they are.
    const files = names.map((name) => {
      const renamed = join(folder, `network ${names.indexOf(name)}.safetensors`);
      copyFileSync(join(out, `safetensors/${name}.safetensors`), renamed);
      return renamed;
    });
    await importWeights({ from: files, out: join(folder, 'imported'), reporter: silent });
    const { method: imported, config: found } = await loadMethod(join(folder, 'imported'));
    const { task, resolution, refinement, model } = two;
    expect(found).toMatchObject({ task, resolution, refinement });
    expect(found).toMatchObject({ model: { imageGenerator: { norm: model.imageGenerator.norm } } });
    for (const name of names) {
      const weights = (m: Method) => m.networks[name].getWeights().map((weight) => weight.dataSync());
      expect(weights(imported), name).toEqual(weights(source));
    }
    imported.dispose();
    source.dispose();
  });
});

describe('export to TF.js', () => {
  it('writes a GraphModel, and a LayersModel of each network that can be trained on', async () => {
    const { out, report } = await exported('tfjs', { format: 'tfjs' });
    expect(report.proofs.map(({ network, format }) => `${network} ${format}`)).toEqual([
      'pipeline tfjs',
      ...[...GENERATORS, 'F'].map((name) => `${name} tfjs-layers`),
    ]);
    expect(largest(report)).toBeLessThan(1e-4);
    expect(tf.getBackend()).toBe('tensorflow');
    const model = await tf.loadLayersModel(`file://${join(out, 'tfjs-layers/G32/model.json')}`);
    const x = tf.ones([1, 32, 32, 7]);
    const inputs = [x, tf.ones([1, 1]), tf.ones([1, 16, 16, 6])];
    const gradients = tf.variableGrads(() => tf.sum((model.apply(inputs) as Tensor[])[1]));
    expect(Object.keys(gradients.grads).length).toBe(model.trainableWeights.length);
    tf.dispose([inputs, gradients.grads, gradients.value]);
    model.dispose();
  });
});

describe('the model card', () => {
  const run = (command: string, file: string, program: string): string => {
    const modules = join(folder, 'node_modules');
    if (!existsSync(modules))
      symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), modules);
    writeFileSync(join(whole.out, file), program);
    return execFileSync(command, [file], { cwd: whole.out, encoding: 'utf8' });
  };

  it('has an example for Node that runs', () => {
    const program = example(whole.card, 'Node');
    expect(program.split('\n').length).toBeLessThan(16);
    expect(run(process.execPath, 'example.mjs', program)).toContain('I_out [ 1, 3, 64, 64 ] Float32Array');
  });

  const why = whyNoPython('onnxruntime');
  it.skipIf(why !== '')(`has an example for Python that runs${why}`, () => {
    expect(run(testPython, 'example.py', example(whole.card, 'Python'))).toMatch(
      /^I_out \(1, 3, 64, 64\) -?0\.\d/,
    );
  });

  it('tells ranges, polarity, origin and licence', () => {
    for (const text of ['1 is filled, 0 is kept', '-1 line, +1 paper', 'step 5', 'MIT licence', 'SHA-256'])
      expect(whole.card).toContain(text);
  });
});

describe('what cannot be exported', () => {
  const failure = async (name: string, options: Parameters<typeof exported>[1]): Promise<string> => {
    const error = await exported(name, options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UserError' });
    expect(readdirSync(folder).filter((entry) => entry.startsWith(`${name}.`))).toEqual([]);
    return (error as Error).message;
  };

  it('tells which networks there are', async () => {
    const message = await failure('unknown', { format: 'onnx', network: 'G512' });
    expect(message).toMatch(/no such network.*G16, D16.*G512/s);
    expect(existsSync(join(folder, 'unknown'))).toBe(false);
  });

  it('tells which networks are not trained', async () => {
    const from = await saveMethod(join(folder, 'begun'), method, config, ['F', 'G16'], 3);
    const message = await failure('untrained', { format: 'safetensors', from });
    expect(message).toMatch(/not trained far enough.*G32/s);
    expect(message).toContain('only F, G16');
    const { report } = await exported('trained', { format: 'safetensors', network: 'F', from });
    expect(Object.keys(report.files)).toEqual(['safetensors/F.safetensors']);
  });

  it('keeps nothing that is not equal: half floats are too coarse for these weights', async () => {
    const wild = createMethod(config);
    const image = wild.networks.F;
    image.setWeights(image.getWeights().map((weight) => (weight.rank === 4 ? tf.mul(weight, 12) : weight)));
    const from = await saveMethod(join(folder, 'wild'), wild, config, [...GENERATORS, 'F'], 1);
    wild.dispose();
    const message = await failure('coarse', { format: 'onnx', precision: 'fp16', network: 'F', from });
    expect(message).toMatch(/does not compute what the checkpoint does.*F as onnx: image.*--precision fp32/s);
    expect(existsSync(join(folder, 'coarse'))).toBe(false);
  });

  it('leaves nothing when it is interrupted', async () => {
    const signal = AbortSignal.abort(new Error('interrupted'));
    const out = join(folder, 'interrupted');
    await expect(exportModel({ checkpoint, out, signal })).rejects.toThrow('interrupted');
    expect(readdirSync(folder).filter((name) => name.startsWith('interrupted'))).toEqual([]);
  });

  it('does not write into a folder that exists, nor from what is no checkpoint', async () => {
    writeFileSync(join(folder, 'there'), 'mine');
    expect(await failure('there', { format: 'onnx' })).toContain('exists already');
    expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('mine');
    expect(await failure('nowhere', { format: 'onnx', from: join(folder, 'no') })).toContain('no checkpoint');
  });
});
