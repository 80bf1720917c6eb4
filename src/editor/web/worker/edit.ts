/** The photo and the drawing as inference takes them. */
import type { Edit, Raster, Region, Size } from '../../../infer/raster.ts';
import { chooseRegion, type RegionChoice } from '../../../infer/region.ts';
import { faceFrame } from '../../wire.ts';
import { type Command, flipRuns } from '../drawing/changes.ts';
import { postToServer } from '../engines/server.ts';
import { context, rgbaOf } from './pixels.ts';

export class OpenEdit implements Edit {
  /** The file of the photo. */
  readonly source: Blob;
  readonly photo: Raster;
  /** 255 = hole. */
  readonly hole: Size & { data: Uint8Array };
  /** 0 = line, 255 = paper. */
  readonly sketch: Size & { data: Uint8Array };
  /** RGBA, each pixel a number; there is none before the first stroke, as it takes much memory. */
  #colours: Uint32Array<ArrayBuffer> | undefined;
  l = 0.5;
  /** How often the drawing has changed. */
  revision = 0;
  #face: Promise<Region | undefined> | undefined;

  /** @param drawing makes it out of an empty one. */
  constructor(source: Blob, photo: Raster, drawing: readonly Command[]) {
    const { width, height } = photo;
    this.source = source;
    this.photo = photo;
    this.hole = { width, height, data: new Uint8Array(width * height) };
    this.sketch = { width, height, data: new Uint8Array(width * height).fill(255) };
    for (const command of drawing) this.change(command);
  }

  change(command: Command): void {
    for (const { layer, runs, bits } of command) {
      if (layer === 'colour') {
        this.#colours ??= new Uint32Array(this.hole.data.length);
        flipRuns(this.#colours, runs, bits);
      } else flipRuns(layer === 'hole' ? this.hole.data : this.sketch.data, runs, 255);
    }
    this.revision += 1;
  }

  /** The strokes of colour, RGBA; undefined where none has been drawn. */
  get strokes(): Raster | undefined {
    const { width, height } = this.photo;
    return this.#colours && { width, height, data: new Uint8ClampedArray(this.#colours.buffer) };
  }

  /** Where the photo's face is; undefined when it has none. Looked for once. @throws EngineFailure */
  face(): Promise<Region | undefined> {
    this.#face ??= findFace(this.photo).catch((error) => {
      this.#face = undefined;
      throw error;
    });
    return this.#face;
  }
}

/** The part of the photo that the network is shown. @throws UserError when there is no hole. */
export async function regionFor(edit: OpenEdit, choice: RegionChoice, resolution: number): Promise<Region> {
  const face = choice === 'face' ? await edit.face() : undefined;
  return chooseRegion(choice, edit.hole, resolution, face);
}

/** The square of the photo's largest face as the server finds it, px, framed as in training; undefined without one. */
async function findFace({ data: pixels, width, height }: Raster): Promise<Region | undefined> {
  const picture = await createImageBitmap(new ImageData(rgbaOf(pixels), width, height));
  const scale = faceFrame / Math.max(width, height);
  const canvas = context({ width: faceFrame, height: faceFrame });
  canvas.fillStyle = 'grey';
  canvas.fillRect(0, 0, faceFrame, faceFrame);
  canvas.drawImage(picture, 0, 0, width * scale, height * scale);
  picture.close();
  const { data } = canvas.getImageData(0, 0, faceFrame, faceFrame);
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let i = 0, o = 0; o < rgb.length; i += 4, o += 3) rgb.set(data.subarray(i, i + 3), o);
  const answer = new TextDecoder().decode(await postToServer('api/face', rgb));
  const { face } = JSON.parse(answer) as { face: Region | null };
  const toPhoto = (length: number) => Math.round(length / scale);
  return face ? { x: toPhoto(face.x), y: toPhoto(face.y), size: toPhoto(face.size) } : undefined;
}
