/**
 * The editor for programs of other people: an exported model, run by onnxruntime, from photos to photos. What differs
 * between Node and browsers is handed in by `node.ts` and `browser.ts`, which are the package's entries.
 */
import type * as Ort from 'onnxruntime-web';
import { CAPTIONS } from '../core/vocabulary.ts';
import { UserError } from '../runtime/errors.ts';
import { checkedEdit, drawingInput, fillOf } from './fill.ts';
import { type MaskHole, maskOfPixels, type ReadHole, toHole } from './mask.ts';
import type { NetworkInput, NetworkOutput } from './network-input.ts';
import { fromPlanes, toPlanes } from './planes.ts';
import { type Provenance, withProvenance } from './provenance.ts';
import type { RegionChoice } from './region.ts';
import { blackOnWhite, opaqueStrokes, sketchOfPixels } from './sketch.ts';

/** RGBA bytes [height, width, 4], row by row, not premultiplied: ImageData is such. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * A picture: pixels, the bytes of its file, or where that is. A text is a path in Node and an address in browsers; in Node
 * too where it begins with `https://`, `http://` or `data:`.
 */
export type Picture = string | URL | Uint8Array | ArrayBuffer | Blob | Pixels;

/** A photo with a hole, and the drawing of what shall be there. */
export interface EditInput {
  readonly photo: Picture;
  /** White where the photo is to change. Of the photo's shape, as the other pictures. */
  readonly mask: Picture;
  /** Dark lines on light paper or on nothing. Default: no line. */
  readonly sketch?: Picture | undefined;
  /** Strokes of colour on nothing, for models that take them. */
  readonly colour?: Picture | undefined;
  /** How freely the sketch is taken, from 0 (as it is drawn) to 1 (as a hint). Default: 0.5. */
  readonly l?: number | undefined;
  /** Which parts of the mask are the hole. Default: `white`. */
  readonly maskHole?: 'white' | 'black' | undefined;
  /** What the network sees: the hole's surroundings, or as much of the photo as a square holds. Default: `hole`. */
  readonly region?: 'hole' | 'whole' | undefined;
  /** Whether a result that is enlarged to the photo's size is sharpened and given the photo's texture. Default: true. */
  readonly detail?: boolean | undefined;
}

/** What {@link Editor.edit} and {@link Editor.draw} make. */
export interface EditResult {
  /** The photo with its hole filled, of the photo's size; or the drawn face, of the network's. */
  readonly image: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };
  /** What the user should know of the pictures that were given, a sentence each. */
  readonly warnings: readonly string[];
  /** The image as a PNG file, which says that a machine made it; in Node with the photo's own colour profile. */
  png(): Promise<Uint8Array>;
}

/** A model that is ready to run. */
export interface Editor {
  /** Side of the network's input, px. */
  readonly resolution: number;
  /** Whether it changes photos or draws whole faces. */
  readonly task: 'edit' | 'synthesis';
  /** What it takes beside photo and mask. */
  readonly controls: readonly ('sketch' | 'l' | 'colour')[];
  /**
   * Fills the hole of a photo. Pixels outside the hole keep their bytes.
   *
   * @throws UserError when a picture cannot be used, or the model takes something else.
   */
  edit(input: EditInput): Promise<EditResult>;
  /** Draws a face from a sketch alone, by models of `task: synthesis`. @throws UserError as {@link Editor.edit}. */
  draw(input: { readonly sketch: Picture; readonly l?: number | undefined }): Promise<EditResult>;
  /** Frees the model's memory. */
  close(): Promise<void>;
}

/** How a model is run. */
export interface LoadOptions {
  /** onnxruntime's execution providers in the order of choice, such as `['webgpu', 'wasm']`. Default: the CPU's. */
  readonly providers?: readonly string[] | undefined;
  /** How many threads compute. Default: onnxruntime's choice. */
  readonly threads?: number | undefined;
}

/** A photo as a platform decodes it. */
export interface DecodedPhoto {
  /** RGBA. */
  readonly raster: Pixels;
  readonly hasAlpha: boolean;
  /** The colour profile of its values, to be written back. */
  readonly profile?: Uint8Array | undefined;
  /** What of the file is not kept, in words. */
  readonly loss?: string | undefined;
}

/** What Node and browsers do in ways of their own. */
export interface Platform {
  /** The bytes of a file. @throws UserError when it cannot be read. */
  fetchBytes(place: string | URL, what: string): Promise<Uint8Array>;
  decodePhoto(bytes: Uint8Array, where: string): Promise<DecodedPhoto>;
  decodeHole(bytes: Uint8Array, holeIs: MaskHole, where: string): Promise<ReadHole>;
  /** One channel. */
  decodeSketch(bytes: Uint8Array, where: string): Promise<Pixels>;
  /** RGBA. @throws UserError also when nothing is transparent. */
  decodeStrokes(bytes: Uint8Array, where: string): Promise<Pixels>;
  encodePng(image: Pixels, hasAlpha: boolean, profile?: Uint8Array): Promise<Uint8Array>;
}

/**
 * Makes an editor of a model's session.
 *
 * @param name of the model, for the files that it makes. @throws UserError when it is no whole path that this program has exported.
 */
export function editorOf(
  session: Ort.InferenceSession,
  Tensor: typeof Ort.Tensor,
  platform: Platform,
  name: string | undefined,
): Editor {
  const { resolution, task, controls } = describeModel(session);
  const model = new Model(session, Tensor);
  const finish = (
    image: Pixels,
    photo: Omit<DecodedPhoto, 'raster'>,
    { made, l }: Provenance,
    warnings: readonly string[],
  ) => ({
    image: { ...image, data: image.data as Uint8ClampedArray },
    warnings,
    async png() {
      const png = await platform.encodePng(image, photo.hasAlpha, photo.profile);
      return withProvenance(png, { made, model: name, l: controls.includes('l') ? l : undefined });
    },
  });
  return {
    resolution,
    task,
    controls,
    async edit({ photo, mask, sketch, colour, l = 0.5, maskHole = 'white', region = 'hole', detail = true }) {
      requireTask('edit', task);
      requireL(l);
      if (colour !== undefined && !controls.includes('colour')) throw noColour();
      const read = new Reader(platform);
      const source = await read.photo(photo);
      const pictures = {
        photo: source.raster,
        mask: await read.hole(mask, maskHole),
        sketch: sketch === undefined ? undefined : await read.drawing(sketch),
        strokes: colour === undefined ? undefined : await read.strokes(colour),
      };
      const names = {
        mask: nameOf(mask, 'mask'),
        sketch: nameOf(sketch, 'sketch'),
        colour: nameOf(colour, 'colour'),
      };
      const edit = checkedEdit(pictures, names, maskHole);
      const fill = fillOf(edit, region satisfies RegionChoice, resolution);
      const results: Float32Array[] = [];
      for (const input of fill.inputs) results.push((await model.run(input, resolution, l)).result);
      const told = [...(source.loss ? [source.loss] : []), ...edit.warnings, ...fill.warnings];
      return finish(fill.blended(results, detail), source, { made: 'part', l }, told);
    },
    async draw({ sketch, l = 0.5 }) {
      requireTask('synthesis', task);
      requireL(l);
      const drawing = await new Reader(platform).drawing(sketch);
      const { input, warnings } = drawingInput(drawing, resolution);
      const { result, resolution: side } = await model.run(input, resolution, l);
      const data = new Uint8ClampedArray(4 * side * side).fill(255);
      for (let i = 0, o = 0; o < data.length; i += 3, o += 4)
        for (let c = 0; c < 3; c++)
          data[o + c] = Math.round(Math.min(255, Math.max(0, (result[i + c] + 1) * 127.5)));
      const image = { width: side, height: side, data };
      return finish(image, { hasAlpha: false }, { made: 'whole', l }, warnings);
    },
    close: () => model.close(),
  };
}

/** What a model is, by its inputs' names and shapes. @throws UserError when it is not the whole path of an export. */
export function describeModel({
  inputMetadata,
  outputNames,
}: Pick<Ort.InferenceSession, 'inputMetadata' | 'outputNames'>) {
  const shapes = new Map(inputMetadata.map((input) => [input.name, input.isTensor ? input.shape : []]));
  const [, channels, height] = shapes.get('photo') ?? shapes.get('sketch') ?? [];
  const isOurs = channels === (shapes.has('photo') ? 3 : 1) && typeof height === 'number';
  if (!isOurs || !outputNames.includes(CAPTIONS.result)) {
    throw new UserError('The model is not one that this program has exported.', {
      expected:
        'the whole path: onnx/pipeline.onnx of an export (inputs photo, hole, sketch, l; output I_out)',
      got: `inputs ${[...shapes.keys()].join(', ')}; outputs ${outputNames.join(', ')}`,
      fix: 'export one, by the command export --format onnx --checkpoint RUN --out FOLDER',
    });
  }
  return {
    resolution: height,
    task: shapes.has('photo') ? ('edit' as const) : ('synthesis' as const),
    controls: (['sketch', 'l', 'colour'] as const).filter((name) => shapes.has(name)),
  };
}

/** Runs a session, one prediction after the other, as onnxruntime wants it. */
class Model {
  readonly #session: Ort.InferenceSession;
  readonly #Tensor: typeof Ort.Tensor;
  /** Settled when what was asked last is done. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: Ort.InferenceSession, Tensor: typeof Ort.Tensor) {
    this.#session = session;
    this.#Tensor = Tensor;
  }

  run(input: NetworkInput, r: number, l: number): Promise<NetworkOutput> {
    const turn = this.#last.then(() => this.#run(input, r, l));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#session.release();
  }

  async #run({ image, hole, sketch, colour }: NetworkInput, r: number, l: number): Promise<NetworkOutput> {
    const tensor = (data: Float32Array, ...dims: number[]) => new this.#Tensor('float32', data, dims);
    const values: Record<string, Ort.Tensor> = {
      photo: tensor(toPlanes(image, 3), 1, 3, r, r),
      hole: tensor(hole, 1, 1, r, r),
      sketch: tensor(sketch, 1, 1, r, r),
      colour: tensor(colour ? toPlanes(colour, 4) : new Float32Array(4 * r * r), 1, 4, r, r),
      l: tensor(Float32Array.of(l), 1, 1),
    };
    const { inputNames } = this.#session;
    const feeds = Object.fromEntries(inputNames.map((name) => [name, values[name]]));
    const result = (await this.#session.run(feeds, [CAPTIONS.result]))[CAPTIONS.result];
    return { resolution: result.dims[2], result: fromPlanes((await result.getData()) as Float32Array, 3) };
  }
}

/** Brings pictures in whatever form they are given to what edits are made of. */
class Reader {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async photo(picture: Picture): Promise<DecodedPhoto> {
    if (isPixels(picture))
      return { raster: checkedPixels(picture, 'photo'), hasAlpha: isSeeThrough(picture) };
    return this.#platform.decodePhoto(await this.#bytes(picture, 'photo'), nameOf(picture, 'photo'));
  }

  async hole(picture: Picture, holeIs: MaskHole): Promise<ReadHole> {
    const name = nameOf(picture, 'mask');
    if (isPixels(picture)) return toHole(maskOfPixels(checkedPixels(picture, 'mask'), true), holeIs, name);
    return this.#platform.decodeHole(await this.#bytes(picture, 'mask'), holeIs, name);
  }

  async drawing(picture: Picture) {
    const name = nameOf(picture, 'sketch');
    const sketch = isPixels(picture)
      ? sketchOfPixels(checkedPixels(picture, 'sketch'))
      : await this.#platform.decodeSketch(await this.#bytes(picture, 'sketch'), name);
    return blackOnWhite(sketch, name);
  }

  async strokes(picture: Picture): Promise<Pixels> {
    const name = nameOf(picture, 'colour');
    if (!isPixels(picture)) return this.#platform.decodeStrokes(await this.#bytes(picture, 'colour'), name);
    if (!isSeeThrough(picture)) throw opaqueStrokes(name);
    return checkedPixels(picture, 'colour');
  }

  async #bytes(picture: Exclude<Picture, Pixels>, part: string): Promise<Uint8Array> {
    if (typeof picture === 'string' || picture instanceof URL)
      return this.#platform.fetchBytes(picture, `the picture for ${part}`);
    if (picture instanceof Uint8Array) return picture;
    return new Uint8Array(picture instanceof ArrayBuffer ? picture : await picture.arrayBuffer());
  }
}

const isPixels = (picture: Picture): picture is Pixels => typeof picture === 'object' && 'data' in picture;

/** @throws UserError unless there are four bytes for each pixel. */
function checkedPixels(pixels: Pixels, part: string): Pixels {
  const { width, height, data } = pixels;
  if (Number.isInteger(width) && width > 0 && data.length === 4 * width * height) return pixels;
  throw new UserError('Pixels are not of their size.', {
    where: part,
    expected: '4 bytes (red, green, blue, alpha) for each of width x height pixels',
    got: `${data.length} bytes for ${width} x ${height} px`,
  });
}

/** Whether any of RGBA pixels is not opaque. */
export function isSeeThrough({ data }: Pixels): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return true;
  return false;
}

/** What errors call a picture: where it is, or else its part. */
function nameOf(picture: Picture | undefined, part: string): string {
  if (typeof picture === 'string' && !picture.startsWith('data:')) return picture;
  return picture instanceof URL ? picture.href : part;
}

function requireTask(wanted: Editor['task'], task: Editor['task']): void {
  if (wanted === task) return;
  throw new UserError(
    task === 'edit'
      ? 'This model changes parts of photos (task: edit).'
      : 'This model draws whole faces from sketches alone (task: synthesis).',
    {
      expected: task === 'edit' ? 'edit({ photo, mask, sketch, l })' : 'draw({ sketch, l })',
      got: `${wanted === 'edit' ? 'edit' : 'draw'}(...)`,
    },
  );
}

function requireL(l: number): void {
  if (l >= 0 && l <= 1) return;
  throw new UserError('l is out of range.', { where: 'l', expected: 'a number from 0 to 1', got: String(l) });
}

const noColour = () =>
  new UserError('This model takes no strokes of colour.', {
    where: 'colour',
    expected: 'no colour, or an export of a method that takes strokes of colour',
  });

/** The name of a model that ships with the package, as against a path or an address. */
export const isModelName = (model: unknown): model is string =>
  typeof model === 'string' && /^[a-z0-9][a-z0-9-]*$/.test(model);

/** What a model is called in files: its name or its file's; undefined where only its bytes are given. */
export function nameOfModelFile(model: unknown): string | undefined {
  if (!(model instanceof URL) && (typeof model !== 'string' || model.startsWith('data:'))) return undefined;
  return String(model).split(/[?#]/, 1)[0].split(/[\\/]/).at(-1);
}

/** Told when no model of that name ships. @param names of those that do, where it is known. */
export const noModel = (name: string, names?: readonly string[]): UserError =>
  new UserError('No model of that name comes with this package.', {
    where: name,
    expected: names
      ? `${names.length > 0 ? `one of ${names.join(', ')}, or ` : ''}the path, the address or the bytes of an exported model`
      : 'the name of a model that ships, served beside this module; or the address or the bytes of a model',
    got: names?.length === 0 ? 'a name; this version of the package ships no model' : 'a name',
    fix: 'export one (the command export --format onnx) and give onnx/pipeline.onnx',
  });
