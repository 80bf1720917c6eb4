/**
 * `deep-plastic-surgery/infer` in pages and web workers, and `deep-plastic-surgery/browser`: exported models by
 * onnxruntime-web, pictures by the browser's own decoder.
 */
import { unusableModel } from '../graph/onnx/unusable-model.ts';
import { UserError } from '../runtime/errors.ts';
import {
  type Editor,
  editorOf,
  isModelName,
  isSeeThrough,
  type LoadOptions,
  nameOfModelFile,
  noModel,
  type Pixels,
  type Platform,
} from './load-editor.ts';
import { maskOfPixels, toHole } from './mask.ts';
import { opaqueStrokes, sketchOfPixels } from './sketch.ts';

export { UserError, type UserErrorDetails } from '../runtime/errors.ts';
export type { EditInput, Editor, EditResult, LoadOptions, Picture, Pixels } from './load-editor.ts';

/**
 * Opens an exported model: from photos to photos, by the pixels of `dps infer` and of the editor. It computes on the thread
 * that calls it: in a web worker the page goes on meanwhile.
 *
 * ```ts
 * import { loadEditor } from 'deep-plastic-surgery/infer';
 *
 * const editor = await loadEditor('/models/pipeline.onnx');
 * const result = await editor.edit({ photo: '/photo.jpg', mask: '/mask.png', sketch: '/lines.png', l: 0.5 });
 * const picture = new Blob([await result.png()], { type: 'image/png' });
 * ```
 *
 * @param model its address or bytes, or the name of a model that ships with the package, where its files are served as they
 *   lie in the package.
 * @throws UserError when there is no such model, or it is none of this program's.
 */
export async function loadEditor(
  model: string | URL | Uint8Array | ArrayBuffer | Blob,
  { providers = ['wasm'], threads }: LoadOptions = {},
): Promise<Editor> {
  const ort = await import('onnxruntime-web');
  if (threads) ort.env.wasm.numThreads = threads;
  const bytes = await modelBytes(model);
  // Errors only: onnxruntime warns that it computes shapes on the CPU, which is as it should be.
  const options = { executionProviders: [...providers], logSeverityLevel: 3 } as const;
  const session = await ort.InferenceSession.create(bytes, options).catch((error) => {
    throw unusableModel(model, error);
  });
  return editorOf(session, ort.Tensor, platform, nameOfModelFile(model));
}

async function modelBytes(model: string | URL | Uint8Array | ArrayBuffer | Blob): Promise<Uint8Array> {
  if (isModelName(model)) {
    const address = new URL(`../../dist/pretrained/${model}.onnx`, import.meta.url);
    return fetchBytes(address, 'the model').catch(() => {
      throw noModel(model);
    });
  }
  if (typeof model === 'string' || model instanceof URL) return fetchBytes(model, 'the model');
  if (model instanceof Uint8Array) return model;
  return new Uint8Array(model instanceof ArrayBuffer ? model : await model.arrayBuffer());
}

async function fetchBytes(place: string | URL, what: string): Promise<Uint8Array> {
  try {
    const response = await fetch(place);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new UserError(`A file cannot be loaded: ${what}.`, {
      where: String(place).slice(0, 200),
      got: (error as Error).message,
    });
  }
}

const platform: Platform = {
  fetchBytes,
  async decodePhoto(bytes, where) {
    const raster = await decode(bytes, where);
    return { raster, hasAlpha: isSeeThrough(raster) };
  },
  async decodeHole(bytes, holeIs, where) {
    const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    return toHole(maskOfPixels(await decode(bytes, where), !isJpeg), holeIs, where);
  },
  decodeSketch: async (bytes, where) => sketchOfPixels(await decode(bytes, where)),
  async decodeStrokes(bytes, where) {
    const strokes = await decode(bytes, where);
    if (!isSeeThrough(strokes)) throw opaqueStrokes(where);
    return strokes;
  },
  async encodePng({ width, height, data }) {
    const canvas = new OffscreenCanvas(width, height);
    const pixels = new ImageData(Uint8ClampedArray.from(data), width, height);
    contextOf(canvas).putImageData(pixels, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/png' });
    return new Uint8Array(await blob.arrayBuffer());
  },
};

/** Canvases are of so many pixels at most; Safari gives none of more than four times as many. */
const STRIP = 2 ** 22;

/** RGBA bytes in sRGB, upright. */
async function decode(bytes: Uint8Array, where: string): Promise<Pixels> {
  const picture = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>])).catch(() => {
    throw new UserError('A picture cannot be read.', {
      where,
      expected: 'an image of a format that this browser knows, such as JPEG, PNG or WebP',
    });
  });
  const { width, height } = picture;
  const data = new Uint8ClampedArray(4 * width * height);
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP / width)));
  const strip = contextOf(new OffscreenCanvas(width, rows));
  for (let top = 0; top < height; top += rows) {
    strip.clearRect(0, 0, width, rows);
    strip.drawImage(picture, 0, -top);
    const count = Math.min(rows, height - top);
    data.set(strip.getImageData(0, 0, width, count).data, 4 * top * width);
  }
  picture.close();
  return { width, height, data };
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new UserError('The browser has no memory left for the picture.');
  return context;
}
