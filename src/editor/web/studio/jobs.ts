/** What is done with the photo: everything that touches many pixels. It runs in a worker, so that the page never waits. */

import type { Raster, Size } from '../../../infer/raster.ts';
import type { RegionChoice } from '../../../infer/region.ts';
import { holeBounds } from '../../../infer/region.ts';
import type { EditorDescription } from '../../wire.ts';
import type { Command } from '../drawing/changes.ts';
import { EngineFailure } from '../engines/engine.ts';
import { Engines } from '../engines/engines.ts';
import { EdgeFinder } from './edges.ts';
import { OpenEdit, regionFor } from './edit.ts';
import { decodeMarks, decodePhoto, decodeStrokes, encodePng, Problem } from './images.ts';
import { Live, type Patch, patched } from './live.ts';
import { decodeProject, encodeProject } from './project.ts';
import type { FromStudio, JobKind, Jobs, Opened, Saveable, ToStudio } from './protocol.ts';
import { Keeper, loadStored } from './storage.ts';

const suffixes: Record<Saveable, string> = {
  result: '-edited.png',
  hole: '-mask.png',
  sketch: '-sketch.png',
  colour: '-colour.png',
  project: '.project.json',
};

interface Parts {
  readonly name: string;
  readonly source: Blob;
  readonly photo: Raster;
  readonly pictures: ImageBitmap[];
  readonly drawing?: Command;
  readonly l?: number;
}

export class StudioJobs {
  readonly #description: EditorDescription;
  readonly #post: (message: FromStudio, transfer?: Transferable[]) => void;
  readonly #live: Live;
  readonly #keeper: Keeper;
  readonly #engines: Engines;
  readonly #edges: EdgeFinder;
  #region: RegionChoice = 'hole';
  #current: OpenEdit | undefined;
  /** What `useResult` replaced. */
  #previous: OpenEdit | undefined;

  constructor(
    description: EditorDescription,
    post: (message: FromStudio, transfer?: Transferable[]) => void,
  ) {
    this.#description = description;
    this.#post = post;
    this.#edges = new EdgeFinder(description);
    this.#engines = new Engines(description, (states, used) => post({ kind: 'engines', states, used }));
    this.#live = new Live(description.model, this.#engines, post);
    this.#keeper = new Keeper((message) => post({ kind: 'notStored', message }));
  }

  receive(message: Exclude<ToStudio, { kind: 'start' }>): void {
    const current = this.#current;
    if (message.kind === 'job') void this.#answer(message.id, message.job, message.ask);
    else if (message.kind === 'change' && current) {
      current.change(message.command);
      this.#keeper.keep(current);
    } else if (message.kind === 'predict' && current) {
      if (message.l !== current.l) {
        current.l = message.l;
        this.#keeper.keep(current);
      }
      void this.#live.request(current, this.#region, message);
    } else if (message.kind === 'region') {
      this.#region = message.region;
      this.#tellOfFace();
    } else if (message.kind === 'engine') {
      this.#engines.choose(message.engine);
      this.#live.forget();
    }
  }

  async #answer(id: number, job: JobKind, ask: object): Promise<void> {
    try {
      const value = await this.#jobs[job](ask as never);
      const pictures = value && 'pictures' in value ? value.pictures : [];
      this.#post({ kind: 'answer', id, value }, pictures);
    } catch (error) {
      const expected = error instanceof Problem || error instanceof EngineFailure;
      if (!expected) console.error(error);
      this.#post({
        kind: 'error',
        id,
        message: expected ? error.message : `This failed: ${(error as Error).message}`,
      });
    }
  }

  readonly #jobs: { [K in JobKind]: (ask: Jobs[K]['ask']) => Promise<Jobs[K]['answer']> } = {
    open: async ({ blob, name }) => {
      const isProject = blob.type === 'application/json' || name.endsWith('.json');
      const project = isProject ? decodeProject(await blob.text()) : undefined;
      const source = project?.photo ?? blob;
      const decoded = await decodePhoto(source);
      const drawn = project && {
        drawing: await decodeDrawing(project, decoded.photo),
        l: project.l,
      };
      return this.#begin({ name: project?.name ?? name, source, ...decoded, ...drawn });
    },

    openSample: async ({ name, photo, hole, sketch }) => {
      const source = await load(photo);
      const decoded = await decodePhoto(source);
      const files = {
        hole: hole ? await load(hole) : undefined,
        sketch: sketch ? await load(sketch) : undefined,
      };
      const drawing = await decodeDrawing(files, decoded.photo);
      return this.#begin({ name, source, ...decoded, drawing });
    },

    restore: async () => {
      const stored = await loadStored();
      return stored && this.#begin({ ...stored, ...(await decodePhoto(stored.source)) });
    },

    useResult: async () => {
      const before = this.#edit;
      const source = await encodePng(patched(this.#patch));
      const opened = this.#begin({
        name: before.name,
        source,
        ...(await decodePhoto(source)),
        l: before.l,
      });
      this.#previous = before;
      return opened;
    },

    usePrevious: async () => {
      if (!this.#previous) throw new Problem('There is no photo to go back to.');
      const { name, source, drawing, l } = this.#previous;
      return this.#begin({ name, source, ...(await decodePhoto(source)), drawing, l });
    },

    edges: async () => {
      const edit = this.#edit;
      if (!holeBounds(edit.hole)) throw new Problem('Paint a hole first: lines are drawn inside it.');
      const region = await regionFor(edit, this.#region, this.#description.model.resolution);
      return this.#edges.find(edit, region);
    },

    save: async ({ what }) => {
      const blob = await this.#savers[what]();
      return { blob, name: `${baseName(this.#edit.name)}${suffixes[what]}` };
    },
  };

  readonly #savers: Record<Saveable, () => Promise<Blob>> = {
    result: () => encodePng(patched(this.#patch)),
    hole: () => encodePng(this.#edit.hole),
    sketch: () => encodePng(this.#edit.sketch),
    colour: () => encodePng(strokesOf(this.#edit)),
    project: async () => {
      const { name, source, hole, sketch, strokes, l } = this.#edit;
      return encodeProject({
        name,
        photo: source,
        hole: await encodePng(hole),
        sketch: await encodePng(sketch),
        colour: strokes && (await encodePng(strokes)),
        l,
      });
    },
  };

  /** Goes on with another photo. */
  #begin({ name, source, photo, pictures, drawing = [], l }: Parts): Opened {
    this.#live.stop();
    this.#previous = undefined;
    this.#current = new OpenEdit(name, source, photo, drawing);
    this.#current.l = l ?? this.#current.l;
    this.#keeper.keep(this.#current);
    this.#tellOfFace();
    return { name, width: photo.width, height: photo.height, pictures, drawing, l };
  }

  /** Where the face is wanted: whether there is one. A server that fails says so when it is asked for a result. */
  #tellOfFace(): void {
    const edit = this.#current;
    if (this.#region !== 'face' || !edit) return;
    edit.face().then(
      (face) => edit === this.#current && this.#post({ kind: 'face', found: face !== undefined }),
      () => {},
    );
  }

  get #edit(): OpenEdit {
    if (!this.#current) throw new Problem('Open a photo first.');
    return this.#current;
  }

  /** The result of the drawing as it is now. */
  get #patch(): Patch {
    const { patch } = this.#live;
    if (!patch || patch.edit !== this.#current || patch.revision !== this.#current.revision) {
      throw new Problem('There is no result of this drawing yet.');
    }
    return patch;
  }
}

const baseName = (name: string): string => name.replace(/(\.project)?\.\w{1,5}$/, '') || 'photo';

/** A drawing from its files, as changes of an empty one. */
async function decodeDrawing(
  { hole, sketch, colour }: { hole?: Blob | undefined; sketch?: Blob | undefined; colour?: Blob | undefined },
  size: Size,
): Promise<Command> {
  const marks = async (layer: 'hole' | 'lines', blob: Blob | undefined, marked: 'light' | 'dark') =>
    blob ? [{ layer, runs: await decodeMarks(blob, size, marked), bits: 1 }] : [];
  return [
    ...(await marks('hole', hole, 'light')),
    ...(await marks('lines', sketch, 'dark')),
    ...(colour ? await decodeStrokes(colour, size) : []),
  ];
}

/** Transparent where there is none. */
function strokesOf({ strokes, photo: { width, height } }: OpenEdit): Raster {
  return strokes ?? { width, height, data: new Uint8ClampedArray(4 * width * height) };
}

async function load(address: string): Promise<Blob> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw new Problem('The sample cannot be loaded: the server does not answer.');
  return response.blob();
}
