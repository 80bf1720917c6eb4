/** `deep-plastic-surgery/infer` in Node: exported models by onnxruntime-node, pictures by sharp. TensorFlow is not needed. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { InferenceSession } from 'onnxruntime-node';
import { unusableModel } from '../graph/onnx/unusable-model.ts';
import { UserError } from '../runtime/errors.ts';
import { readBytes } from '../runtime/files.ts';
import { loadOnnxruntime } from '../runtime/onnxruntime.ts';
import {
  type Editor,
  editorOf,
  isModelName,
  type LoadOptions,
  nameOfModelFile,
  noModel,
  type Platform,
} from './load-editor.ts';
import { readHole, readPhoto, readSketch, readStrokes } from './read.ts';
import { encodePhoto } from './results.ts';

export { UserError, type UserErrorDetails } from '../runtime/errors.ts';
export type { EditInput, Editor, EditResult, LoadOptions, Picture, Pixels } from './load-editor.ts';

/** The models that ship, where `npm run build` puts them: from src/infer as from dist/infer. */
const MODELS = new URL('../../dist/pretrained/', import.meta.url);

/**
 * Opens an exported model: from photos to photos, by the pixels of `dps infer` and of the editor.
 *
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { loadEditor } from 'deep-plastic-surgery/infer';
 *
 * const editor = await loadEditor('exports/dps/onnx/pipeline.onnx');
 * const result = await editor.edit({ photo: 'photo.jpg', mask: 'mask.png', sketch: 'lines.png', l: 0.5 });
 * await writeFile('result.png', await result.png());
 * ```
 *
 * @param model its path, address or bytes, or the name of a model that ships with the package.
 * @throws UserError when there is no such model, or it is none of this program's.
 */
export async function loadEditor(
  model: string | URL | Uint8Array | ArrayBuffer | Blob,
  { providers = ['cpu'], threads }: LoadOptions = {},
): Promise<Editor> {
  const ort = loadOnnxruntime();
  const bytes = await modelBytes(model);
  const options: InferenceSession.SessionOptions = {
    executionProviders: [...providers],
    ...(threads && { intraOpNumThreads: threads }),
    // Warnings are about what the runtime could do better, not about the model.
    logSeverityLevel: 3,
  };
  const session = await ort.InferenceSession.create(bytes, options).catch((error) => {
    throw unusableModel(model, error);
  });
  return editorOf(session, ort.Tensor, platform, nameOfModelFile(model));
}

async function modelBytes(model: string | URL | Uint8Array | ArrayBuffer | Blob): Promise<Uint8Array> {
  if (isModelName(model) && !existsSync(model)) {
    const names = existsSync(MODELS) ? readdirSync(MODELS).filter((name) => name.endsWith('.onnx')) : [];
    if (!names.includes(`${model}.onnx`))
      throw noModel(
        model,
        names.map((name) => name.slice(0, -'.onnx'.length)),
      );
    return readBytes(new URL(`${model}.onnx`, MODELS));
  }
  if (typeof model === 'string' || model instanceof URL) return fetchBytes(model, 'the model');
  if (model instanceof Uint8Array) return model;
  return new Uint8Array(model instanceof ArrayBuffer ? model : await model.arrayBuffer());
}

/** @param place a path, or an address that fetch knows. */
async function fetchBytes(place: string | URL, what: string): Promise<Uint8Array> {
  const text = String(place);
  try {
    if (/^(https?|data):/.test(text)) {
      const response = await fetch(text);
      if (!response.ok) throw new Error(`status ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    }
    return await readBytes(text.startsWith('file:') ? fileURLToPath(text) : text);
  } catch (error) {
    throw new UserError(`A file cannot be read: ${what}.`, {
      where: text.slice(0, 200),
      got: (error as Error).message,
      fix: `a relative path starts at the working directory (${process.cwd()})`,
    });
  }
}

const platform: Platform = {
  fetchBytes,
  decodePhoto: readPhoto,
  decodeHole: readHole,
  decodeSketch: readSketch,
  decodeStrokes: readStrokes,
  encodePng: (image, hasAlpha, profile) => encodePhoto(image, hasAlpha, profile && Buffer.from(profile)),
};
