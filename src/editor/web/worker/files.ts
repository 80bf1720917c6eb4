/** Files to pixels, by the browser's own decoders, and projects: photos and drawings. */
import type { Raster, Size } from '../../../infer/raster.ts';
import { type Command, collectValues, type LayerName, type Runs, runsOf } from '../drawing/changes.ts';
import { say } from '../texts/say.ts';
import { exceptionsOf, type FileTraits, readTraits } from './photo-file.ts';
import { Problem, readPixels, readsExactly } from './pixels.ts';
import { isSeeThrough } from './png.ts';

const maxFileBytes = 100e6;
const maxPixels = 50e6;
const leastSide = 16;
/** Headers of cameras go before the size in a JPEG. */
const headerBytes = 1 << 20;
/** Copies for display end at this side, px. */
const smallestPicture = 512;
/** More than a person draws with. */
const maxColours = 4096;

/** @throws Problem when it is no image, or too large. */
async function decode(blob: Blob): Promise<{ bitmap: ImageBitmap; traits: FileTraits }> {
  if (blob.size > maxFileBytes) {
    throw new Problem(
      say`The file has ${Math.round(blob.size / 1e6)} MB; at most ${maxFileBytes / 1e6} MB can be opened.`,
    );
  }
  // Decoding a bomb to see its size would be too late.
  const traits = await readTraits(new Uint8Array(await blob.slice(0, headerBytes).arrayBuffer()));
  if (traits.size) requireSize(traits.size);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    throw new Problem(say`This is not an image that the browser can read. JPEG, PNG and WebP are.`);
  }
  requireSize(bitmap);
  return { bitmap, traits };
}

function requireSize({ width, height }: Size): void {
  if (width * height > maxPixels) {
    throw new Problem(
      say`The image has ${width} × ${height} pixels; at most ${maxPixels / 1e6} million can be edited. Make it smaller first.`,
    );
  }
  if (Math.min(width, height) < leastSide) {
    throw new Problem(
      say`The image has ${width} × ${height} pixels; at least ${leastSide} a side are needed.`,
    );
  }
}

/** A photo as it is edited. */
export interface DecodedPhoto {
  /** RGBA bytes. */
  readonly photo: Raster;
  /** For display, the first of its own size. */
  readonly pictures: ImageBitmap[];
  /** What of its file saved results do not keep, for people. */
  readonly exceptions: readonly string[];
}

export async function decodePhoto(blob: Blob): Promise<DecodedPhoto> {
  const { bitmap, traits } = await decode(blob);
  const { width, height } = bitmap;
  const photo = { width, height, data: readPixels(bitmap, bitmap) };
  const exceptions = exceptionsOf(traits, isSeeThrough(photo.data), readsExactly());
  return { photo, pictures: await reductions(bitmap), exceptions };
}

/** A picture, and copies of half the size each for when it is seen from far away. */
export async function reductions(bitmap: ImageBitmap): Promise<ImageBitmap[]> {
  const pictures = [bitmap];
  let last = bitmap;
  for (let [w, h] = [bitmap.width, bitmap.height]; Math.max(w, h) > smallestPicture; ) {
    [w, h] = [Math.ceil(w / 2), Math.ceil(h / 2)];
    const size = { resizeWidth: w, resizeHeight: h, resizeQuality: 'medium' } as const;
    last = await createImageBitmap(last, size);
    pictures.push(last);
  }
  return pictures;
}

/** The marks of a black and white image that is brought to `size`: where it is light, or where it is dark. */
async function decodeMarks(blob: Blob, size: Size, marked: 'light' | 'dark'): Promise<Runs> {
  const data = await decodeAt(blob, size, marked === 'light' ? 'black' : 'white');
  const green = new Uint8Array(data.length / 4);
  for (let i = 0; i < green.length; i++) green[i] = data[4 * i + 1];
  return runsOf(green, marked === 'light' ? (byte) => byte >= 128 : (byte) => byte < 128);
}

/**
 * The strokes of an image that is brought to `size`, as changes of an empty drawing: where it is at least half opaque.
 *
 * @throws Problem also when it has more colours than any drawing.
 */
async function decodeStrokes(blob: Blob, size: Size): Promise<Command> {
  const data = await decodeAt(blob, size);
  const words = new Uint32Array(data.buffer);
  for (let i = 0; i < words.length; i++)
    words[i] = data[4 * i + 3] >= 128 ? (words[i] | 0xff000000) >>> 0 : 0;
  const strokes = collectValues(words);
  if (strokes.size > maxColours) {
    throw new Problem(
      say`The strokes have ${strokes.size} colours; at most ${maxColours} can be opened. Is it a photo?`,
    );
  }
  return strokes.finish('colour');
}

/** A picture's pixels are looked at on a grid of so many a side. */
const gridSide = 64;
/** What is drawn in black and white may have so many pixels of other colours: edges that are smoothed. */
const mostOthers = 0.1;

/**
 * Whether a picture may be a layer of a photo rather than a photo: it has the photo's shape, and is black and white, or
 * see-through in places.
 */
export async function mayBeLayer(blob: Blob, photo: Size): Promise<boolean> {
  const { bitmap } = await decode(blob);
  const ratio = (bitmap.width / bitmap.height) * (photo.height / photo.width);
  const data = readPixels(bitmap, { width: gridSide, height: gridSide });
  bitmap.close();
  let others = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, alpha] = data.subarray(i, i + 4);
    const isBlack = Math.max(r, g, b) < 48;
    const isWhite = Math.min(r, g, b) > 207;
    if (alpha > 0 && !isBlack && !isWhite) others++;
  }
  const isSketchy = others <= mostOthers * gridSide ** 2 || isSeeThrough(data);
  return isSketchy && Math.abs(ratio - 1) < 0.02;
}

/** A layer from a picture, as changes of an empty one: the hole is light, lines are dark, strokes are opaque. */
export async function decodeLayer(blob: Blob, size: Size, layer: LayerName): Promise<Command> {
  if (layer === 'colour') return decodeStrokes(blob, size);
  return [{ layer, runs: await decodeMarks(blob, size, layer === 'hole' ? 'light' : 'dark'), bits: 1 }];
}

/** RGBA bytes of an image that is brought to `size`, by nearest neighbours, over a background or nothing. */
async function decodeAt(
  blob: Blob,
  size: Size,
  background?: string,
): Promise<Uint8ClampedArray<ArrayBuffer>> {
  const { bitmap } = await decode(blob);
  const data = readPixels(bitmap, size, background);
  bitmap.close();
  return data;
}

const format = 'deep-plastic-surgery-project';

/** A project file: the photo as it was opened, hole, sketch and strokes of colour as PNG, and l, in one JSON document. */
interface Project {
  readonly name: string;
  readonly photo: Blob;
  readonly hole: Blob;
  readonly sketch: Blob;
  /** Left out where there are no strokes of colour. */
  readonly colour?: Blob | undefined;
  readonly l: number;
}

export async function encodeProject({ name, l, ...files }: Project): Promise<Blob> {
  const entries = await Promise.all(
    Object.entries(files).flatMap(([key, blob]) =>
      blob ? [toBase64(blob).then((data) => [key, { type: blob.type, data }] as const)] : [],
    ),
  );
  const document = { format, version: 1, name, l, ...Object.fromEntries(entries) };
  return new Blob([JSON.stringify(document)], { type: 'application/json' });
}

/** @throws Problem when it is no JSON, or no project of ours. */
export function decodeProject(text: string): Project {
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Problem(say`The file is no JSON, so it is no project of this editor.`);
  }
  if (document?.format !== format) throw new Problem(say`This JSON file is not a project of this editor.`);
  if (document.version !== 1) {
    throw new Problem(say`The project has version ${String(document.version)}; this editor reads version 1.`);
  }
  // Earlier versions of the editor called l `level`.
  const { name, l = document.level } = document;
  return {
    name: typeof name === 'string' ? name : say`project`,
    l: typeof l === 'number' && l >= 0 && l <= 1 ? l : 0.5,
    photo: fileOf(document, 'photo'),
    hole: fileOf(document, 'hole'),
    sketch: fileOf(document, 'sketch'),
    ...(document.colour !== undefined && { colour: fileOf(document, 'colour') }),
  };
}

function fileOf(document: Record<string, unknown>, key: string): Blob {
  const { type, data } = (document[key] ?? {}) as { type?: unknown; data?: unknown };
  try {
    if (typeof data !== 'string') throw new Error('no data');
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    return new Blob([bytes], { type: typeof type === 'string' ? type : '' });
  } catch {
    throw new Problem(say`The project is damaged: its ${key} cannot be read.`);
  }
}

/** A multiple of three, so that the pieces' codes join to the whole's. */
const piece = 3 * 8192;

async function toBase64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let result = '';
  for (let at = 0; at < bytes.length; at += piece) {
    result += btoa(String.fromCharCode(...bytes.subarray(at, at + piece)));
  }
  return result;
}
