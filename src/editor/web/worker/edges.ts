/** The starting sketch: where the photo has edges there are lines. */
import { edgeMapToSketch, resizeMap } from '../../../data/edges.ts';
import { scalePhoto } from '../../../infer/network-input.ts';
import { toPlanes } from '../../../infer/planes.ts';
import type { Raster, Region } from '../../../infer/raster.ts';
import type { EditorDescription } from '../../wire.ts';
import { ChangeCollector, type Runs } from '../drawing/changes.ts';
import { capsule, type Point } from '../drawing/geometry.ts';
import { Layer } from '../drawing/layer.ts';
import { OnnxModel } from '../engines/onnx.ts';
import { postToServer } from '../engines/server.ts';
import { say } from '../texts/say.ts';
import type { OpenEdit } from './edit.ts';
import { Problem } from './pixels.ts';

export class EdgeFinder {
  readonly #description: EditorDescription;
  #model: Promise<OnnxModel> | undefined;

  constructor(description: EditorDescription) {
    this.#description = description;
  }

  /** Lines inside the hole, one network pixel wide. @throws EngineFailure when there is nothing to find edges with. */
  async find(edit: OpenEdit, region: Region): Promise<Runs> {
    const { model, edges } = this.#description;
    const image = scalePhoto(edit.photo, region, edges.size);
    const sketch = await (this.#description.server ? this.#onServer(image) : this.#inPage(image));
    return linesInHole(sketch, model.resolution, region, edit.hole);
  }

  /** Both give a sketch at the network's resolution, 0 = line, of an image [size, size, 3] in [-1, 1]. */
  async #onServer(image: Float32Array): Promise<Uint8Array> {
    const rgb = Uint8Array.from(image, (value) => Math.round((value + 1) * 127.5));
    return new Uint8Array(await postToServer('api/edges', rgb));
  }

  async #inPage(image: Float32Array): Promise<Uint8Array> {
    const { model, edges, edgeModel } = this.#description;
    if (!edgeModel) throw new Problem(say`This page was made without an edge detector.`);
    this.#model ??= OnnxModel.load('wasm', edgeModel.url);
    const detector = await this.#model.catch((error) => {
      this.#model = undefined;
      throw error;
    });
    const { size } = edges;
    const outputs = await detector.run({ photo: { data: toPlanes(image, 3), dims: [1, 3, size, size] } });
    const r = model.resolution;
    return edgeMapToSketch(resizeMap(outputs.edges.data, size, size, r, r), r, r, edges);
  }
}

/**
 * A sketch at a network's resolution as lines of the photo inside the hole, one pixel of the network wide.
 *
 * @param sketch [side, side], 0 = line. @param region what the sketch shows of the photo.
 */
export function linesInHole(sketch: Uint8Array, side: number, region: Region, hole: Raster): Runs {
  const { width, height, data } = hole;
  const lines = new Layer(width, height, 'lines');
  const found = new ChangeCollector();
  for (const [from, to] of traceLines(sketch, side, region)) {
    capsule(from, to, region.size / side / 2, (y, left, right) => {
      if (y < 0 || y >= height) return;
      const end = Math.min(right, width);
      for (let x = Math.max(left, 0); x < end; x++) {
        if (data[y * width + x]) lines.paint(y, x, x + 1, 1, found);
      }
    });
  }
  return found.finish('lines')[0]?.runs ?? new Uint32Array();
}

/**
 * A sketch at a network's resolution as strokes on the photo. The centres of neighbouring line pixels are joined, so that
 * lines stay lines when they are enlarged.
 *
 * @param sketch [size, size], 0 = line. @param region what the sketch shows of the photo.
 * @returns segments in px of the photo; a pixel that is alone is one of length 0.
 */
export function traceLines(sketch: Uint8Array, size: number, region: Region): [Point, Point][] {
  const scale = region.size / size;
  const isLine = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < size && y < size && sketch[y * size + x] === 0;
  const place = (x: number, y: number): Point => ({
    x: region.x + (x + 0.5) * scale,
    y: region.y + (y + 0.5) * scale,
  });
  const segments: [Point, Point][] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!isLine(x, y)) continue;
      const right = isLine(x + 1, y);
      const below = isLine(x, y + 1);
      const join = (toX: number, toY: number) => segments.push([place(x, y), place(toX, toY)]);
      if (right) join(x + 1, y);
      if (below) join(x, y + 1);
      // A diagonal is drawn only where the pixels are not joined by a corner, which it would thicken.
      if (!right && !below && isLine(x + 1, y + 1)) join(x + 1, y + 1);
      if (!isLine(x - 1, y) && !below && isLine(x - 1, y + 1)) join(x - 1, y + 1);
      if (isAlone(isLine, x, y)) join(x, y);
    }
  }
  return segments;
}

function isAlone(isLine: (x: number, y: number) => boolean, x: number, y: number): boolean {
  for (let dy = -1; dy <= 1; dy++)
    for (let dx = -1; dx <= 1; dx++) if ((dx !== 0 || dy !== 0) && isLine(x + dx, y + dy)) return false;
  return true;
}
