/** The starting sketch: where the photo has edges there are lines. */
import { scalePhoto } from '../../../infer/network-input.ts';
import type { Region } from '../../../infer/raster.ts';
import type { EditorDescription } from '../../description.ts';
import { capsule } from '../drawing/brush.ts';
import { Layer } from '../drawing/layer.ts';
import { RunCollector, type Runs } from '../drawing/runs.ts';
import { traceLines } from '../drawing/trace.ts';
import { postToServer } from '../engines/server.ts';
import type { OpenEdit } from './edit.ts';

/** Lines inside the hole, one network pixel wide. @throws EngineFailure when the server cannot answer. */
export async function findEdges(
  edit: OpenEdit,
  region: Region,
  { model, edgeSize }: EditorDescription,
): Promise<Runs> {
  const image = scalePhoto(edit.photo, region, edgeSize);
  const rgb = Uint8Array.from(image, (value) => Math.round((value + 1) * 127.5));
  const sketch = new Uint8Array(await postToServer('api/edges', rgb));
  const { width, height, data: hole } = edit.hole;
  const lines = new Layer(width, height);
  const found = new RunCollector();
  const radius = region.size / model.resolution / 2;
  for (const [from, to] of traceLines(sketch, model.resolution, region)) {
    capsule(from, to, radius, (y, left, right) => {
      if (y < 0 || y >= height) return;
      const end = Math.min(right, width);
      for (let x = Math.max(left, 0); x < end; x++) {
        if (hole[y * width + x]) lines.paint(y, x, x + 1, true, found);
      }
    });
  }
  return found.finish();
}
