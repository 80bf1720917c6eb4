/** Sample faces and ready edits as PNG files: made once, in the background, and kept. */
import { join } from 'node:path';
import sharp from 'sharp';
import { resizeRgb } from '../../data/decode.ts';
import { RENDERER_VERSION } from '../../faces/faces.ts';
import type { HeadFolders } from '../../faces/load-head.ts';
import { readBytes, writeFileAtomically } from '../../runtime/files.ts';

import { Threads } from '../../runtime/workers.ts';
import type { ReadyEdit, Sample, SampleList } from '../wire.ts';
import { holeOfDifference } from './difference.ts';
import { type Area, type SampleRecipe, sampleRecipes, sampleSize } from './recipes.ts';

/** The bytes with which a whole PNG file ends: the chunk IEND. */
const PNG_END = Buffer.from('0000000049454e44ae426082', 'hex');

/** To be raised when a change of this folder's code alters pictures. */
const VERSION = 1;

/** Where the files are kept: a folder for each version and size, so that they never mix. */
export const galleryFolder = (cacheDir: string, edgeSize: number): string =>
  join(cacheDir, `editor-samples-v${VERSION}-faces-v${RENDERER_VERSION}-${edgeSize}px`);

interface GalleryOptions {
  readonly folders: HeadFolders;
  /** Side of what the edge detector sees, px. */
  readonly edgeSize: number;
  /** RGB bytes [edgeSize, edgeSize, 3] to a sketch [size, size], 0 = line. */
  readonly findEdges: (rgb: Uint8Array, size: number) => Promise<Uint8Array>;
}

export class Gallery {
  readonly #options: GalleryOptions;
  readonly #folder: string;
  readonly #files = new Map<string, Buffer>();
  #samples: Sample[] = [];
  #filling: Promise<void> | undefined;
  #complete = false;
  #problem: string | undefined;
  /** One thread only, to leave the other cores to predictions. */
  readonly #renderer = new Threads<typeof import('./render.ts')>(new URL('./render.ts', import.meta.url));
  #closed = false;

  constructor(options: GalleryOptions) {
    this.#options = options;
    this.#folder = galleryFolder(options.folders.cacheDir, options.edgeSize);
  }

  get list(): SampleList {
    return { samples: this.#samples, complete: this.#complete, problem: this.#problem };
  }

  /** PNG files by name. */
  get files(): ReadonlyMap<string, Buffer> {
    return this.#files;
  }

  /**
   * Reads what the cache has and makes the rest, sample by sample, at the first call. Never throws: the list says what is
   * wrong.
   */
  fill(): Promise<void> {
    this.#filling ??= this.#fill();
    return this.#filling;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#renderer.close();
  }

  async #fill(): Promise<void> {
    try {
      for (const [index, recipe] of sampleRecipes.entries()) {
        const sample = await this.#sample(recipe, index);
        this.#samples = [...this.#samples, sample];
      }
    } catch (error) {
      if (!this.#closed) this.#problem = `Examples cannot be made: ${(error as Error).message}`;
    }
    this.#complete = true;
    await this.#renderer.close();
  }

  async #sample(recipe: SampleRecipe, sample: number): Promise<Sample> {
    const photo = `${recipe.key}.png`;
    let pixels: Uint8Array | undefined;
    const before = async () => {
      pixels ??= await this.#render(sample);
      return pixels;
    };
    await this.#file(photo, async () => png(await before(), 3));
    const edits: ReadyEdit[] = [];
    for (const [edit, { key, name, area }] of recipe.edits.entries()) {
      const hole = `${recipe.key}-${key}-hole.png`;
      const sketch = `${recipe.key}-${key}-sketch.png`;
      let made: Drawn | undefined;
      const drawn = async () => {
        made ??= await this.#draw(await before(), await this.#render(sample, edit), area);
        return made;
      };
      await this.#file(hole, async () => png((await drawn()).hole, 1));
      await this.#file(sketch, async () => png((await drawn()).sketch, 1));
      edits.push({ name, hole: address(hole), sketch: address(sketch) });
    }
    return { name: recipe.name, photo: address(photo), edits };
  }

  /** The hole covers what changes; the sketch has the changed picture's edges inside it. */
  async #draw(before: Uint8Array, after: Uint8Array, area: Area): Promise<Drawn> {
    const { edgeSize, findEdges } = this.#options;
    const hole = holeOfDifference(before, after, sampleSize, area);
    const picture = { data: Buffer.from(after), width: sampleSize, height: sampleSize };
    const edges = await findEdges(await resizeRgb(picture, edgeSize, edgeSize), sampleSize);
    return { hole, sketch: edges.map((value, i) => (hole[i] ? value : 255)) };
  }

  #render(sample: number, edit?: number): Promise<Uint8Array> {
    return this.#renderer.run('renderSample', [this.#options.folders, sample, edit]);
  }

  async #file(name: string, make: () => Promise<Buffer>): Promise<void> {
    const path = join(this.#folder, name);
    let bytes: Buffer | undefined = await readBytes(path).catch(() => undefined);
    if (!bytes?.subarray(-PNG_END.length).equals(PNG_END)) {
      bytes = await make();
      await writeFileAtomically(path, bytes);
    }
    this.#files.set(name, bytes);
  }
}

interface Drawn {
  readonly hole: Uint8Array;
  readonly sketch: Uint8Array;
}

export const sampleFolder = 'samples';
const address = (name: string) => `${sampleFolder}/${name}`;

function png(pixels: Uint8Array, channels: 1 | 3): Promise<Buffer> {
  const raw = { width: sampleSize, height: sampleSize, channels };
  // Without this sharp makes three channels of one.
  return sharp(pixels, { raw })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}
