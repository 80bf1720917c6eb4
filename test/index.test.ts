/** The examples in the documentation of src/index.ts run as they stand there, one after the other. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rectangle, rgba } from './infer/rasters.ts';
import { save } from './infer/support.ts';
import { floats, legacyFile, stateDict, tensor } from './weights/pytorch/samples.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'library-'));
  const linked = ['src', 'configs', 'node_modules', '.deps', 'package.json', 'tsconfig.json'];
  for (const name of linked) symlinkSync(resolve(name), join(folder, name));
  await save(
    join(folder, 'photo.png'),
    rgba(96, 96, (x, y) => [x, y, 90, 255]),
  );
  await save(join(folder, 'mask.png'), rectangle([96, 96], [30, 40, 60, 70]));
  await save(join(folder, 'sketch.png'), rectangle([96, 96], [40, 40, 42, 70], [0, 255]));
  const channels = [64, 128, 256, 512, 512];
  const storage = floats('0', Array(512).fill(0.5));
  const heads = channels.map((count, i) => {
    const view = { shape: [1, count, 1, 1], strides: [count, 1, 1, 1] };
    return [`lin${i}.model.1.weight`, tensor(storage, view)] as const;
  });
  writeFileSync(join(folder, 'vgg.pth'), legacyFile(stateDict(heads), [storage]));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(program: string): Promise<string> {
  writeFileSync(join(folder, 'example.ts'), program);
  const command = ['--disable-warning=DEP0051', '--import', 'tsx', 'example.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: folder });
  return stdout;
}

it('loads no TensorFlow before it is needed', async () => {
  const objects = await run(`
    import './src/index.ts';
    console.log(JSON.stringify((process.report.getReport() as { sharedObjects: string[] }).sharedObjects));`);
  expect(objects).toContain('libc');
  expect(objects).not.toContain('tensorflow');
});

const page = readFileSync('src/index.ts', 'utf8');
const examples = [...page.matchAll(/^ \* ```ts\n(.*?)^ \* ```$.*?^export async function (\w+)/gms)].map(
  ([, text, name]) => [name, text.replaceAll(/^ \* ?/gm, '')] as const,
);

it('every function has an example', () => {
  const functions = [...page.matchAll(/^export async function (\w+)/gm)].map(([, name]) => name);
  expect(examples.map(([name]) => name)).toEqual(functions);
});

const shows: Record<string, RegExp> = {
  trainRun:
    /^3 of 16 steps: runs\/00001-example\/checkpoints\/step-3\nruns\/00001-example[\s\S]*I_out, l = 1/,
  planRun: /^1 \[ '[^']+: \d+ steps'/,
  evaluateRun: /metrics\.json[\s\S]*report\.html[\s\S]*\d+$/,
  runStudy: /better on rough sketches\?[\s\S]*study\/study\.md/,
  inferPhotos: /results\/photo-IOUT-l0\.5\.png/,
  exportModel: /onnx\/pipeline\.onnx/,
  exportHuggingFace: /onnx\/pipeline\.onnx/,
  exportPretrained: /^0\.0\d+$/,
  importWeights: /weights/,
  loadMethod: /\[ 1, 64, 64, 3 \]/,
  registerMethod: /G: \d+/,
  registerMetric: /^$/,
};

it.each(examples)('the example of %s', async (name, program) => {
  expect((await run(program)).trim()).toMatch(shows[name]);
  if (name === 'trainRun') expect(existsSync(join(folder, 'runs/00001-example/lock.json'))).toBe(false);
});
