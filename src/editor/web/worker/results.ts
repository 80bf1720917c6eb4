/** Computes results while the user draws: a newer request replaces an older one that is not done. */
import { transfer } from 'comlink';
import { blend } from '../../../infer/blend.ts';
import { type NetworkInput, networkInput } from '../../../infer/network-input.ts';
import type { Raster, Region } from '../../../infer/raster.ts';
import { holeBounds, type RegionChoice } from '../../../infer/region.ts';
import type { EditorDescription, EngineOutput } from '../../wire.ts';
import { cutRect, type Rect } from '../drawing/geometry.ts';
import { EngineFailure, type EngineId } from '../engines/engine.ts';
import type { Engines, Prediction } from '../engines/engines.ts';
import { type OpenEdit, regionFor } from './edit.ts';
import { reductions } from './files.ts';
import { rgbaOf } from './pixels.ts';

/** The values of l at which small pictures of the result are shown. */
export const stripValues = [0, 0.25, 0.5, 0.75, 1] as const;

/** What a request leads to. After a newer request nothing more is told of an older one. */
export type Progress =
  /** There is no hole. */
  | { kind: 'nothing'; request: number }
  /** What the photo looks like inside `rect`, where the hole is. */
  | {
      kind: 'result';
      request: number;
      l: number;
      rect: Rect;
      /** And copies of half the size each. */
      pictures: ImageBitmap[];
      engine: EngineId;
      milliseconds: number;
      /** Why another engine than usual has computed it. */
      failure?: string | undefined;
    }
  /** A small picture of the region around the hole at one of {@link stripValues}. */
  | { kind: 'thumbnail'; request: number; l: number; picture: ImageBitmap }
  | { kind: 'failed'; request: number; message: string; engine?: EngineId | undefined };

/** What is computed for one state of the drawing. */
interface Computed {
  readonly edit: OpenEdit;
  readonly revision: number;
  readonly choice: RegionChoice;
  readonly region: Region;
  readonly bounds: Rect;
  readonly input: NetworkInput;
  readonly outputs: Map<number, Prediction>;
}

/** A result at the photo's resolution, inside `rect`. */
export interface Patch {
  readonly edit: OpenEdit;
  readonly revision: number;
  readonly l: number;
  readonly choice: RegionChoice;
  readonly rect: Rect;
  readonly pixels: Raster;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/** A result as it is kept with its edit, for this model and what else it depends on beside the drawing. */
export interface ResultToKeep {
  readonly model: string;
  readonly l: number;
  readonly region: RegionChoice;
  readonly rect: Rect;
  /** RGBA bytes, compressed by gzip. */
  readonly pixels: Blob;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/** A result that is wanted. */
export interface Wanted {
  /** Its number, by which {@link Progress} refers to it. */
  readonly request: number;
  readonly l: number;
  /** Whether small pictures at {@link stripValues} are wanted after it. */
  readonly strip: boolean;
  /** Whether it is computed also where it has been kept. */
  readonly anew: boolean;
}

/** The small pictures are begun when nothing has been drawn for so long, ms. */
const stripDelay = 600;

export class Results {
  readonly #resolution: number;
  readonly #takesColour: boolean;
  readonly #engines: Engines;
  readonly #tell: (progress: Progress) => void;
  readonly #onComputed: () => void;
  #computed: Computed | undefined;
  #stop = new AbortController();
  #patch: Patch | undefined;

  constructor(
    { resolution, controls }: EditorDescription['model'],
    engines: Engines,
    tell: (progress: Progress) => void,
    onComputed: () => void,
  ) {
    this.#resolution = resolution;
    this.#takesColour = controls.includes('colour');
    this.#engines = engines;
    this.#tell = tell;
    this.#onComputed = onComputed;
  }

  /** The newest result that was shown. */
  get patch(): Patch | undefined {
    return this.#patch;
  }

  /** Computes all anew when it is asked next. */
  forget(): void {
    this.#computed = undefined;
  }

  /** Drops what is being computed. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * Computes a result for `l`, and then with `strip` the small pictures.
   *
   * @param kept the result, where it has been computed before.
   */
  async request(
    edit: OpenEdit,
    choice: RegionChoice,
    { request, l, strip }: Wanted,
    kept: Promise<ResultToKeep | undefined>,
  ): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    try {
      const begin = performance.now();
      const computed = await this.#prepare(edit, choice, signal);
      if (!computed) {
        this.#patch = undefined;
        this.#tell({ kind: 'nothing', request });
        return;
      }
      const found = await kept;
      signal.throwIfAborted();
      const patch = found ? await restored(computed, found) : await this.#compute(computed, l, begin, signal);
      const { data, width, height } = patch.pixels;
      const pictures = await reductions(await createImageBitmap(new ImageData(rgbaOf(data), width, height)));
      signal.throwIfAborted();
      this.#patch = patch;
      const failure = this.#engines.takeFailure()?.message;
      const { rect, engine, milliseconds } = patch;
      const result = { kind: 'result', request, l, rect, pictures, engine, milliseconds, failure } as const;
      // First, so that whoever sees the result knows that it is not stored yet.
      if (!found) this.#onComputed();
      this.#tell(transfer(result, pictures));
      if (!strip) return;
      // A user who draws on wants the next result first.
      await new Promise((resolve) => setTimeout(resolve, stripDelay));
      for (const each of stripValues) {
        signal.throwIfAborted();
        const { output: other } = await this.#output(computed, each, signal);
        const small = await thumbnail(computed, other);
        if (signal.aborted) return small.close();
        this.#tell(transfer({ kind: 'thumbnail', request, l: each, picture: small }, [small]));
      }
    } catch (error) {
      if (signal.aborted) return;
      const failed = error instanceof EngineFailure ? error.engine : undefined;
      this.#tell({ kind: 'failed', request, message: (error as Error).message, engine: failed });
    }
  }

  async #compute(computed: Computed, l: number, begin: number, signal: AbortSignal): Promise<Patch> {
    const { edit, revision, choice, region, bounds: rect } = computed;
    const { output, engine } = await this.#output(computed, l, signal);
    const whole = blend(edit.photo, edit.hole, output.result, region);
    const pixels = cut({ ...edit.photo, data: whole }, rect);
    const milliseconds = performance.now() - begin;
    return { edit, revision, l, choice, rect, pixels, engine, milliseconds };
  }

  async #prepare(edit: OpenEdit, choice: RegionChoice, signal: AbortSignal): Promise<Computed | undefined> {
    const last = this.#computed;
    const isSame = last?.edit === edit && last.revision === edit.revision && last.choice === choice;
    if (isSame) return last;
    const bounds = holeBounds(edit.hole);
    if (!bounds) return undefined;
    const region = await regionFor(edit, choice, this.#resolution);
    signal.throwIfAborted();
    const inRegion = {
      left: region.x,
      top: region.y,
      right: region.x + region.size,
      bottom: region.y + region.size,
    };
    this.#computed = {
      edit,
      revision: edit.revision,
      choice,
      region,
      bounds: cutRect(bounds, inRegion),
      input: networkInput(edit, region, this.#resolution),
      outputs: new Map(),
    };
    return this.#computed;
  }

  async #output(computed: Computed, l: number, signal: AbortSignal): Promise<Prediction> {
    const { input, outputs } = computed;
    const known = outputs.get(l);
    if (known) return known;
    const resolution = this.#resolution;
    // A model that takes strokes of colour needs the input even when there are none; others have no such input.
    const none = () => new Float32Array(4 * resolution ** 2);
    const colour = this.#takesColour ? (input.colour ?? none()) : undefined;
    const prediction = await this.#engines.predict({ ...input, colour, resolution, l }, signal);
    signal.throwIfAborted();
    outputs.set(l, prediction);
    return prediction;
  }
}

/** A result for the browser's storage. @param model its name. */
export async function toKeep(patch: Patch, model: string): Promise<ResultToKeep> {
  const { l, choice: region, rect, pixels, engine, milliseconds } = patch;
  const zipped = new Blob([rgbaOf(pixels.data)]).stream().pipeThrough(new CompressionStream('gzip'));
  return { model, l, region, rect, pixels: await new Response(zipped).blob(), engine, milliseconds };
}

async function restored({ edit, revision }: Computed, kept: ResultToKeep): Promise<Patch> {
  const { l, region: choice, rect, engine, milliseconds } = kept;
  const unzipped = kept.pixels.stream().pipeThrough(new DecompressionStream('gzip'));
  const data = new Uint8ClampedArray(await new Response(unzipped).arrayBuffer());
  const pixels = { data, width: rect.right - rect.left, height: rect.bottom - rect.top };
  return { edit, revision, l, choice, rect, pixels, engine, milliseconds };
}

function thumbnail({ input }: Computed, { result, resolution }: EngineOutput): Promise<ImageBitmap> {
  const r = Math.sqrt(input.hole.length);
  return createImageBitmap(new ImageData(filled(input, r, result, resolution), resolution, resolution));
}

/** The network's own result inside the hole, its input outside, as RGBA bytes of the result's resolution s. */
function filled(
  { image, hole }: NetworkInput,
  r: number,
  result: Float32Array,
  s: number,
): Uint8ClampedArray<ArrayBuffer> {
  const step = r / s;
  const out = new Uint8ClampedArray(s * s * 4).fill(255);
  for (let y = 0, i = 0; y < s; y++) {
    for (let x = 0; x < s; x++, i++) {
      const from = Math.floor((y + 0.5) * step) * r + Math.floor((x + 0.5) * step);
      for (let c = 0; c < 3; c++) {
        out[4 * i + c] = ((hole[from] ? result[3 * i + c] : image[3 * from + c]) + 1) * 127.5;
      }
    }
  }
  return out;
}

/** A rectangle of an RGBA picture. */
function cut(
  { data, width }: Raster,
  { left, top, right, bottom }: Rect,
): Raster & { data: Uint8ClampedArray<ArrayBuffer> } {
  const rowBytes = (right - left) * 4;
  const out = new Uint8ClampedArray(rowBytes * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const start = (y * width + left) * 4;
    out.set(data.subarray(start, start + rowBytes), (y - top) * rowBytes);
  }
  return { data: out, width: right - left, height: bottom - top };
}

/** The photo with the patch in its place, RGBA bytes. */
export function patched({ edit: { photo }, rect, pixels }: Patch): Raster {
  const data = new Uint8ClampedArray(photo.data);
  const rowBytes = pixels.width * 4;
  for (let y = 0; y < pixels.height; y++) {
    data.set(
      pixels.data.subarray(y * rowBytes, (y + 1) * rowBytes),
      ((rect.top + y) * photo.width + rect.left) * 4,
    );
  }
  return { data, width: photo.width, height: photo.height };
}
