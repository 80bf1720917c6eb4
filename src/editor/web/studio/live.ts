/** Results while one draws: the newest request is computed, whatever it overtakes is dropped. */
import { blend } from '../../../infer/blend.ts';
import { type NetworkInput, networkInput } from '../../../infer/network-input.ts';
import type { Raster, Region } from '../../../infer/raster.ts';
import { holeBounds } from '../../../infer/region.ts';
import type { EngineOutput } from '../../wire.ts';
import { cutRect, type Rect } from '../drawing/rect.ts';
import { type Engine, EngineFailure } from '../engines/engine.ts';
import { type OpenEdit, regionFor } from './edit.ts';
import { type RegionChoice, type StudioEvent, stripLevels } from './protocol.ts';

/** What is computed for one state of the drawing by one engine. */
interface Computed {
  readonly edit: OpenEdit;
  readonly revision: number;
  readonly engine: Engine;
  readonly choice: RegionChoice;
  readonly region: Region;
  readonly bounds: Rect;
  readonly input: NetworkInput;
  readonly outputs: Map<number, EngineOutput>;
}

/** A result at the photo's resolution, inside `rect`. */
export interface Patch {
  readonly edit: OpenEdit;
  readonly revision: number;
  readonly level: number;
  readonly rect: Rect;
  readonly pixels: Raster;
}

export class Live {
  readonly #resolution: number;
  readonly #emit: (event: StudioEvent, transfer?: Transferable[]) => void;
  #computed: Computed | undefined;
  #stop = new AbortController();
  #patch: Patch | undefined;

  constructor(resolution: number, emit: (event: StudioEvent, transfer?: Transferable[]) => void) {
    this.#resolution = resolution;
    this.#emit = emit;
  }

  /** The newest result that was shown. */
  get patch(): Patch | undefined {
    return this.#patch;
  }

  /** Drops what is being computed. */
  stop(): void {
    this.#stop.abort();
  }

  /** Computes a result for `level`, and then with `strip` the small pictures. */
  async request(
    edit: OpenEdit,
    engine: Engine,
    choice: RegionChoice,
    level: number,
    strip: boolean,
  ): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    try {
      const computed = await this.#prepare(edit, engine, choice, signal);
      if (!computed) {
        this.#patch = undefined;
        this.#emit({ kind: 'nothing' });
        return;
      }
      const begin = performance.now();
      if (!computed.outputs.has(level)) this.#emit({ kind: 'computing' });
      const output = await this.#output(computed, level, signal);
      const milliseconds = performance.now() - begin;
      await this.#show(computed, level, output, milliseconds, signal);
      if (strip) {
        for (const each of stripLevels) await this.#thumbnail(computed, each, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      const engineId = error instanceof EngineFailure ? error.engine : undefined;
      this.#emit({ kind: 'failed', message: (error as Error).message, engine: engineId });
    }
  }

  async #prepare(
    edit: OpenEdit,
    engine: Engine,
    choice: RegionChoice,
    signal: AbortSignal,
  ): Promise<Computed | undefined> {
    const last = this.#computed;
    const isSame =
      last?.edit === edit &&
      last.revision === edit.revision &&
      last.engine === engine &&
      last.choice === choice;
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
      engine,
      choice,
      region,
      bounds: cutRect(bounds, inRegion),
      input: networkInput(edit, region, this.#resolution),
      outputs: new Map(),
    };
    return this.#computed;
  }

  async #output(computed: Computed, level: number, signal: AbortSignal): Promise<EngineOutput> {
    const { engine, input, outputs } = computed;
    const known = outputs.get(level);
    if (known) return known;
    const output = await engine.predict({ ...input, resolution: this.#resolution, level }, signal);
    signal.throwIfAborted();
    outputs.set(level, output);
    return output;
  }

  async #show(
    { edit, revision, engine, region, bounds: rect }: Computed,
    level: number,
    output: EngineOutput,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const whole = blend(edit.photo, edit.hole, output.result, region);
    const pixels = cut({ ...edit.photo, data: whole }, rect);
    const picture = await createImageBitmap(new ImageData(pixels.data, pixels.width, pixels.height));
    if (signal.aborted) return picture.close();
    this.#patch = { edit, revision, level, rect, pixels };
    this.#emit({ kind: 'result', level, rect, picture, engine: engine.id, milliseconds }, [picture]);
  }

  async #thumbnail(computed: Computed, level: number, signal: AbortSignal): Promise<void> {
    const { result, resolution } = await this.#output(computed, level, signal);
    const picture = await createImageBitmap(
      new ImageData(filled(computed.input, this.#resolution, result, resolution), resolution, resolution),
    );
    if (signal.aborted) return picture.close();
    this.#emit({ kind: 'thumbnail', level, picture }, [picture]);
  }
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
        out[4 * i + c] = ((hole[from] ? result[3 * i + c]! : image[3 * from + c]!) + 1) * 127.5;
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
