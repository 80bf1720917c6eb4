/** The photo and the drawing as inference takes them. */
import type { NetworkInput } from '../../../infer/network-input.ts';
import type { Edit, Raster, Region, Size } from '../../../infer/raster.ts';
import { type Bounds, holeBounds, type RegionChoice, regionFor } from '../../../infer/region.ts';
import { faceFrame, type PhotoFace } from '../../wire.ts';
import { type Command, collectValues, flipRuns, type LayerName, rectOfRuns } from '../drawing/changes.ts';
import { faceOf } from '../drawing/faces.ts';
import { joinRects, noRect } from '../drawing/geometry.ts';
import { postToServer } from '../engines/server.ts';
import { NetworkView } from './network-view.ts';
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
  /** How often the drawing or the chosen face has changed, but for what is unfinished. */
  revision = 0;
  #holeBounds: Bounds | undefined;
  #unfinished: Command = [];
  #view: NetworkView;
  #faces: Promise<readonly PhotoFace[]> | undefined;
  #chosenFace: number | undefined;

  /** @param drawing makes it out of an empty one. @param resolution of the network's input. */
  constructor(source: Blob, photo: Raster, drawing: readonly Command[], resolution: number) {
    const { width, height } = photo;
    this.source = source;
    this.photo = photo;
    this.hole = { width, height, data: new Uint8Array(width * height) };
    this.sketch = { width, height, data: new Uint8Array(width * height).fill(255) };
    this.#view = new NetworkView(this, resolution);
    for (const command of drawing) this.change(command);
  }

  /** Makes the changes of an act. What was unfinished is taken back. */
  change(command: Command): void {
    this.showUnfinished([]);
    this.#flip(command);
    this.revision += 1;
  }

  /** Shows what an act that is under way has changed until now, in place of what it had changed before. */
  showUnfinished(command: Command): void {
    this.#flip(this.#unfinished);
    this.#unfinished = command;
    this.#flip(command);
  }

  /** What gives a layer another content. @param content makes that out of an empty layer */
  replacing(layer: LayerName, content: Command): Command {
    this.showUnfinished([]);
    const { length } = this.hole.data;
    const values = layer === 'colour' ? new Uint32Array(length) : new Uint8Array(length);
    for (const { runs, bits } of content) flipRuns(values, runs, bits);
    if (layer === 'hole') for (let i = 0; i < length; i++) values[i] ^= this.hole.data[i] & 1;
    if (layer === 'lines') for (let i = 0; i < length; i++) values[i] ^= ~this.sketch.data[i] & 1;
    if (layer === 'colour' && this.#colours) for (let i = 0; i < length; i++) values[i] ^= this.#colours[i];
    return collectValues(values).finish(layer);
  }

  #flip(command: Command): void {
    const { width } = this.photo;
    for (const { layer, runs, bits } of command) {
      if (layer === 'colour') {
        this.#colours ??= new Uint32Array(this.hole.data.length);
        flipRuns(this.#colours, runs, bits);
      } else flipRuns(layer === 'hole' ? this.hole.data : this.sketch.data, runs, 255);
      const rect = rectOfRuns(runs, width);
      this.#view.change(layer, rect);
      if (layer === 'hole')
        this.#holeBounds = holeBounds(this.hole, joinRects(this.#holeBounds ?? noRect, rect));
    }
  }

  /** Gives {@link networkInput} another resolution. */
  setResolution(resolution: number): void {
    this.#view = new NetworkView(this, resolution);
  }

  /** Where the hole is; undefined where there is none. */
  get holeBounds(): Bounds | undefined {
    return this.#holeBounds;
  }

  /** The part of the photo that the network is shown. @throws UserError when there is no hole. */
  async region(choice: RegionChoice, resolution: number): Promise<Region> {
    const faces = choice === 'face' ? (await this.faces()).map(({ region }) => region) : [];
    const face = faceOf(faces, this.hole, this.#holeBounds, this.#chosenFace);
    return regionFor(
      choice,
      this.#holeBounds,
      this.photo,
      resolution,
      face === undefined ? undefined : faces[face],
    );
  }

  /** What a network is given of that part. */
  networkInput(region: Region): NetworkInput {
    return this.#view.at(region);
  }

  /** The strokes of colour, RGBA; undefined where none has been drawn. */
  get strokes(): Raster | undefined {
    const { width, height } = this.photo;
    return this.#colours && { width, height, data: new Uint8ClampedArray(this.#colours.buffer) };
  }

  /** Where the photo's faces are, from left to right. Looked for once. @throws EngineFailure */
  faces(): Promise<readonly PhotoFace[]> {
    this.#faces ??= findFaces(this.photo).catch((error) => {
      this.#faces = undefined;
      throw error;
    });
    return this.#faces;
  }

  /** The user has chosen a face, see {@link faceOf}, or taken that back. */
  chooseFace(face: number | undefined): void {
    if (face === this.#chosenFace) return;
    this.#chosenFace = face;
    this.revision += 1;
  }
}

/** The photo's faces as the server finds them, px. */
async function findFaces({ data: pixels, width, height }: Raster): Promise<PhotoFace[]> {
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
  const answer = new TextDecoder().decode(await postToServer('api/faces', rgb));
  const { faces } = JSON.parse(answer) as { faces: readonly PhotoFace[] };
  const round = (length: number) => Math.round(length / scale);
  return faces.map(({ region, landmarks }) => ({
    region: { x: round(region.x), y: round(region.y), size: round(region.size) },
    landmarks: landmarks.map(({ x, y }) => ({ x: x / scale, y: y / scale })),
  }));
}
