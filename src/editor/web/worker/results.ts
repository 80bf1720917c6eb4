/**
 * Computes results while the user draws, one after the other. A request that a newer one has overtaken is dropped: before it
 * is begun, or, as what an engine computes cannot be stopped, when the engine has answered.
 */
import { transfer } from 'comlink';
import { blendPart, visible } from '../../../infer/blend.ts';
import { REACH } from '../../../infer/detail.ts';
import type { NetworkInput } from '../../../infer/network-input.ts';
import type { Region } from '../../../infer/raster.ts';
import type { Bounds, RegionChoice } from '../../../infer/region.ts';
import { unlessAborted } from '../../unless-aborted.ts';
import type { EngineInput, EngineOutput, ModelDescription } from '../../wire.ts';
import type { Rect } from '../drawing/geometry.ts';
import { EngineFailure, type EngineId } from '../engines/engine.ts';
import type { Engines, Prediction } from '../engines/engines.ts';
import type { OpenEdit } from './edit.ts';
import { reductions } from './files.ts';
import { pictureOf, type RefinedSketch } from './refined.ts';

/** The values of l at which small pictures of the result are shown. */
export const stripValues = [0, 0.25, 0.5, 0.75, 1] as const;

/** What the photo looks like inside `rect`, where the hole is. */
interface Picture {
  readonly request: number;
  readonly l: number;
  readonly rect: Rect;
  /** And copies of half the size each. */
  readonly pictures: ImageBitmap[];
  /** What the network was shown. */
  readonly region: Region;
  /** Side of what the network made of it, px. */
  readonly side: number;
  /** S_gen over the region, where the model makes it. */
  readonly refined?: ImageBitmap | undefined;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/** What a request leads to. After a newer request nothing more is told of an older one. */
export type Progress =
  /** There is no hole. */
  | { kind: 'nothing'; request: number }
  /** @param failure why another engine than usual has computed it */
  | (Picture & { kind: 'result'; failure?: string | undefined })
  | (Picture & { kind: 'preview' })
  /** A small picture of the region around the hole at one of {@link stripValues}. */
  | { kind: 'thumbnail'; request: number; l: number; picture: ImageBitmap }
  | { kind: 'failed'; request: number; message: string; engine?: EngineId | undefined };

/** What is computed for one state of the drawing. */
interface Computed {
  readonly edit: OpenEdit;
  readonly revision: number;
  readonly choice: RegionChoice;
  readonly region: Region;
  /** What of the hole is in the region. */
  readonly rect: Rect;
  readonly input: NetworkInput;
  readonly outputs: Map<number, Prediction>;
}

/** A result at the photo's resolution, inside `rect`. */
export interface Patch {
  readonly edit: OpenEdit;
  readonly revision: number;
  readonly l: number;
  readonly choice: RegionChoice;
  readonly region: Region;
  readonly rect: Rect;
  /** RGBA bytes. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** What it was made of: [r, r, 3]. */
  readonly output: Float32Array;
  /** S_gen [r, r], where the model makes it. */
  readonly refinedSketch?: Float32Array | undefined;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/**
 * A result as it is kept with its edit, for this model and what else it depends on beside the drawing: what the network made
 * of the hole, which is blended into the photo again. It takes the same room for photos of all sizes.
 */
export interface ResultToKeep {
  readonly model: string;
  readonly l: number;
  readonly choice: RegionChoice;
  readonly region: Region;
  /** Side of the network's picture, px. */
  readonly side: number;
  /** The part of it that the hole is filled from, px, and that part [height, width, 3]. */
  readonly part: Rect;
  readonly values: Float32Array;
  /** S_gen of that part [height, width], where the model makes it. */
  readonly refinedSketch?: Float32Array | undefined;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/** A result that has been kept, as people are told of it. */
export interface KeptResult {
  /** The number of its state in the history. */
  readonly state: number;
  readonly l: number;
  /** The name of the model that made it. */
  readonly model: string;
  /** Whether it is one of the photo that is open. */
  readonly isOfPhoto: boolean;
}

/** A result that is wanted. */
export interface Wanted {
  /** Its number, by which {@link Progress} refers to it. */
  readonly request: number;
  readonly l: number;
  /** Whether the result is sharpened where it is enlarged. */
  readonly detail: boolean;
  /** Whether small pictures at {@link stripValues} are wanted after it. */
  readonly strip: boolean;
  /** Whether it is computed also where it has been kept. */
  readonly anew: boolean;
}

/** A result that is wanted of a stroke that is not finished. */
export type WantedPreview = Pick<Wanted, 'request' | 'l'>;

/** The small pictures are begun when nothing has been drawn for so long, ms. */
const stripDelay = 600;

export class Results {
  readonly #model: ModelDescription;
  readonly #engines: Engines;
  readonly #tell: (progress: Progress) => void;
  readonly #onResult: (picture: ImageBitmap, isKept: boolean) => void;
  #computed: Computed | undefined;
  /** Aborted by the next request. */
  #overtaken = new AbortController();
  /** Aborted when nothing that was asked for is wanted any more: what an engine computes is not even waited for. */
  #stopped = new AbortController();
  /** Settled when the request before is done. */
  #last: Promise<void> = Promise.resolve();
  #patch: Patch | undefined;

  /** @param onResult is given a small picture of each result before that is told. */
  constructor(
    model: ModelDescription,
    engines: Engines,
    tell: (progress: Progress) => void,
    onResult: (picture: ImageBitmap, isKept: boolean) => void,
  ) {
    this.#model = model;
    this.#engines = engines;
    this.#tell = tell;
    this.#onResult = onResult;
  }

  /** The newest result that was shown. */
  get patch(): Patch | undefined {
    return this.#patch;
  }

  /** Computes all anew when it is asked next. */
  forget(): void {
    this.stop();
    this.#computed = undefined;
  }

  /** Drops what is being computed. */
  stop(): void {
    this.#overtaken.abort();
    this.#stopped.abort();
    this.#stopped = new AbortController();
  }

  /**
   * Computes a result, and then with `strip` the small pictures.
   *
   * @param findKept finds the result, where it has been computed before.
   */
  request(
    edit: OpenEdit,
    choice: RegionChoice,
    { request, l, detail, strip }: Wanted,
    findKept: () => Promise<ResultToKeep | undefined>,
  ): void {
    this.#inTurn(request, async (signal) => {
      const begin = performance.now();
      const { holeBounds } = edit;
      if (!holeBounds) {
        this.#patch = undefined;
        this.#tell({ kind: 'nothing', request });
        return;
      }
      const prepared = async () => {
        const computed = await this.#prepare(edit, holeBounds, choice);
        signal.throwIfAborted();
        return computed;
      };
      const kept = await findKept();
      signal.throwIfAborted();
      // What is kept needs nothing of a server that may be gone.
      const patch = kept
        ? restored(edit, holeBounds, kept, detail)
        : await this.#compute(await prepared(), l, detail, begin, signal);
      const shown = await this.#shown(patch);
      signal.throwIfAborted();
      this.#patch = patch;
      const failure = this.#engines.takeFailure()?.message;
      // First, so that whoever sees the result knows that it is not stored yet.
      const { pictures } = shown;
      this.#onResult(pictures[pictures.length - 1], kept !== undefined);
      this.#tell(transfer({ kind: 'result', request, failure, ...shown }, picturesIn(shown)));
      if (strip) await this.#showStrip(request, prepared, signal);
    });
  }

  async #showStrip(request: number, prepared: () => Promise<Computed>, signal: AbortSignal): Promise<void> {
    // A user who draws on wants the next result first.
    await passed(stripDelay, signal);
    try {
      const computed = await prepared();
      for (const l of stripValues) {
        const { output } = await this.#output(computed, l, signal);
        const picture = await thumbnail(computed, output);
        signal.throwIfAborted();
        this.#tell(transfer({ kind: 'thumbnail', request, l, picture }, [picture]));
      }
    } catch (error) {
      // The result itself is there. Why an engine has failed is told with the next one.
      if (!(error instanceof EngineFailure)) throw error;
    }
  }

  /** Computes what the drawing leads to as it is now, though it is not finished. It is neither kept nor saved. */
  preview(edit: OpenEdit, choice: RegionChoice, { request, l }: WantedPreview): void {
    this.#inTurn(request, async (signal) => {
      const begin = performance.now();
      if (!edit.holeBounds) return this.#tell({ kind: 'nothing', request });
      const view = await this.#view(edit, edit.holeBounds, choice);
      signal.throwIfAborted();
      // What is seen for a moment comes without detail, which would take a quarter of the time.
      const patch = await this.#compute(view, l, false, begin, signal);
      const shown = await this.#shown(patch);
      signal.throwIfAborted();
      this.#tell(transfer({ kind: 'preview', request, ...shown }, picturesIn(shown)));
    });
  }

  /** What the page shows of a result. */
  async #shown(patch: Patch): Promise<Omit<Picture, 'request'>> {
    const { l, rect, region, engine, milliseconds } = patch;
    const sketch = refinedSketchOf(patch);
    const refined = sketch && (await pictureOf(sketch, patch.edit.hole));
    const side = Math.sqrt(patch.output.length / 3);
    return { l, rect, region, side, pictures: await picturesOf(patch), refined, engine, milliseconds };
  }

  /** Does what a request asks for after the one before, unless it is overtaken. */
  #inTurn(request: number, work: (overtaken: AbortSignal) => Promise<void>): void {
    this.#overtaken.abort();
    this.#overtaken = new AbortController();
    const { signal } = this.#overtaken;
    this.#last = this.#last.then(async () => {
      if (signal.aborted) return;
      try {
        // The page may have sent a newer request already: messages that wait come before a timer.
        await passed(0, signal);
        await work(signal);
      } catch (error) {
        if (signal.aborted) return;
        const engine = error instanceof EngineFailure ? error.engine : undefined;
        this.#tell({ kind: 'failed', request, message: (error as Error).message, engine });
      }
    });
  }

  async #compute(
    computed: Computed,
    l: number,
    detail: boolean,
    begin: number,
    signal: AbortSignal,
  ): Promise<Patch> {
    const { edit, revision, choice, region, rect } = computed;
    const { output, engine } = await this.#output(computed, l, signal);
    const pixels = blendPart(edit.photo, edit.hole, output.result, region, rect, detail);
    const milliseconds = performance.now() - begin;
    const { result, refinedSketch } = output;
    const state = { edit, revision, l, choice, region, rect };
    return { ...state, pixels, output: result, refinedSketch, engine, milliseconds };
  }

  async #prepare(edit: OpenEdit, hole: Bounds, choice: RegionChoice): Promise<Computed> {
    const last = this.#computed;
    if (last?.edit === edit && last.revision === edit.revision && last.choice === choice) return last;
    const computed = await this.#view(edit, hole, choice);
    this.#computed = computed;
    return computed;
  }

  async #view(edit: OpenEdit, hole: Bounds, choice: RegionChoice): Promise<Computed> {
    const region = await edit.region(choice, this.#model.resolution);
    return {
      edit,
      revision: edit.revision,
      choice,
      region,
      rect: visible(hole, region),
      input: edit.networkInput(region),
      outputs: new Map(),
    };
  }

  async #output(computed: Computed, l: number, signal: AbortSignal): Promise<Prediction> {
    const { input, outputs } = computed;
    const known = outputs.get(l);
    if (known) return known;
    const stopped = this.#stopped.signal;
    const prediction = await unlessAborted(stopped, () =>
      this.#engines.predict(inputOf(this.#model, input, l), stopped),
    );
    outputs.set(l, prediction);
    signal.throwIfAborted();
    return prediction;
  }
}

/** What an engine is given. A model that takes strokes of colour needs them even when there are none; others have no such input. */
export function inputOf(
  { resolution, controls }: ModelDescription,
  input: NetworkInput,
  l: number,
): EngineInput {
  const none = () => new Float32Array(4 * resolution ** 2);
  const colour = controls.includes('colour') ? (input.colour ?? none()) : undefined;
  return { ...input, colour, resolution, l };
}

/** Waits. @throws the signal's reason as soon as it is aborted. */
function passed(milliseconds: number, signal: AbortSignal): Promise<void> {
  return unlessAborted(signal, () => new Promise((resolve) => setTimeout(resolve, milliseconds)));
}

export async function picturesOf({ pixels, rect }: Patch): Promise<ImageBitmap[]> {
  return reductions(await createImageBitmap(new ImageData(pixels, rect.right - rect.left)));
}

/** A result for the browser's storage. @param model its name. */
export function toKeep(patch: Patch, model: string): ResultToKeep {
  const { l, choice, region, rect, output, engine, milliseconds } = patch;
  const side = Math.sqrt(output.length / 3);
  const part = usedPart(rect, region, side);
  const values = cut(output, side, part);
  const refinedSketch = patch.refinedSketch && cut(patch.refinedSketch, side, part);
  return { model, l, choice, region, side, part, values, refinedSketch, engine, milliseconds };
}

/** A part of a picture [side, side, channels]. */
function cut(picture: Float32Array, side: number, { left, top, right, bottom }: Rect): Float32Array {
  const channels = picture.length / side ** 2;
  const result = new Float32Array(channels * (right - left) * (bottom - top));
  for (let y = top, o = 0; y < bottom; y++, o += channels * (right - left))
    result.set(picture.subarray(channels * (y * side + left), channels * (y * side + right)), o);
  return result;
}

/** A picture [side, side, channels] with values in a part of it, and `other` elsewhere. */
function pasted(values: Float32Array, side: number, { left, top, right, bottom }: Rect, other: number) {
  const length = values.length / (bottom - top);
  const channels = length / (right - left);
  const result = new Float32Array(channels * side * side).fill(other);
  for (let y = top, from = 0; y < bottom; y++, from += length)
    result.set(values.subarray(from, from + length), channels * (y * side + left));
  return result;
}

/** S_gen of a result, where its model makes it. */
export function refinedSketchOf({ refinedSketch, region }: Patch): RefinedSketch | undefined {
  return refinedSketch && { values: refinedSketch, side: Math.sqrt(refinedSketch.length), region };
}

const picturesIn = ({ pictures, refined }: Pick<Picture, 'pictures' | 'refined'>): ImageBitmap[] =>
  refined ? [...pictures, refined] : pictures;

/** The pixels of a network's picture that a part of the photo is blended from: cubic interpolation takes two on each side, detail more. */
function usedPart({ left, top, right, bottom }: Rect, { x, y, size }: Region, side: number): Rect {
  const scale = side / size;
  const margin = Math.max(REACH, Math.ceil(2 * scale) + 1);
  const first = (at: number) => Math.max(0, Math.floor(at * scale) - margin);
  const end = (at: number) => Math.min(side, Math.ceil(at * scale) + margin);
  return { left: first(left - x), top: first(top - y), right: end(right - x), bottom: end(bottom - y) };
}

/** A result that has been kept, on the photo and the hole that it was computed of. */
export function restored(edit: OpenEdit, hole: Bounds, kept: ResultToKeep, detail: boolean): Patch {
  const { l, choice, region, side, part, values, engine, milliseconds } = kept;
  const rect = visible(hole, region);
  const output = pasted(values, side, part, 0);
  const refinedSketch = kept.refinedSketch && pasted(kept.refinedSketch, side, part, 1);
  const pixels = blendPart(edit.photo, edit.hole, output, region, rect, detail);
  const state = { edit, revision: edit.revision, l, choice, region, rect };
  return { ...state, pixels, output, refinedSketch, engine, milliseconds };
}

/** What the network made, where the hole is. */
export function partOf({ part, values }: ResultToKeep): ImageData {
  const picture = new ImageData(part.right - part.left, part.bottom - part.top);
  picture.data.fill(255);
  for (let i = 0, o = 0; i < values.length; i += 3, o += 4)
    for (let c = 0; c < 3; c++) picture.data[o + c] = (values[i + c] + 1) * 127.5;
  return picture;
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
