import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/config/run-config.ts';
import { pipeline } from '../../src/core/computation.ts';
import type { Method } from '../../src/core/method.ts';
import { type Case, makeCases } from '../../src/export/proof.ts';
import { exportModel } from '../../src/export/run.ts';
import { arrange, permutation, straight, transposeData, usualLayout } from '../../src/graph/onnx/layout.ts';
import { openOnnx, toModel, type Values } from '../../src/graph/onnx/session.ts';
import { loadMethod } from '../../src/models/load.ts';
import { createMethod } from '../../src/models/registry.ts';
import { tf, type Variable } from '../../src/ops/tf.ts';
import { launch, noBrowser, webGpuInSoftware } from '../editor/browser.ts';
import { randomiseWeights } from '../graph/graphs.ts';
import { busyPhoto, grey, rectangle } from '../infer/rasters.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { saveMethod } from '../models/save.ts';
import type { Plain } from './page.ts';
import { bundle, pageOf, RUNTIME_SCRIPTS, type Site, serve } from './serve.ts';

if (noBrowser) console.log(`Exports are not run in a browser: ${noBrowser}`);

const PRECISIONS = [
  ['fp32', 1e-4],
  ['fp16', 2e-2],
] as const;

/**
 * One level with pictures that are no plain grey, so that an error anywhere would show. Widths are multiples of 4:
 * onnxruntime-web's WebGPU computes convolutions of 6 channels wrongly (its issue 29651).
 */
function tinyMethod(): { method: Method; config: RunConfig } {
  const tiny = tinyConfig({ levels: 1 });
  const model = { ...tiny.model, width: 4, imageGenerator: { ...tiny.model.imageGenerator, width: 4 } };
  const config: RunConfig = { ...tiny, model };
  const method = createMethod(config);
  for (const network of Object.values(method.networks)) {
    randomiseWeights(network);
    const kernels = network.weights.filter(({ originalName }) => /kernel$/.test(originalName));
    tf.tidy(() => {
      for (const kernel of kernels) {
        const value = kernel.read() as Variable;
        const inputs = value.size / value.shape.at(-1)!;
        const { variance } = tf.moments(value);
        value.assign(tf.mul(value, tf.sqrt(tf.div(2 / inputs, variance))) as Variable);
      }
    });
  }
  return { method, config };
}

/** Cases one after the other as one batch. */
function joined(cases: readonly Case[], part: 'inputs' | 'expected'): Record<string, Values> {
  const names = Object.keys(cases[0][part]);
  return Object.fromEntries(
    names.map((name) => {
      const values = cases.map((one) => one[part][name]);
      const batch = values.reduce((sum, { shape }) => sum + shape[0], 0);
      const data = Float32Array.from(values.flatMap((value) => [...value.data]));
      return [name, { shape: [batch, ...values[0].shape.slice(1)], data }];
    }),
  );
}

const mapValues = <A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

const plain = ({ shape, data }: Values): Plain => ({ shape, data: [...data] });

/** NHWC as ONNX has it, and back. */
const toOnnx = (values: Values): Plain => {
  const { dims, data } = toModel(values);
  return { shape: dims, data: [...(data as Float32Array)] };
};
const fromOnnx = ({ shape, data }: Plain): Plain => {
  const back = permutation(usualLayout(shape.length), straight(shape.length));
  return { shape: arrange(back, shape), data: [...transposeData(Float32Array.from(data), shape, back)] };
};

/** A small photo with a hole, a thick line through it, and what else a graph from photo to photo takes. */
function photoInputs(): Record<string, Values> {
  const [width, height] = [150, 100];
  const numbers = (data: Uint8Array | Uint8ClampedArray) => Float32Array.from(data);
  const hole = rectangle([width, height], [60, 30, 110, 75]);
  const sketch = grey(width, height, (x, y) => (Math.abs(y - x / 2 - 10) < 2 ? 0 : 255));
  return {
    photo: {
      shape: [height, width, 3],
      data: numbers(busyPhoto(width, height).data.filter((_, i) => i % 4 < 3)),
    },
    mask: { shape: [height, width], data: numbers(hole.data) },
    sketch: { shape: [height, width], data: numbers(sketch.data) },
    l: { shape: [], data: Float32Array.of(0.5) },
    whole: { shape: [], data: Float32Array.of(0) },
  };
}

/** The program of the model card's section on browsers. */
const exampleOf = (folder: string): string =>
  /## Example: browser\n.*?```js\n(.*?)\n```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8'))![1];

describe.skipIf(noBrowser)(`an export in a page${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let folder: string;
  let site: Site;
  let browser: Browser;
  let page: Page;
  let inputs: Record<string, Values>;
  let expected: Record<string, Values>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'export-page-'));
    const { method, config } = tinyMethod();
    const networks = Object.keys(method.networks);
    const checkpoint = await saveMethod(join(folder, 'run'), method, config, networks, 5);
    method.dispose();
    const loaded = await loadMethod(checkpoint);
    const cases = makeCases(pipeline(loaded.method, loaded.config));
    [inputs, expected] = [joined(cases, 'inputs'), joined(cases, 'expected')];
    const write = (name: string, change: Partial<Parameters<typeof exportModel>[0]>) => {
      return exportModel({ checkpoint, out: join(folder, name), ...change });
    };
    for (const [precision] of PRECISIONS) await write(precision, { precision });
    await write('onnx-alone', { formats: ['onnx'], network: 'F' });
    await write('photo', { formats: ['onnx-photo'] });
    loaded.method.dispose();
    const folders = ['fp32', 'fp16', 'onnx-alone', 'photo'].map((name) => [name, join(folder, name)]);
    site = await serve(Object.fromEntries(folders), {
      '/index.html': pageOf(...RUNTIME_SCRIPTS, '/page.mjs'),
      '/page.mjs': await bundle("import './page.ts';"),
      '/fp16/index.html': pageOf('example.mjs'),
      '/fp16/example.mjs': await bundle(exampleOf(join(folder, 'fp16'))),
      // Beside the files that it loads.
      '/onnx-alone/index.html': pageOf('/ort/example.mjs'),
      '/ort/example.mjs': await bundle(exampleOf(join(folder, 'onnx-alone'))),
    });
    browser = await launch([...webGpuInSoftware, '--enable-unsafe-swiftshader']);
    page = await browser.newPage();
    await page.goto(`${site.url}/index.html`);
    await page.waitForFunction(() => globalThis.runOnnx !== undefined);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  function expectEqual(actual: Record<string, Plain>, tolerance: number): void {
    expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, { shape, data }] of Object.entries(expected)) {
      expect(actual[name].shape, name).toEqual(shape);
      const differences = Array.from(data, (value, i) => Math.abs(value - actual[name].data[i]));
      // NaN is not below the tolerance either.
      const wrong = differences.filter((difference) => !(difference <= tolerance));
      expect(wrong, name).toEqual([]);
    }
  }

  it('is of pictures that differ from pixel to pixel', () => {
    for (const [name, { data }] of Object.entries(expected)) {
      const deviation = tf.tidy(() => Math.sqrt(tf.moments(data).variance.dataSync()[0]));
      expect(deviation, name).toBeGreaterThan(0.1);
    }
  });

  it.each(['webgl', 'wasm', 'webgpu'])('gives the checkpoint’s results by TF.js on %s', async (backend) => {
    const feeds = mapValues(inputs, plain);
    for (const [precision, tolerance] of PRECISIONS) {
      const url = `/${precision}/tfjs/pipeline/model.json`;
      const { outputs } = await page.evaluate(([a, b, c]) => runGraphModel(a, b, c), [
        url,
        backend,
        feeds,
      ] as const);
      expectEqual(outputs, tolerance);
    }
  });

  it.each(['wasm', 'webgpu'])('gives the checkpoint’s results by onnxruntime-web on %s', async (backend) => {
    const feeds = mapValues(inputs, toOnnx);
    for (const [precision, tolerance] of PRECISIONS) {
      const url = `/${precision}/onnx/pipeline.onnx`;
      const { outputs } = await page.evaluate(([a, b, c]) => runOnnx(a, b, c), [
        url,
        backend,
        feeds,
      ] as const);
      expectEqual(mapValues(outputs, fromOnnx), tolerance);
    }
  });

  // On WebAssembly alone: the graph's loops of small steps take minutes on WebGPU in software.
  it('finishes a photo as in Node by onnxruntime-web', async () => {
    const given = photoInputs();
    const session = await openOnnx(join(folder, 'photo/onnx/photo.onnx'));
    const { result: inNode } = await session.run(given);
    await session.release();
    const { outputs } = await page.evaluate(([a, b, c]) => runOnnx(a, b, c), [
      '/photo/onnx/photo.onnx',
      'wasm',
      mapValues(given, plain),
    ] as const);
    const { shape, data } = outputs.result;
    expect(shape).toEqual(inNode.shape);
    // Whole levels of 255.
    expect(data.filter((level, i) => Math.abs(level - inNode.data[i]) > 1)).toEqual([]);
    const changed = data.filter((level, i) => level !== given.photo.data[i]);
    expect(changed.length).toBeGreaterThan(0.9 * 3 * 50 * 45);
    expect(changed.length).toBeLessThanOrEqual(3 * 50 * 45);
  });

  it.each([
    ['TF.js', 'fp16', 'I_out [1, 64, 64, 3]'],
    ['onnxruntime-web', 'onnx-alone', 'image [1, 3, 64, 64]'],
  ])('has in its model card an example of %s that runs as it stands', async (_, name, printed) => {
    const example = await browser.newPage();
    const said: string[] = [];
    example.on('console', (message) => said.push(message.text()));
    example.on('pageerror', (error) => said.push(error.message));
    await example.goto(`${site.url}/${name}/index.html`);
    await expect.poll(() => said.join('\n')).toContain(printed);
    await example.close();
  });
});
