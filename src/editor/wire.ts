/** What the page and the server tell each other: descriptions as JSON, pictures and predictions as binary bodies. */
import type { Control } from '../core/vocabulary.ts';
import type { NetworkInput } from '../infer/network-input.ts';
import type { Region } from '../infer/raster.ts';

/** What the page is told when it starts (`editor.json`), by the server or by a static site's file. */
export interface EditorDescription {
  readonly model: ModelDescription;
  /** Those that the server has beside it, where it has several. */
  readonly otherModels?: readonly ModelDescription[];
  /** Whether `api/predict` and `api/edges` answer; a static site has neither. */
  readonly server: boolean;
  /** How lines are made of a photo. */
  readonly edges: EdgeSettings;
  /** The edge detector of a static site: photo [1, 3, size, size] in [-1, 1] to edges [1, 1, size, size] in [0, 1]. */
  readonly edgeModel?: ModelAddress;
  /** The exported model of a static site. A server exports it when the page asks for it (`api/model`). */
  readonly onnx?: ModelAddress;
  /** Examples that suit the model. */
  readonly samples: readonly Sample[];
}

export interface ModelDescription {
  /** For people, and for requests where there are several: the run's name and step. */
  readonly name: string;
  readonly method: string;
  /** Side of the network's input, px. */
  readonly resolution: number;
  /** What a user controls beside photo and hole. */
  readonly controls: readonly Control[];
  /** Whether it makes S_gen. */
  readonly refinedSketch: boolean;
  /** Why WebGPU must not compute it, for people; undefined where it may. */
  readonly webgpuProblem?: string | undefined;
  readonly about: AboutModel;
}

/** What a model is, for people who have not made it. */
export interface AboutModel {
  /** Its own name, or its run's. */
  readonly title: string;
  readonly steps: number;
  /** It comes with the program; or is so small that it only shows how this works; or neither. */
  readonly kind: 'ships' | 'demonstration' | 'trained';
  /** Whether it was trained on people of the built-in renderer, and on nobody else. */
  readonly knowsDrawnPeopleAlone: boolean;
  /** What it draws badly, as its model card says, in English. */
  readonly failures: readonly string[];
}

interface EdgeSettings {
  /** Side of the photo that the edge detector sees, px. */
  readonly size: number;
  /** Edge probability above which a pixel can be a line. */
  readonly threshold: number;
  /** Connected lines of fewer pixels are removed. */
  readonly minimumSize: number;
}

/** Errors of the server for which the page has texts in its own language. */
export const serverErrors = {
  noModel: 'The editor’s server no longer has this model: load the page anew.',
  busy: 'The server is busy with other pages.',
  failed: 'The server failed; its terminal says why.',
} as const;

/** A model file, relative to the page. */
export interface ModelAddress {
  readonly url: string;
  readonly bytes: number;
}

/** A photo with a drawing that changes it. All but the names are addresses, relative to the page. */
export interface Sample {
  /** What changes. */
  readonly name: string;
  /** Whose photo it is. */
  readonly person: string;
  readonly photo: string;
  /** Of the photo's size, hole white on black and lines black on white. */
  readonly hole: string;
  readonly sketch: string;
  /** Small pictures of the face: with the drawing, and as the model changes it. A server makes the second when it is asked for. */
  readonly drawn: string;
  readonly result: string;
}

/** The files of a static site, which browsers keep so that it works without a network. */
export interface KeptSite {
  /** Changes with every file. */
  readonly version: string;
  readonly files: readonly {
    /** Relative to the site. */
    readonly path: string;
    /** Its hash, as HTML's attribute `integrity` has it: a host that is just given a newer export may have files of both. */
    readonly integrity: string;
    /** Whether it is for WebGPU alone. */
    readonly webgpu: boolean;
  }[];
}

/** A network's input of side `resolution`, and l in [0, 1]. */
export interface EngineInput extends NetworkInput {
  readonly resolution: number;
  readonly l: number;
}

/** A network's output of side `resolution` = s, which may be less than the input's. */
export interface EngineOutput {
  readonly resolution: number;
  /** I_out [s, s, 3] in [-1, 1], not blended with the photo. */
  readonly result: Float32Array;
  /** S_gen [s, s] in [-1, 1], where the method has one. */
  readonly refinedSketch?: Float32Array | undefined;
  /** I_gen [s, s, 3] in [-1, 1], where the method has one. */
  readonly firstImage?: Float32Array | undefined;
}

/** Side of the square that a photo is fitted into to find its faces, px. */
export const faceFrame = 512;

/** A face of a photo. */
export interface PhotoFace {
  /** The square of it, framed as in training. */
  readonly region: Region;
  /** 68 points in the order of iBUG 300-W: jaw, brows, nose, eyes, mouth. */
  readonly landmarks: readonly { readonly x: number; readonly y: number }[];
}

// Binary bodies are float32 and uint32 in little-endian order, which all platforms of browsers and Node have. Images are
// row-major with interleaved channels.

const WITH_SKETCH = 1;
const WITH_FIRST_IMAGE = 2;
const HEADER_WORDS = 2;

/** Numbers a pixel: photo 3, hole 1 and sketch 1; and RGBA strokes of colour, where the model takes them. */
const PLANES = 5;
const COLOUR_PLANES = 4;

/** The length of a request's body, bytes. @param takesColour whether strokes of colour are part of it. */
export function inputBytes(resolution: number, takesColour: boolean): number {
  return 4 * (1 + (PLANES + (takesColour ? COLOUR_PLANES : 0)) * resolution ** 2);
}

export function encodeInput({
  resolution,
  l,
  image,
  hole,
  sketch,
  colour,
}: EngineInput): Uint8Array<ArrayBuffer> {
  const area = resolution ** 2;
  const bytes = new Uint8Array(inputBytes(resolution, colour !== undefined));
  const floats = new Float32Array(bytes.buffer);
  floats[0] = l;
  floats.set(image, 1);
  floats.set(hole, 1 + 3 * area);
  floats.set(sketch, 1 + 4 * area);
  if (colour) floats.set(colour, 1 + PLANES * area);
  return bytes;
}

/** Undefined when the length is not that of `resolution`, l is not in [0, 1] or a value is not finite. */
export function decodeInput(
  bytes: Uint8Array,
  resolution: number,
  takesColour: boolean,
): EngineInput | undefined {
  if (bytes.length !== inputBytes(resolution, takesColour)) return undefined;
  // Numbers must begin at a multiple of four bytes. Not slice(): a Buffer's is a view of memory that others share.
  const floats = new Float32Array(new Uint8Array(bytes).buffer);
  const l = floats[0];
  if (!(l >= 0 && l <= 1) || !floats.every(Number.isFinite)) return undefined;
  const area = resolution ** 2;
  return {
    resolution,
    l,
    image: floats.subarray(1, 1 + 3 * area),
    hole: floats.subarray(1 + 3 * area, 1 + 4 * area),
    sketch: floats.subarray(1 + 4 * area, 1 + PLANES * area),
    ...(takesColour && { colour: floats.subarray(1 + PLANES * area) }),
  };
}

export function encodeOutput(output: EngineOutput): Uint8Array<ArrayBuffer> {
  const { resolution, result, refinedSketch, firstImage } = output;
  const planes = [result, refinedSketch, firstImage].filter((plane) => plane !== undefined);
  const words = HEADER_WORDS + planes.reduce((sum, plane) => sum + plane.length, 0);
  const bytes = new Uint8Array(4 * words);
  const flags = (refinedSketch ? WITH_SKETCH : 0) | (firstImage ? WITH_FIRST_IMAGE : 0);
  new Uint32Array(bytes.buffer).set([resolution, flags]);
  const floats = new Float32Array(bytes.buffer);
  let at = HEADER_WORDS;
  for (const plane of planes) {
    floats.set(plane, at);
    at += plane.length;
  }
  return bytes;
}

/** @throws Error when the bytes are not an output. */
export function decodeOutput(buffer: ArrayBuffer): EngineOutput {
  const words = Math.floor(buffer.byteLength / 4);
  const [resolution = 0, flags = 0] = new Uint32Array(buffer, 0, Math.min(HEADER_WORDS, words));
  const area = resolution ** 2;
  const lengths = [3 * area, flags & WITH_SKETCH ? area : 0, flags & WITH_FIRST_IMAGE ? 3 * area : 0];
  const expected = 4 * (HEADER_WORDS + lengths.reduce((a, b) => a + b));
  if (resolution === 0 || buffer.byteLength !== expected) {
    throw new Error(`The server sent ${buffer.byteLength} bytes where ${expected} belong.`);
  }
  let at = HEADER_WORDS;
  const take = (length: number) => {
    at += length;
    return new Float32Array(buffer, 4 * (at - length), length);
  };
  return {
    resolution,
    result: take(3 * area),
    refinedSketch: flags & WITH_SKETCH ? take(area) : undefined,
    firstImage: flags & WITH_FIRST_IMAGE ? take(3 * area) : undefined,
  };
}
