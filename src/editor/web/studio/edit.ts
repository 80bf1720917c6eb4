/** The photo and the drawing as inference takes them. */
import type { Edit, Raster, Region, Size } from '../../../infer/raster.ts';
import { holeBounds, regionOf, regionWith } from '../../../infer/region.ts';
import type { Command } from '../drawing/history.ts';
import { flipRuns, type Runs, runsOf } from '../drawing/runs.ts';
import { findFace } from './face.ts';
import type { RegionChoice } from './protocol.ts';

export class OpenEdit implements Edit {
  readonly name: string;
  /** The file of the photo. */
  readonly source: Blob;
  readonly photo: Raster;
  /** 255 = hole. */
  readonly hole: Size & { data: Uint8Array };
  /** 0 = line, 255 = paper. */
  readonly sketch: Size & { data: Uint8Array };
  level = 0.5;
  /** How often the drawing has changed. */
  revision = 0;
  #face: Promise<Region | undefined> | undefined;

  constructor(name: string, source: Blob, photo: Raster, hole: Runs, lines: Runs) {
    const { width, height } = photo;
    this.name = name;
    this.source = source;
    this.photo = photo;
    this.hole = { width, height, data: new Uint8Array(width * height) };
    this.sketch = { width, height, data: new Uint8Array(width * height).fill(255) };
    this.change([
      { layer: 'hole', runs: hole },
      { layer: 'lines', runs: lines },
    ]);
  }

  change(command: Command): void {
    for (const { layer, runs } of command) {
      flipRuns(layer === 'hole' ? this.hole.data : this.sketch.data, runs, 255);
    }
    this.revision += 1;
  }

  /** Where the photo's face is; undefined when it has none. Looked for once. @throws EngineFailure */
  face(): Promise<Region | undefined> {
    this.#face ??= findFace(this.photo).catch((error) => {
      this.#face = undefined;
      throw error;
    });
    return this.#face;
  }

  get holeRuns(): Runs {
    return runsOf(this.hole.data, (byte) => byte !== 0);
  }
  get lineRuns(): Runs {
    return runsOf(this.sketch.data, (byte) => byte === 0);
  }
}

/** The part of the photo that the network is shown. @throws UserError when there is no hole. */
export async function regionFor(edit: OpenEdit, choice: RegionChoice, resolution: number): Promise<Region> {
  if (choice === 'whole') return regionOf(edit.hole, Number.POSITIVE_INFINITY);
  const face = choice === 'face' ? await edit.face() : undefined;
  return face ? regionWith(face, holeBounds(edit.hole)!) : regionOf(edit.hole, resolution);
}
