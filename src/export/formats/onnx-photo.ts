import { join } from 'node:path';
import type { RunConfig } from '../../config/run-config.ts';
import type { Computation } from '../../core/computation.ts';
import { CAPTIONS } from '../../core/vocabulary.ts';
import { openOnnx } from '../../graph/onnx/session.ts';
import { fillOf } from '../../infer/fill.ts';
import type { Edit, Raster } from '../../infer/raster.ts';
import { UserError } from '../../runtime/errors.ts';
import { writeFileAtomically } from '../../runtime/files.ts';
import { stream } from '../../runtime/seed.ts';
import { type Case, compareOutputs, runOnValues, smoothNoise } from '../proof.ts';
import { PRODUCER } from '../report.ts';
import type { Exporter } from './exporter.ts';
import { RESULT, writePhotoGraph } from './whole-photo.ts';

/** Levels of 255 by which the results may differ: rounding, and what weights in half precision make of it. */
const TOLERANCE = { fp32: 1, fp16: 4 };

/** `onnx/photo.onnx`: from a photo's bytes to the finished photo's, proven equal to what `infer` makes of the same pictures. */
export const exportOnnxPhoto: Exporter = async (source, { folder, precision, description, metadata }) => {
  const path = join(folder, 'onnx', 'photo.onnx');
  const options = { name: 'photo', precision, producer: PRODUCER, description, metadata };
  await writeFileAtomically(path, writePhotoGraph(source.graph(), CAPTIONS.result, options));
  const session = await openOnnx(path);
  const cases = makePhotoCases(source.computation);
  const compared = await compareOutputs(cases, { run: session.run, close: session.release });
  const outputs = { [RESULT.name]: { ...compared.outputs[RESULT.name], scale: 255 } };
  const tolerance = TOLERANCE[precision] / 255;
  return [{ network: 'photo', format: 'onnx-photo', runtime: 'onnxruntime', tolerance, outputs }];
};

/** Throws a UserError when there is nothing that a photo could go through. */
export function requirePhotos(network: string, task: RunConfig['task']): void {
  if (network === 'pipeline' && task === 'edit') return;
  throw new UserError('This cannot be exported for whole photos.', {
    where: '--format onnx-photo',
    expected: 'the whole path (--network pipeline) of a model of task: edit',
    got: network === 'pipeline' ? 'a model that draws from sketches alone (task: synthesis)' : network,
    fix: '--format onnx',
  });
}

/** Sizes of photos and bounds of holes in parts of the network's side, and whether the network sees all of the photo. */
const SHAPES = [
  { size: [2.5, 1.5], hole: [0.5, 0.25, 1.25, 1], whole: 0, l: 0.5 },
  { size: [0.75, 1.25], hole: [0, 0.5, 0.5, 0.75], whole: 1, l: 1 },
] as const;

function makePhotoCases(computation: Computation): Case[] {
  const [resolution] = computation.inputs.photo.shape as [number];
  return SHAPES.map(({ size, hole, whole, l }, index) => {
    const scaled = (parts: readonly number[]) => parts.map((part) => Math.round(part * resolution));
    const edit = seededEdit(scaled(size), scaled(hole), `photo ${index}`);
    const { width, height } = edit.photo;
    const shape = [height, width];
    const values = {
      photo: { shape: [...shape, 3], data: withoutAlpha(edit.photo) },
      mask: { shape, data: Float32Array.from(edit.hole.data) },
      sketch: { shape, data: Float32Array.from(edit.sketch.data) },
      colour: { shape: [...shape, 4], data: Float32Array.from((edit.strokes as Raster).data) },
      l: { shape: [], data: Float32Array.of(l) },
      whole: { shape: [], data: Float32Array.of(whole) },
    };
    const taken = Object.entries(values).filter(
      ([name]) => ['photo', 'mask', 'whole'].includes(name) || name in computation.inputs,
    );
    const fill = fillOf(edit, whole ? 'whole' : 'hole', resolution);
    const results = fill.inputs.map(({ image, hole, sketch, colour }) => {
      const given = { photo: image, hole, sketch, colour: colour as Float32Array, l: Float32Array.of(l) };
      const inputs = Object.entries(computation.inputs).map(([name, port]) => [
        name,
        { shape: [1, ...port.shape], data: given[name as keyof typeof given] },
      ]);
      return runOnValues(computation.run, Object.fromEntries(inputs))[CAPTIONS.result].data;
    });
    const data = withoutAlpha(fill.blended(results, false));
    const expected = { [RESULT.name]: { shape: [...shape, 3], data } };
    return { inputs: Object.fromEntries(taken), expected };
  });
}

/** A photo of soft spots, a rectangular hole, a thick line across it and a stroke of colour. */
function seededEdit(
  [width, height]: readonly number[],
  [left, top, right, bottom]: readonly number[],
  seed: string,
): Edit {
  const colours = smoothNoise([height, width, 3], stream(1, 'proof', seed));
  const photo = new Uint8Array(4 * width * height).fill(255);
  const hole = new Uint8Array(width * height);
  const sketch = new Uint8Array(width * height).fill(255);
  const strokes = new Uint8Array(4 * width * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      for (let c = 0; c < 3; c++) photo[4 * i + c] = Math.round((colours[3 * i + c] + 1) * 127.5);
      if (x >= left && x < right && y >= top && y < bottom) hole[i] = 255;
      const fromLine = Math.abs(y - (top + bottom) / 2 - (x - (left + right) / 2) / 2);
      if (fromLine < 2) sketch[i] = 0;
      else if (fromLine < 5) strokes.set([200, 60, 30, 255], 4 * i);
    }
  const raster = (data: Uint8Array) => ({ width, height, data });
  return { photo: raster(photo), hole: raster(hole), sketch: raster(sketch), strokes: raster(strokes) };
}

const withoutAlpha = ({ data }: Raster): Float32Array =>
  Float32Array.from(data.filter((_, i) => i % 4 !== 3));
