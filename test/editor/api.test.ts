import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferPhotos } from '../../src/infer/run.ts';
import { said } from '../infer/said.ts';
import { save } from '../infer/support.ts';
import { EditorPage, launch, noBrowser } from './browser.ts';
import { type TinyEditor, tinyCheckpoint, tinyEditor } from './tiny-editor.ts';

const token = 'a-token-of-a-test';
const [width, height] = [150, 110];
const l = 0.25;

let editor: TinyEditor;
let folder: string;
/** Photo, mask and sketch, and what `npm run infer` makes of them. */
let files: { photo: string; mask: string; sketch: string };
let inferred: { result: Buffer; refinedSketch: Buffer };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'api-'));
  const raster = (channels: number, value: (x: number, y: number, channel: number) => number) => {
    const data = new Uint8Array(width * height * channels);
    for (let i = 0; i < data.length; i++) {
      const pixel = Math.floor(i / channels);
      data[i] = value(pixel % width, Math.floor(pixel / width), i % channels);
    }
    return { width, height, data };
  };
  files = {
    photo: await save(
      join(folder, 'photo.png'),
      raster(4, (x, y, channel) => (channel === 3 ? 255 : (x * 3 + y * 5 + channel * 40) % 256)),
    ),
    mask: await save(
      join(folder, 'mask.png'),
      raster(1, (x, y) => (x > 40 && x < 90 && y > 30 && y < 80 ? 255 : 0)),
    ),
    sketch: await save(
      join(folder, 'sketch.png'),
      raster(1, (x, y) => (y === 55 && x > 45 && x < 85 ? 0 : 255)),
    ),
  };
});
beforeAll(async () => {
  editor = await tinyEditor(tinyCheckpoint, { host: '127.0.0.1', apiToken: token });
});
beforeAll(async () => {
  // So many that they are made by onnxruntime, as the editor's are.
  const ls = Array.from({ length: 24 }, (_, i) => i / 32);
  const out = join(folder, 'inferred');
  await inferPhotos({ checkpoint: editor.checkpoint, ...files, image: files.photo, ls, out });
  inferred = {
    result: readFileSync(join(out, `photo-IOUT-l${l}.png`)),
    refinedSketch: readFileSync(join(out, `photo-SGEN-l${l}.png`)),
  };
});
afterAll(async () => {
  await editor.close();
  rmSync(folder, { recursive: true });
});

const authorization = { Authorization: `Bearer ${token}` };
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${editor.url}api/v1${path}`, { ...init, headers: { ...authorization, ...init.headers } });

async function form(): Promise<FormData> {
  const data = new FormData();
  for (const [name, path] of Object.entries(files)) data.append(name, new Blob([await readFile(path)]));
  data.append('l', String(l));
  return data;
}

it('makes the very file that infer makes, of a form and of JSON', async () => {
  const answer = await ask('/edit', { method: 'POST', body: await form() });
  expect([answer.status, answer.headers.get('edit-warnings')]).toEqual([200, '[]']);
  const png = Buffer.from(await answer.arrayBuffer());
  expect(png.equals(inferred.result)).toBe(true);
  const { name } = await (await ask('/model')).json();
  expect((await said(png)).statement).toMatch(/^Edited by a machine/);
  expect((await said(png)).statement).toContain(`(model ${name}; l = ${l})`);

  const fields = Object.entries(files).map(([name, path]) => [name, readFileSync(path, 'base64')]);
  const body = JSON.stringify({ ...Object.fromEntries(fields), l, refinedSketch: true });
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  const both = await (await ask('/edit', { method: 'POST', body, headers })).json();
  expect(both.warnings).toEqual([]);
  expect(Buffer.from(both.result, 'base64').equals(inferred.result)).toBe(true);
  expect(both.refinedSketches).toHaveLength(1);
  expect(Buffer.from(both.refinedSketches[0], 'base64').equals(inferred.refinedSketch)).toBe(true);
});

it('tells of odd files, and what is wrong with others', async () => {
  const edit = async (changed: Partial<typeof files>) => {
    const data = await form();
    for (const [name, path] of Object.entries(changed)) data.set(name, new Blob([await readFile(path)]));
    return ask('/edit', { method: 'POST', body: data });
  };
  const odd = await edit({ sketch: files.mask });
  expect(odd.status).toBe(200);
  expect(JSON.parse(odd.headers.get('edit-warnings')!)).toEqual([
    'the sketch is light lines on dark paper; it is inverted',
  ]);
  const turned = await form();
  turned.append('maskHole', 'black');
  const other = await ask('/edit', { method: 'POST', body: turned });
  expect(other.headers.get('edit-warnings')).toContain(
    "if white is what is to change, give maskHole: 'white'",
  );
  const text = await edit({ photo: 'package.json' });
  expect([text.status, await text.json()]).toMatchObject([
    422,
    { detail: 'A picture cannot be read.', where: 'photo', expected: expect.stringContaining('PNG') },
  ]);
  const wide = await save(join(folder, 'wide.png'), {
    width: 4,
    height: 1,
    data: Uint8Array.of(0, 255, 0, 0),
  });
  const shape = await (await edit({ mask: wide })).json();
  expect(shape).toMatchObject({ status: 422, where: 'mask', got: '4 x 1 px' });
});

it('describes itself, and takes every example of the description', async () => {
  const { paths } = await (await ask('/openapi.json')).json();
  expect(Object.keys(paths)).toEqual(['/api/v1/edit', '/api/v1/model', '/api/v1/health']);
  const { requestBody, responses } = paths['/api/v1/edit'].post;
  let examples = 0;
  for (const [type, { example }] of Object.entries<{ example?: object }>(requestBody.content)) {
    if (!example) continue;
    examples += 1;
    const headers = { 'Content-Type': type, Accept: 'application/json' };
    const answer = await ask('/edit', { method: 'POST', headers, body: JSON.stringify(example) });
    expect(answer.status).toBe(200);
    const { properties } = responses[200].content['application/json'].schema;
    expect(Object.keys(await answer.json())).toEqual(Object.keys(properties));
  }
  expect(examples).toBe(1);
  const model = await (await ask('/model')).json();
  expect(model).toMatchObject({
    method: 'dps',
    resolution: 64,
    controls: ['sketch', 'l'],
    refinedSketch: true,
  });
});

it('says what the model does not take', async () => {
  const data = await form();
  data.append('colour', new Blob([await readFile(files.photo)]));
  const answer = await (await ask('/edit', { method: 'POST', body: data })).json();
  expect(answer).toMatchObject({ status: 422, where: 'colour', detail: 'The model takes no colour.' });
});

describe('the client in Python', () => {
  const client = (...args: string[]) =>
    promisify(execFile)('python3', ['examples/gimp/deep-plastic-surgery/edit_api.py', ...args], {
      env: { ...process.env, DPS_API_TOKEN: token },
    });

  it('gets the same file', async () => {
    const out = join(folder, 'python.png');
    const { photo, mask, sketch } = files;
    const address = ['--address', editor.url, '--l', String(l)];
    await client('--photo', photo, '--mask', mask, '--sketch', sketch, '--out', out, ...address);
    expect(readFileSync(out).equals(inferred.result)).toBe(true);
  });

  it('says what the server says is wrong', async () => {
    const args = ['--photo', files.photo, '--mask', 'package.json', '--out', join(folder, 'no.png')];
    await expect(client(...args, '--address', editor.url)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^A picture cannot be read\.\n {2}where: mask\n {2}expected: .*PNG/),
    });
    await expect(client(...args, '--address', 'http://127.0.0.1:1/')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm run edit'),
    });
  });
});

it.skipIf(noBrowser)(
  `its page${noBrowser ? ` (${noBrowser})` : ''} shows all of it, without errors`,
  async () => {
    const browser = await launch();
    try {
      const docs = new EditorPage(await browser.newPage());
      const { page } = docs;
      await page.goto(`${editor.url}api/v1/docs`);
      expect(await page.locator('h2').allInnerTexts()).toEqual([
        'POST /api/v1/edit',
        'GET /api/v1/model',
        'GET /api/v1/health',
      ]);
      expect(await page.locator('th[scope=row]').allInnerTexts()).toContain('refinedSketch');
      expect(await page.evaluate(() => getComputedStyle(document.querySelector('main')!).maxWidth)).toBe(
        '960px',
      );
      expect(await docs.seriousProblems()).toEqual([]);
      await page.setViewportSize({ width: 320, height: 600 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
      expect(docs.errors).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);
