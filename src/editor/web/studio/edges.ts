/** The starting sketch: where the photo has edges there are lines. */
import { resizeMap } from '../../../data/edges/resize.ts';
import { edgeMapToSketch } from '../../../data/edges/sketch-of-edges.ts';
import { scalePhoto } from '../../../infer/network-input.ts';
import type { Region } from '../../../infer/raster.ts';
import type { EditorDescription } from '../../wire.ts';
import { capsule } from '../drawing/brush.ts';
import { ChangeCollector } from '../drawing/changes.ts';
import { Layer } from '../drawing/layer.ts';
import type { Runs } from '../drawing/runs.ts';
import { traceLines } from '../drawing/trace.ts';
import { OnnxModel } from '../engines/onnx-model.ts';
import { toPlanes } from '../engines/planes.ts';
import { postToServer } from '../engines/server.ts';
import type { OpenEdit } from './edit.ts';
import { Problem } from './images.ts';

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
    const { width, height, data: hole } = edit.hole;
    const lines = new Layer(width, height, 'lines');
    const found = new ChangeCollector();
    const radius = region.size / model.resolution / 2;
    for (const [from, to] of traceLines(sketch, model.resolution, region)) {
      capsule(from, to, radius, (y, left, right) => {
        if (y < 0 || y >= height) return;
        const end = Math.min(right, width);
        for (let x = Math.max(left, 0); x < end; x++) {
          if (hole[y * width + x]) lines.paint(y, x, x + 1, 1, found);
        }
      });
    }
    return found.finish('lines')[0]?.runs ?? new Uint32Array();
  }

  /** Both give a sketch at the network's resolution, 0 = line, of an image [size, size, 3] in [-1, 1]. */
  async #onServer(image: Float32Array): Promise<Uint8Array> {
    const rgb = Uint8Array.from(image, (value) => Math.round((value + 1) * 127.5));
    return new Uint8Array(await postToServer('api/edges', rgb));
  }

  async #inPage(image: Float32Array): Promise<Uint8Array> {
    const { model, edges, edgeModel } = this.#description;
    if (!edgeModel) throw new Problem('This page was made without an edge detector.');
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
