/** ONNX graphs from photo to photo, against `infer`. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePhotoGraph } from '../../src/export/formats/whole-photo.ts';
import { exportModel } from '../../src/export/run.ts';
import { Graph, type GraphNode, type ValueId } from '../../src/graph/graph.ts';
import { type OnnxSession, openOnnx } from '../../src/graph/onnx/session.ts';
import { fillOf } from '../../src/infer/fill.ts';
import type { NetworkInput } from '../../src/infer/network-input.ts';
import type { Edit, Raster } from '../../src/infer/raster.ts';
import { inferPhotos } from '../../src/infer/run.ts';
import { tinyCheckpoint, tinyColourCheckpoint } from '../editor/tiny-editor.ts';
import { busyPhoto, grey, rectangle, rgba } from '../infer/rasters.ts';
import { load, save } from '../infer/support.ts';
import { testPython, whyNoPython } from '../test-python.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'whole-photo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Results may be one level off, and only where the hole is. */
function expectSame(actual: Raster, expected: Raster, { photo, hole }: Pick<Edit, 'photo' | 'hole'>): void {
  expect([actual.width, actual.height]).toEqual([photo.width, photo.height]);
  const known = (i: number) => hole.data[Math.floor(i / 4)] === 0;
  expect(actual.data.findIndex((byte, i) => Math.abs(byte - expected.data[i]) > 1)).toBe(-1);
  expect(actual.data.findIndex((byte, i) => known(i) && byte !== photo.data[i])).toBe(-1);
}

/** What a graph makes of an edit, RGBA. */
async function run(session: OnnxSession, edit: Edit, whole: number, l: number): Promise<Raster> {
  const { width, height } = edit.photo;
  const shape = [height, width];
  const floats = (data: Raster['data']) => Float32Array.from(data);
  const values = {
    photo: { shape: [...shape, 3], data: floats(edit.photo.data.filter((_, i) => i % 4 < 3)) },
    mask: { shape, data: floats(edit.hole.data) },
    sketch: { shape, data: floats(edit.sketch.data) },
    colour: { shape: [...shape, 4], data: floats(edit.strokes?.data ?? new Uint8Array(4 * width * height)) },
    l: { shape: [], data: Float32Array.of(l) },
    whole: { shape: [], data: Float32Array.of(whole) },
  };
  const feeds = Object.entries(values).filter(([name]) => session.inputNames.includes(name));
  const { result } = await session.run(Object.fromEntries(feeds));
  expect(result.shape).toEqual([...shape, 3]);
  return rgba(width, height, (x, y) => {
    const at = 3 * (y * width + x);
    return [...result.data.subarray(at, at + 3), 255];
  });
}

/** Side of the input of a network that does nothing but mix what it is given. */
const SIDE = 32;

/** (photo * sketch + hole) / 2, so that a result tells of each of them. */
function mixing(): Graph {
  const picture = (channels: number) => ({ type: 'float32' as const, shape: [null, SIDE, SIDE, channels] });
  const node = (op: string, inputs: ValueId[], output: ValueId): GraphNode => ({
    op,
    attributes: {},
    inputs,
    outputs: [output],
  });
  return new Graph({
    values: new Map([
      [0, picture(3)],
      [1, picture(1)],
      [2, picture(1)],
      [3, { type: 'float32', shape: [] }],
      [4, picture(3)],
      [5, picture(3)],
      [6, picture(3)],
    ]),
    constants: new Map([[3, { shape: [], data: Float32Array.of(0.5) }]]),
    nodes: [node('Mul', [0, 2], 4), node('AddV2', [4, 1], 5), node('Mul', [5, 3], 6)],
    inputs: new Map([
      ['photo', 0],
      ['hole', 1],
      ['sketch', 2],
    ]),
    outputs: new Map([['I_out', 6]]),
  });
}

const mixed = ({ image, hole, sketch }: NetworkInput): Float32Array =>
  image.map((value, i) => 0.5 * (value * sketch[Math.floor(i / 3)] + hole[Math.floor(i / 3)]));

/** A ragged hole, and a wavy line of that width across the photo. */
function editOf(size: readonly [number, number], bounds: [number, number, number, number], line = 5): Edit {
  const [width, height] = size;
  const whole = rectangle(size, bounds);
  const [left, top] = bounds;
  return {
    photo: busyPhoto(width, height),
    hole: grey(width, height, (x, y) =>
      (x - left) % 7 === 3 && (y - top) % 5 === 2 ? 0 : whole.data[y * width + x],
    ),
    sketch: grey(width, height, (x, y) =>
      Math.abs(y - height / 2 - 6 * Math.sin(x / 5)) < line / 2 ? (x * 7 + y) % 190 : 255 - ((x + y) % 60),
    ),
  };
}

describe('the graph around a network', () => {
  let session: OnnxSession;
  beforeAll(async () => {
    const model = writePhotoGraph(mixing(), 'I_out', {
      name: 'photo',
      precision: 'fp32',
      producer: { name: 'test', version: '1' },
      description: '',
    });
    writeFileSync(join(folder, 'photo.onnx'), model);
    session = await openOnnx(model);
  });
  afterAll(() => session.release());

  const edits: Record<string, readonly [edit: Edit, whole: 0 | 1]> = {
    'a landscape': [editOf([190, 120], [70, 40, 110, 70]), 0],
    'a portrait': [editOf([100, 210], [20, 120, 50, 150]), 0],
    'all that a square holds': [editOf([190, 120], [70, 40, 110, 70]), 1],
    'a photo smaller than the network': [editOf([20, 14], [5, 5, 9, 9], 2), 0],
    'a hole at the border': [editOf([160, 140], [120, 0, 160, 40]), 0],
    'a hole as wide as the photo': [editOf([200, 60], [2, 20, 198, 40]), 0],
    'lines of one pixel at the network’s own scale': [editOf([40, 40], [16, 16, 22, 22], 1), 0],
    'a mask that is all hole': [{ ...editOf([80, 60], [0, 0, 80, 60]), hole: grey(80, 60, () => 255) }, 0],
  };
  it.each(Object.entries(edits))('makes what infer makes of %s', async (_, [edit, whole]) => {
    const fill = fillOf(edit, whole ? 'whole' : 'hole', SIDE);
    expect(fill.inputs.length).toBe(1);
    const expected = fill.blended(fill.inputs.map(mixed), false);
    expect(expected.data).not.toEqual(edit.photo.data);
    expectSame(await run(session, edit, whole, 0), expected, edit);
  });

  it('gives back a photo without a hole', async () => {
    const edit = { ...editOf([90, 50], [0, 0, 1, 1]), hole: grey(90, 50, () => 0) };
    expectSame(await run(session, edit, 0, 0), edit.photo, edit);
  });

  const why = whyNoPython('onnx');
  it.skipIf(why !== '')(`is what ONNX’s checker wants${why}`, () => {
    const program = 'import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)';
    execFileSync(testPython, ['-c', program, join(folder, 'photo.onnx')]);
  });
});

describe('export --format onnx-photo', () => {
  let out: string;
  let checkpoint: string;
  beforeAll(async () => {
    ({ checkpoint } = await tinyCheckpoint(folder));
    out = join(folder, 'export');
    await exportModel({ checkpoint, out, formats: ['onnx-photo'], precision: 'fp16' });
  });

  /** Writes an edit's files, and gives the picture of them of `infer --detail off`. */
  async function inferred(edit: Edit, from: string): Promise<Raster> {
    const image = await save(join(folder, 'pictures/photo.png'), edit.photo);
    const mask = await save(join(folder, 'pictures/mask.png'), edit.hole);
    const sketch = await save(join(folder, 'pictures/sketch.png'), edit.sketch);
    const colour = edit.strokes && (await save(join(folder, 'pictures/colour.png'), edit.strokes));
    const out = join(folder, 'inferred');
    // The graph has no detail.
    await inferPhotos({ checkpoint: from, image, mask, sketch, colour, detail: false, out });
    return load(join(out, 'photo-IOUT.png'));
  }

  /** Black lines on white, which `infer` takes as they are. */
  function cleanEdit(): Edit {
    const edit = editOf([300, 180], [110, 60, 170, 110]);
    return { ...edit, sketch: { ...edit.sketch, data: edit.sketch.data.map((v) => (v < 192 ? 0 : 255)) } };
  }

  it('writes a proven file that makes what infer makes', async () => {
    const { proofs, files } = JSON.parse(readFileSync(join(out, 'export.json'), 'utf8'));
    expect(Object.keys(files)).toEqual(['onnx/photo.onnx']);
    expect(proofs).toMatchObject([
      { network: 'photo', format: 'onnx-photo', outputs: { result: { scale: 255 } } },
    ]);
    await exportModel({ checkpoint, out: join(folder, 'exact'), formats: ['onnx-photo'] });
    const session = await openOnnx(join(folder, 'exact/onnx/photo.onnx'));
    expect(session.inputNames).toEqual(['photo', 'mask', 'sketch', 'l', 'whole']);
    const edit = cleanEdit();
    expectSame(await run(session, edit, 0, 0.5), await inferred(edit, checkpoint), edit);
    await session.release();
  });

  it('takes strokes of colour where the model does', async () => {
    const { checkpoint: from } = await tinyColourCheckpoint(join(folder, 'colours'));
    await exportModel({ checkpoint: from, out: join(folder, 'painted'), formats: ['onnx-photo'] });
    const session = await openOnnx(join(folder, 'painted/onnx/photo.onnx'));
    expect(session.inputNames).toEqual(['photo', 'mask', 'sketch', 'colour', 'whole']);
    const strokes = rgba(300, 180, (x, y) =>
      y > 70 && y < 90 && x > 90 ? [200, x % 256, 30, 255] : [0, 0, 0, 0],
    );
    const [plain, painted] = [cleanEdit(), { ...cleanEdit(), strokes }];
    const expected = await inferred(painted, from);
    expect(expected.data).not.toEqual((await inferred(plain, from)).data);
    expectSame(await run(session, painted, 0, 0), expected, painted);
    await session.release();
  });

  const why = whyNoPython('onnxruntime') || whyNoPython('PIL');
  it.skipIf(why !== '')(`has a card with an example for Python that runs${why}`, async () => {
    const edit = cleanEdit();
    const expected = await inferred(edit, checkpoint);
    for (const name of ['photo', 'mask', 'sketch'])
      copyFileSync(join(folder, `pictures/${name}.png`), join(out, `${name}.png`));
    const card = readFileSync(join(out, 'README.md'), 'utf8');
    const [, program] = /```python\n(.*?)\n```/s.exec(card) as RegExpExecArray;
    expect(program.split('\n').length).toBeLessThan(14);
    execFileSync(testPython, ['-c', program], { cwd: out });
    // In half precision.
    const result = await load(join(out, 'result.png'));
    expect(result.data.findIndex((byte, i) => Math.abs(byte - expected.data[i]) > 4)).toBe(-1);
  });

  it('refuses what has no photo, or is one network', async () => {
    const { checkpoint: drawing } = await tinyCheckpoint(join(folder, 'faces'), 'synthesis');
    const refused = (from: string, network: string) =>
      exportModel({ checkpoint: from, network, out: join(folder, 'refused'), formats: ['onnx-photo'] });
    await expect(refused(drawing, 'pipeline')).rejects.toThrow(/whole photos[\s\S]*task: synthesis/);
    await expect(refused(checkpoint, 'F')).rejects.toThrow(/whole photos[\s\S]*got: +F/);
  });
});
