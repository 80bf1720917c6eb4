/** The editor of the package, in Node, in a page and in a web worker, against `infer`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../src/export/run.ts';
import type { EditInput } from '../../src/infer/load-editor.ts';
import { loadEditor } from '../../src/infer/node.ts';
import type { Raster } from '../../src/infer/raster.ts';
import { inferPhotos } from '../../src/infer/run.ts';
import { inferByExport } from '../../src/infer/run-exported.ts';
import { launch, noBrowser } from '../editor/browser.ts';
import { tinyCheckpoint, tinyColourCheckpoint } from '../editor/tiny-editor.ts';
import { bundle, pageOf, serve } from '../export/serve.ts';
import { busyPhoto, grey, rectangle } from './rasters.ts';
import { said } from './said.ts';
import { changes, load, save } from './support.ts';

const size = [200, 120] as const;
const hole = rectangle(size, [110, 20, 170, 60]);
const lines = rectangle(size, [130, 10, 134, 90], [0, 255]);
const photo = busyPhoto(...size);

let folder: string;
let model: string;
let checkpoint: string;
let files: { photo: string; mask: string; sketch: string };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'load-editor-'));
  ({ checkpoint } = await tinyCheckpoint(folder));
  await exportModel({ checkpoint, out: join(folder, 'export'), formats: ['onnx'] });
  model = join(folder, 'export/onnx/pipeline.onnx');
  files = {
    photo: await save(join(folder, 'photo.png'), photo),
    mask: await save(join(folder, 'mask.png'), hole),
    sketch: await save(join(folder, 'sketch.png'), lines),
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The pixels of a PNG file. */
const pixelsOf = async (png: Uint8Array) => {
  const path = join(folder, 'read.png');
  writeFileSync(path, png);
  return load(path);
};

/** Runtimes round differently in the last digits, so that a byte may be the next one. */
function expectSame(actual: Raster, expected: Raster): void {
  expect([actual.width, actual.height]).toEqual([expected.width, expected.height]);
  const far = actual.data.findIndex((byte, i) => Math.abs(byte - expected.data[i]) > 1);
  expect(far).toBe(-1);
}

/** `infer`'s picture of the same files. */
async function inferred(): Promise<Raster> {
  const { photo: image, mask, sketch } = files;
  await inferPhotos({ checkpoint, image, mask, sketch, ls: [0.3], out: join(folder, 'inferred') });
  return load(join(folder, 'inferred/photo-IOUT.png'));
}

describe('in Node', () => {
  it('makes the picture that infer makes of the same files', async () => {
    const editor = await loadEditor(model);
    expect(editor).toMatchObject({ resolution: 64, task: 'edit', controls: ['sketch', 'l'] });
    const { image, png, warnings } = await editor.edit({ ...files, l: 0.3 });
    const expected = await inferred();
    expectSame(image, expected);
    expectSame(await pixelsOf(await png()), expected);
    expect((await said(await png())).statement).toMatch(/^Edited by .*\(model pipeline\.onnx; l = 0\.3\)$/);
    const { inside, outside } = changes(photo, image, hole);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(2000);
    expect(warnings).toEqual([]);
    await editor.close();
  });

  it('takes models and pictures as paths, addresses, bytes, blobs and pixels', async () => {
    const bytes = readFileSync(model);
    const editor = await loadEditor(bytes);
    const expected = await editor.edit({ ...files, l: 0 });
    const read = (path: string) => readFileSync(path);
    const inOther: EditInput[] = [
      { photo: pathToFileURL(files.photo), mask: read(files.mask), sketch: new Blob([read(files.sketch)]) },
      { photo, mask: await load(files.mask), sketch: await load(files.sketch) },
      {
        photo: `data:image/png;base64,${read(files.photo).toString('base64')}`,
        mask: new Uint8Array(read(files.mask)).buffer,
        sketch: files.sketch,
      },
    ];
    for (const other of inOther) {
      const { image } = await editor.edit({ ...other, l: 0 });
      expect(Buffer.from(image.data).equals(Buffer.from(expected.image.data))).toBe(true);
    }
    await editor.close();
    const again = await loadEditor(new Blob([bytes]), { threads: 1 });
    expectSame((await again.edit({ ...files, l: 0 })).image, expected.image);
    await again.close();
  });

  it('keeps a photo’s colour profile and alpha channel, and answers two at once', async () => {
    const wide = join(folder, 'wide.png');
    const rgba = Buffer.from(photo.data);
    for (let i = 3; i < rgba.length; i += 40) rgba[i] = 100;
    const raw = { width: 200, height: 120, channels: 4 } as const;
    await sharp(rgba, { raw }).withIccProfile('p3').png().toFile(wide);
    const editor = await loadEditor(model);
    const [one, other] = await Promise.all([
      editor.edit({ ...files, photo: wide }),
      editor.edit({ ...files, l: 1 }),
    ]);
    const metadata = await sharp(await one.png()).metadata();
    expect([metadata.channels, metadata.icc]).toEqual([4, (await sharp(wide).metadata()).icc]);
    expectSame(other.image, (await editor.edit({ ...files, l: 1 })).image);
    await editor.close();
  });

  it('takes the place of a checkpoint in infer', async () => {
    const { photo: image, mask, sketch } = files;
    const out = join(folder, 'by-export');
    const made = await inferByExport({ checkpoint: model, image, mask, sketch, ls: [0.3], out });
    expect(made.map((path) => basename(path))).toEqual(
      ['SGEN', 'IGEN', 'IOUT', 'sheet'].map((part) => `photo-${part}.png`),
    );
    expectSame(await load(join(out, 'photo-IOUT.png')), await inferred());
    for (const part of ['SGEN', 'IGEN'])
      expectSame(
        await load(join(out, `photo-${part}.png`)),
        await load(join(folder, `inferred/photo-${part}.png`)),
      );
    await expect(
      inferByExport({ checkpoint: model, image, mask, sketch, region: 'face', out }),
    ).rejects.toThrow(/finds no faces/);
  });

  it('fills a black hole and what the whole photo shows, and tells of odd pictures', async () => {
    const editor = await loadEditor(model);
    const black = {
      ...files,
      mask: await save(join(folder, 'black.png'), rectangle(size, [110, 20, 170, 60], [0, 255])),
    };
    const { image } = await editor.edit({ ...black, maskHole: 'black' });
    expectSame(image, (await editor.edit(files)).image);
    const whole = await editor.edit({ ...files, region: 'whole', sketch: undefined });
    expect(changes(photo, whole.image, hole).outside).toBe(0);
    const { warnings } = await editor.edit(black);
    expect(warnings).toEqual([expect.stringMatching(/90 % of the photo; .*maskHole: 'black'/)]);
    await editor.close();
  });

  it('draws whole faces, and takes strokes of colour, where the model does', async () => {
    const { checkpoint: faces } = await tinyCheckpoint(join(folder, 'faces'), 'synthesis');
    await exportModel({ checkpoint: faces, out: join(folder, 'faces-export'), formats: ['onnx'] });
    const artist = await loadEditor(join(folder, 'faces-export/onnx/pipeline.onnx'));
    expect(artist.task).toBe('synthesis');
    const { image } = await artist.draw({ sketch: files.sketch });
    await inferPhotos({ checkpoint: faces, sketch: files.sketch, out: join(folder, 'drawn') });
    expectSame(image, await load(join(folder, 'drawn/sketch-IOUT.png')));
    await expect(artist.edit(files)).rejects.toThrow(/draws whole faces[\s\S]*expected: draw\(/);
    await artist.close();

    const { checkpoint: colours } = await tinyColourCheckpoint(join(folder, 'colours'));
    await exportModel({ checkpoint: colours, out: join(folder, 'colours-export'), formats: ['onnx'] });
    const painter = await loadEditor(join(folder, 'colours-export/onnx/pipeline.onnx'));
    expect(painter.controls).toEqual(['sketch', 'colour']);
    const strokes = Buffer.alloc(4 * 200 * 120);
    for (let y = 30; y < 50; y++)
      strokes.fill(Buffer.from([200, 0, 0, 255]), 4 * (y * 200 + 120), 4 * (y * 200 + 160));
    const colour = { width: 200, height: 120, data: strokes };
    const [plain, painted] = [await painter.edit(files), await painter.edit({ ...files, colour })];
    expect(changes(plain.image, painted.image, hole).inside).toBeGreaterThan(100);
    await expect(painter.edit({ ...files, colour: files.photo })).rejects.toThrow(/no alpha channel/);
    await painter.close();
  });

  it('says what is wrong with models and pictures', async () => {
    await expect(loadEditor('no-such-model')).rejects.toThrow(/No model of that name[\s\S]*command export/);
    await expect(loadEditor(join(folder, 'nothing.onnx'))).rejects.toThrow(
      /cannot be read: the model[\s\S]*ENOENT/,
    );
    await expect(loadEditor(files.photo)).rejects.toThrow(/onnxruntime cannot open the model/);
    await exportModel({ checkpoint, out: join(folder, 'network'), formats: ['onnx'], network: 'F' });
    await expect(loadEditor(join(folder, 'network/onnx/F.onnx'))).rejects.toThrow(
      /not one that this program has exported/,
    );
    const editor = await loadEditor(model);
    const refused = async (change: Partial<EditInput>, message: RegExp) =>
      expect(editor.edit({ ...files, ...change })).rejects.toThrow(message);
    await refused({ photo: '/no/photo.png' }, /cannot be read: the picture for photo[\s\S]*no\/photo\.png/);
    await refused({ photo: Buffer.from('text') }, /A picture cannot be read[\s\S]*photo/);
    await refused({ mask: grey(200, 120, () => 0) }, /not of their size[\s\S]*mask/);
    await refused({ mask: photo }, /looks like a photo/);
    await refused({ sketch: busyPhoto(120, 200) }, /not of its photo’s shape[\s\S]*sketch/);
    await refused({ colour: photo }, /takes no strokes of colour/);
    await refused({ l: 1.5 }, /l is out of range/);
    await expect(editor.draw({ sketch: files.sketch })).rejects.toThrow(/changes parts of photos/);
    await editor.close();
  });
});

/** The ten lines of the documentation, with the addresses of a test. */
const program = (entry: string) => `
  import { loadEditor } from '${entry}';
  export async function run() {
    const editor = await loadEditor('/files/export/onnx/pipeline.onnx');
    const pictures = { photo: '/files/photo.png', mask: '/files/mask.png', sketch: '/files/sketch.png' };
    const result = await editor.edit({ ...pictures, l: 0.3 });
    const png = await result.png();
    await editor.close();
    return [...png];
  }`;

describe.skipIf(noBrowser)(`in a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  it('makes the same picture in a page and in a web worker', async () => {
    const text = program('../../src/infer/browser.ts');
    const site = await serve(
      { files: folder },
      {
        '/index.html': pageOf('/ort/page.mjs'),
        // Beside the files of onnxruntime-web, which it loads.
        '/ort/page.mjs': await bundle(`${text} Object.assign(globalThis, { run });`),
        '/ort/worker.mjs': await bundle(`${text} postMessage(await run());`),
      },
    );
    const browser = await launch();
    try {
      const page = await browser.newPage();
      const missing: string[] = [];
      page.on('response', (response) => response.ok() || missing.push(response.url()));
      await page.goto(`${site.url}/index.html`);
      await page.waitForFunction(() => 'run' in globalThis);
      const expected = await inferred();
      const inPage = await page.evaluate(() => (globalThis as unknown as { run(): Promise<number[]> }).run());
      expectSame(await pixelsOf(Uint8Array.from(inPage)), expected);
      const inWorker = await page.evaluate(
        () =>
          new Promise<number[]>((resolve, reject) => {
            const worker = new Worker('/ort/worker.mjs', { type: 'module' });
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = ({ message }) => reject(new Error(message));
          }),
      );
      expectSame(await pixelsOf(Uint8Array.from(inWorker)), expected);
      expect(missing.filter((url) => !url.endsWith('/favicon.ico'))).toEqual([]);
    } finally {
      await browser.close();
      await site.close();
    }
  });
});

/** What an entry of the package becomes for those who bundle it. */
async function bundled(entry: string, platform: 'browser' | 'node') {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform,
    external: ['onnxruntime-web', 'sharp', 'node:*', ...builtinModules],
    logLevel: 'silent',
  });
  const [{ imports, inputs }] = Object.values(metafile.outputs);
  return {
    size: gzipSync(outputFiles[0].contents, { level: 9 }).length,
    imports,
    inputs: Object.keys(inputs),
  };
}

it('in browsers it is at most 20 kB beside onnxruntime, without a module of Node', async () => {
  const { size, imports, inputs } = await bundled('src/infer/browser.ts', 'browser');
  expect(imports.map(({ path }) => path)).toEqual(['onnxruntime-web']);
  expect(inputs).toContain('src/infer/blend.ts');
  expect(size).toBeLessThanOrEqual(20_000);
});

it('in Node it needs no TensorFlow', async () => {
  const { inputs } = await bundled('src/infer/node.ts', 'node');
  expect(inputs).toContain('src/infer/read.ts');
  expect(inputs.filter((path) => /tensorflow|src\/ops/.test(path))).toEqual([]);
});
