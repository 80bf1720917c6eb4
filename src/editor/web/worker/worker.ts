/**
 * The entry of the worker that holds the photo and does everything that touches many pixels, so that the page never
 * waits.
 */
import { expose, transfer } from 'comlink';
import type { Raster, Size } from '../../../infer/raster.ts';
import { holeBounds, type RegionChoice } from '../../../infer/region.ts';
import type { EditorDescription } from '../../wire.ts';
import type { Command, Runs } from '../drawing/changes.ts';
import { type EngineChoice, EngineFailure, type EngineId, type EngineState } from '../engines/engine.ts';
import { Engines } from '../engines/engines.ts';
import { EdgeFinder } from './edges.ts';
import { OpenEdit, regionFor } from './edit.ts';
import {
  decodeMarks,
  decodePhoto,
  decodeProject,
  decodeStrokes,
  encodePng,
  encodeProject,
  Problem,
} from './files.ts';
import { type Patch, type Progress, patched, Results, type Wanted } from './results.ts';
import { Keeper, loadStored } from './storage.ts';

/** A photo that has been opened, with the drawing that came with it. */
export interface Opened {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** The photo, and copies of half the size each for display. */
  readonly pictures: ImageBitmap[];
  /** As changes of an empty drawing. */
  readonly drawing: Command;
  readonly l?: number | undefined;
}

/** A face of the examples with a drawing that changes it. All but the name are addresses. */
export interface SampleFiles {
  readonly name: string;
  readonly photo: string;
  readonly hole?: string | undefined;
  readonly sketch?: string | undefined;
}

/** What the page is told without asking. */
export type WorkerEvent =
  | Progress
  /** What is known of the engines, and which was used last. */
  | { kind: 'engines'; states: EngineState[]; used?: EngineId | undefined }
  /** Whether the photo has a face; told when the user wants the network to see the face. */
  | { kind: 'face'; found: boolean }
  /** The drawing could not be kept in the browser's storage. */
  | { kind: 'notStored'; message: string };

/** What can be written to a file. */
export type Saveable = 'result' | 'hole' | 'sketch' | 'colour' | 'project';

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

/** The photo, its drawing and its results. The messages of its errors are for people. */
export class PhotoWorker {
  readonly #description: EditorDescription;
  readonly #tell: (event: WorkerEvent) => void;
  readonly #results: Results;
  readonly #keeper: Keeper;
  readonly #engines: Engines;
  readonly #edges: EdgeFinder;
  #region: RegionChoice = 'hole';
  #current: OpenEdit | undefined;
  /** What `useResult` replaced. */
  #previous: OpenEdit | undefined;

  constructor(description: EditorDescription, tell: (event: WorkerEvent) => void) {
    this.#description = description;
    this.#tell = tell;
    this.#edges = new EdgeFinder(description);
    this.#engines = new Engines(description, (states, used) => tell({ kind: 'engines', states, used }));
    this.#results = new Results(description.model, this.#engines, tell);
    this.#keeper = new Keeper((message) => tell({ kind: 'notStored', message }));
  }

  /** Opens a photo or a project, by its content. */
  open(blob: Blob, name: string): Promise<Opened> {
    return forPeople(async () => {
      const isProject = blob.type === 'application/json' || name.endsWith('.json');
      const project = isProject ? decodeProject(await blob.text()) : undefined;
      const source = project?.photo ?? blob;
      const decoded = await decodePhoto(source);
      const drawn = project && { drawing: await decodeDrawing(project, decoded.photo), l: project.l };
      return this.#begin({ name: project?.name ?? name, source, ...decoded, ...drawn });
    });
  }

  openSample({ name, photo, hole, sketch }: SampleFiles): Promise<Opened> {
    return forPeople(async () => {
      const source = await load(photo);
      const decoded = await decodePhoto(source);
      const files = {
        hole: hole ? await load(hole) : undefined,
        sketch: sketch ? await load(sketch) : undefined,
      };
      const drawing = await decodeDrawing(files, decoded.photo);
      return this.#begin({ name, source, ...decoded, drawing });
    });
  }

  /** Opens what was there before the page was loaded anew, if there was something. */
  restore(): Promise<Opened | undefined> {
    return forPeople(async () => {
      const stored = await loadStored();
      return stored && this.#begin({ ...stored, ...(await decodePhoto(stored.source)) });
    });
  }

  /** Goes on with the result as photo. */
  useResult(): Promise<Opened> {
    return forPeople(async () => {
      const before = this.#edit;
      const source = await encodePng(patched(this.#patch));
      const decoded = await decodePhoto(source);
      const opened = this.#begin({ name: before.name, source, ...decoded, l: before.l });
      this.#previous = before;
      return opened;
    });
  }

  /** Takes the last `useResult` back. */
  usePrevious(): Promise<Opened> {
    return forPeople(async () => {
      if (!this.#previous) throw new Problem('There is no photo to go back to.');
      const { name, source, drawing, l } = this.#previous;
      return this.#begin({ name, source, ...(await decodePhoto(source)), drawing, l });
    });
  }

  /** Lines where the photo has edges, inside the hole. */
  findEdges(): Promise<Runs> {
    return forPeople(async () => {
      const edit = this.#edit;
      if (!holeBounds(edit.hole)) throw new Problem('Paint a hole first: lines are drawn inside it.');
      const region = await regionFor(edit, this.#region, this.#description.model.resolution);
      return this.#edges.find(edit, region);
    });
  }

  /** A file, and a name for it. */
  save(what: Saveable): Promise<{ blob: Blob; name: string }> {
    return forPeople(async () => {
      const blob = await this.#savers[what]();
      return { blob, name: `${baseName(this.#edit.name)}${suffixes[what]}` };
    });
  }

  /** The drawing has changed as the command says. */
  change(command: Command): void {
    if (!this.#current) return;
    this.#current.change(command);
    this.#keeper.keep(this.#current);
  }

  /** Begins to compute a result; what comes of it is told as {@link Progress}. */
  predict(wanted: Wanted): void {
    const current = this.#current;
    if (!current) return;
    if (wanted.l !== current.l) {
      current.l = wanted.l;
      this.#keeper.keep(current);
    }
    void this.#results.request(current, this.#region, wanted);
  }

  setRegion(region: RegionChoice): void {
    this.#region = region;
    this.#tellOfFace();
  }

  setEngine(engine: EngineChoice): void {
    this.#engines.choose(engine);
    this.#results.forget();
  }

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
    this.#results.stop();
    this.#previous = undefined;
    this.#current = new OpenEdit(name, source, photo, drawing);
    this.#current.l = l ?? this.#current.l;
    this.#keeper.keep(this.#current);
    this.#tellOfFace();
    return transfer({ name, width: photo.width, height: photo.height, pictures, drawing, l }, pictures);
  }

  /**
   * Tells whether the photo has a face, where the face is what the network shall see. Errors are left to the request for a
   * result, which meets them too.
   */
  #tellOfFace(): void {
    const edit = this.#current;
    if (this.#region !== 'face' || !edit) return;
    edit.face().then(
      (face) => edit === this.#current && this.#tell({ kind: 'face', found: face !== undefined }),
      () => {},
    );
  }

  get #edit(): OpenEdit {
    if (!this.#current) throw new Problem('Open a photo first.');
    return this.#current;
  }

  /** The result of the drawing as it is now. */
  get #patch(): Patch {
    const { patch } = this.#results;
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

/** The strokes as a picture, all transparent when there are none. */
function strokesOf({ strokes, photo: { width, height } }: OpenEdit): Raster {
  return strokes ?? { width, height, data: new Uint8ClampedArray(4 * width * height) };
}

async function load(address: string): Promise<Blob> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw new Problem('The sample cannot be loaded: the server does not answer.');
  return response.blob();
}

/** Turns errors that are not meant for people into one that is, and logs them. */
async function forPeople<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem || error instanceof EngineFailure) throw error;
    console.error(error);
    throw new Problem(`This failed: ${(error as Error).message}`);
  }
}

expose(PhotoWorker);
