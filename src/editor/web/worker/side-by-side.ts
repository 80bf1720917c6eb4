/** The current drawing as a model fills it: a small picture of the hole and what is around it. */
import { blendPart, visible } from '../../../infer/blend.ts';
import type { Size } from '../../../infer/raster.ts';
import type { Bounds, RegionChoice } from '../../../infer/region.ts';
import type { EditorDescription } from '../../wire.ts';
import { queryOf, ServerEngine } from '../engines/server.ts';
import type { OpenEdit } from './edit.ts';
import { NetworkView } from './network-view.ts';
import { context, rgbaOf } from './pixels.ts';
import { inputOf } from './results.ts';

/** How much larger the pictures' square is than the hole. */
const surroundings = 1.5;

/**
 * @param description of the model.
 * @param side of the picture, px.
 * @throws EngineFailure; the signal's reason.
 */
export async function pictureBy(
  description: EditorDescription,
  edit: OpenEdit,
  choice: RegionChoice,
  side: number,
  signal: AbortSignal,
): Promise<ImageBitmap> {
  const { model } = description;
  const hole = edit.holeBounds;
  if (!hole) throw new Error('There is no hole.');
  const region = await edit.region(choice, model.resolution);
  const input = inputOf(model, new NetworkView(edit, model.resolution).at(region), edit.l);
  // A page's newer request takes the place of an older one of the same address: this one's differs from the result's.
  const engine = new ServerEngine(`${queryOf(description)}&side-by-side`);
  const { result } = await engine.predict(input, signal);
  const rect = visible(hole, region);
  // In pictures this small detail would not be seen.
  const pixels = blendPart(edit.photo, edit.hole, result, region, rect, false);
  const { data, width, height } = edit.photo;
  const { x, y, size } = squareAround(hole, edit.photo);
  const picture = context({ width: side, height: side });
  const scale = side / size;
  picture.imageSmoothingQuality = 'high';
  const around = await createImageBitmap(new ImageData(rgbaOf(data), width, height), x, y, size, size);
  picture.drawImage(around, 0, 0, side, side);
  around.close();
  const filled = await createImageBitmap(new ImageData(pixels, rect.right - rect.left));
  picture.drawImage(
    filled,
    (rect.left - x) * scale,
    (rect.top - y) * scale,
    filled.width * scale,
    filled.height * scale,
  );
  filled.close();
  return picture.canvas.transferToImageBitmap();
}

/** Inside the photo where that is large enough. */
function squareAround(hole: Bounds, photo: Size) {
  const extent = Math.max(hole.right - hole.left, hole.bottom - hole.top);
  const size = Math.min(Math.ceil(surroundings * extent), Math.max(photo.width, photo.height));
  const from = (first: number, end: number, length: number) => {
    const middle = Math.round((first + end - size) / 2);
    return size > length ? Math.round((length - size) / 2) : Math.min(Math.max(middle, 0), length - size);
  };
  return { x: from(hole.left, hole.right, photo.width), y: from(hole.top, hole.bottom, photo.height), size };
}
