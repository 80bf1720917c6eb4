/**
 * The entry of the worker that holds the photo and does everything that touches many pixels, so that the page never
 * waits.
 */
import { expose, transfer } from 'comlink';
import type { Raster, Size } from '../../../infer/raster.ts';
import { holeBounds } from '../../../infer/region.ts';
import type { EditorDescription } from '../../wire.ts';
import type { Command, LayerName, Runs } from '../drawing/changes.ts';
import { type Act, History, type Start, type Step, startId } from '../drawing/history.ts';
import { type EngineChoice, EngineFailure, type EngineId, type EngineState } from '../engines/engine.ts';
import { Engines } from '../engines/engines.ts';
import { randomId } from '../random-id.ts';
import { EdgeFinder } from './edges.ts';
import { OpenEdit, regionFor } from './edit.ts';
import {
  type DecodedPhoto,
  decodeLayer,
  decodePhoto,
  decodeProject,
  encodeProject,
  mayBeLayer,
} from './files.ts';
import { Problem, rgbaOf } from './pixels.ts';
import { encodePng } from './png.ts';
import {
  Displaced,
  deleteRecord,
  Keeper,
  listRecords,
  loadResult,
  nextToGo,
  openRecord,
  type Row,
  renameRecord,
  surplus,
} from './records.ts';
import {
  type Patch,
  type Progress,
  patched,
  Results,
  type ResultToKeep,
  toKeep,
  type Wanted,
} from './results.ts';

/** A photo that has been opened, with what is drawn on it. */
export interface Opened {
  /** Of the record that it belongs to. */
  readonly id: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** The photo, and copies of half the size each for display. */
  readonly pictures: ImageBitmap[];
  /** Makes the drawing out of an empty one. */
  readonly drawing: readonly Command[];
  /** What of the photo's file saved results do not keep, for people; told when a record begins. */
  readonly exceptions?: readonly string[];
  /** Of a record that has just been opened. */
  readonly history?: { readonly start: Start; readonly steps: readonly Step[]; readonly position: number };
}

/** What an edit begins with, unless its file says something else. */
export type Settings = Pick<Start, 'l' | 'region'>;

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
  /** A result is made ready to be stored. */
  | { kind: 'keeping' }
  /** The first so many acts are in the browser's storage, and all results, or why they are not. */
  | { kind: 'kept'; acts: number; problem?: string | undefined }
  /** Another tab goes on with the edit: what is open here is a copy now. */
  | { kind: 'copied'; id: string; name: string }
  /** The oldest edits were removed, as there were too many; `next` is what goes next. Names for people. */
  | { kind: 'removed'; names: string[]; next?: string | undefined };

/** What can be written to a file. */
export type Saveable = 'result' | 'hole' | 'sketch' | 'colour' | 'project';

const suffixes: Record<Saveable, string> = {
  result: '-edited.png',
  hole: '-mask.png',
  sketch: '-sketch.png',
  colour: '-colour.png',
  project: '.project.json',
};

/** The edit that is open: a record, as much of it as is needed to store it. */
interface OpenRecord {
  readonly id: string;
  name: string;
  readonly photos: Blob[];
  readonly history: History;
  thumbnail?: Blob | undefined;
  /** A small picture of the photo. */
  small?: OffscreenCanvas;
  readonly results: Map<number, ResultToKeep>;
}

/** The photo, its drawing and its results. The messages of its errors are for people. */
export class PhotoWorker {
  readonly #description: EditorDescription;
  readonly #tell: (event: WorkerEvent) => void;
  readonly #results: Results;
  readonly #keeper: Keeper;
  /** Results that are being made ready to be stored. */
  #preparing = 0;
  readonly #engines: Engines;
  readonly #edges: EdgeFinder;
  readonly #tab: string;
  #record: OpenRecord | undefined;
  /** The record's photo with its drawing. */
  #current: OpenEdit | undefined;
  /** The number of the state that the last act led to, unless it was undone: it has no result yet. */
  #justReached: number | undefined;
  /** How many acts the page has told of. */
  #acts = 0;

  /** @param tab what tells this page from others. */
  constructor(description: EditorDescription, tab: string, tell: (event: WorkerEvent) => void) {
    this.#description = description;
    this.#tell = tell;
    this.#tab = tab;
    this.#edges = new EdgeFinder(description);
    this.#engines = new Engines(description, (states, used) => tell({ kind: 'engines', states, used }));
    this.#results = new Results(description.model, this.#engines, tell, () => void this.#keepResult());
    this.#keeper = new Keeper(tab, (problem) => this.#tellKept(problem));
  }

  /** Begins an edit with a photo or a project, which is known by its content. @param others records in other tabs */
  open(blob: Blob, name: string, settings: Settings, others: ReadonlySet<string>): Promise<Opened> {
    return forPeople(async () => {
      const isProject = blob.type === 'application/json' || name.endsWith('.json');
      const project = isProject ? decodeProject(await blob.text()) : undefined;
      const source = project?.photo ?? blob;
      const decoded = await decodePhoto(source);
      const drawing = project ? await decodeDrawing(project, decoded.photo) : [];
      const start = { drawing, l: project?.l ?? settings.l, region: settings.region };
      return this.#beginRecord({ name: project?.name ?? name, source, start }, decoded, others);
    });
  }

  openSample(
    { name, photo, hole, sketch }: SampleFiles,
    settings: Settings,
    others: ReadonlySet<string>,
  ): Promise<Opened> {
    return forPeople(async () => {
      const source = await load(photo);
      const decoded = await decodePhoto(source);
      const files = {
        hole: hole ? await load(hole) : undefined,
        sketch: sketch ? await load(sketch) : undefined,
      };
      const drawing = await decodeDrawing(files, decoded.photo);
      return this.#beginRecord({ name, source, start: { drawing, ...settings } }, decoded, others);
    });
  }

  /** Opens an edit that the browser has kept. This tab leads it then. */
  openRecord(id: string): Promise<Opened> {
    return forPeople(async () => {
      await this.#keeper.flush();
      const stored = await openRecord(id, this.#tab);
      if (!stored) throw new Problem('This edit is no longer kept: it has been deleted.');
      const { row, steps } = stored;
      const photos = [...stored.photos];
      const history = new History(row.start, steps, row.position);
      const decoded = await decodePhoto(photos[history.photo]);
      this.#keeper.opened(stored);
      const { name, thumbnail } = row;
      const opened = this.#use({ id, name, photos, history, thumbnail, results: new Map() }, decoded);
      return { ...opened, history: { start: row.start, steps, position: row.position } };
    });
  }

  /** The edits that the browser has kept, the newest first. @throws Problem where it keeps nothing. */
  async listRecords(): Promise<Row[]> {
    try {
      return await listRecords();
    } catch (error) {
      throw new Problem(reasonOf(error as Error));
    }
  }
  renameRecord(id: string, name: string): Promise<void> {
    if (this.#record?.id === id) this.#record.name = name;
    return forPeople(() => renameRecord(id, name));
  }
  deleteRecord(id: string): Promise<void> {
    return forPeople(() => deleteRecord(id));
  }

  /** Leaves the edit to another tab, once all of it is stored. */
  async close(): Promise<void> {
    this.#results.stop();
    this.#record = undefined;
    this.#current = undefined;
    await this.#keeper.flush();
  }

  /** Goes on with the result as photo. The page tells then that it did so. */
  useResult(): Promise<Opened & { photo: number }> {
    return forPeople(async () => {
      const record = this.#open;
      const source = await encodePng(patched(this.#patch));
      const decoded = await decodePhoto(source);
      const photo = record.history.photo + 1;
      record.photos.length = photo;
      record.photos.push(source);
      return { ...this.#show(record, decoded, photo, []), photo };
    });
  }

  /** The user has done something. */
  act(act: Act): void {
    this.#acts += 1;
    const record = this.#record;
    if (!record) return;
    this.#justReached = record.history.push(act).id;
    if (act.kind === 'draw') this.#current?.change(act.command);
    else if (act.kind === 'region') this.#tellOfFace();
    this.#keep(record);
    void this.#keepResult();
  }

  /** The user has undone or done again one step. Gives the photo, where that is another one then. */
  walk(direction: 'undo' | 'redo'): Promise<Opened | undefined> {
    this.#acts += 1;
    return forPeople(async () => {
      const { history } = this.#open;
      const step = history[direction]();
      this.#justReached = undefined;
      if (step?.kind === 'draw') this.#current?.change(step.command);
      if (step?.kind === 'region') this.#tellOfFace();
      try {
        if (step?.kind !== 'photo') return undefined;
        const decoded = await decodePhoto(this.#open.photos[history.photo]);
        return this.#show(this.#open, decoded, history.photo, history.drawing);
      } finally {
        this.#keep(this.#open);
      }
    });
  }

  /** Whether a picture may be a layer of the photo that is open rather than another photo. */
  async mayBeLayer(blob: Blob): Promise<boolean> {
    // What cannot be read is opened as a photo, which says why it cannot.
    return this.#current !== undefined && mayBeLayer(blob, this.#current.photo).catch(() => false);
  }

  /** A layer from a picture, as changes of an empty one. */
  readLayer(blob: Blob, layer: LayerName): Promise<Command> {
    return forPeople(() => decodeLayer(blob, this.#edit.photo, layer));
  }

  /** Lines where the photo has edges, inside the hole. */
  findEdges(): Promise<Runs> {
    return forPeople(async () => {
      const edit = this.#edit;
      if (!holeBounds(edit.hole)) throw new Problem('Paint a hole first: lines are drawn inside it.');
      const region = await regionFor(edit, this.#open.history.region, this.#description.model.resolution);
      return this.#edges.find(edit, region);
    });
  }

  /** A file, and a name for it. */
  save(what: Saveable): Promise<{ blob: Blob; name: string }> {
    return forPeople(async () => {
      const blob = await this.#savers[what]();
      return { blob, name: `${baseName(this.#open.name)}${suffixes[what]}` };
    });
  }

  /** Begins to compute a result; what comes of it is told as {@link Progress}. */
  predict(wanted: Wanted): void {
    const [record, current] = [this.#record, this.#current];
    if (!record || !current) return;
    current.l = wanted.l;
    const kept = wanted.anew ? Promise.resolve(undefined) : this.#kept(record, wanted.l);
    void this.#results.request(current, record.history.region, wanted, kept);
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
      const { source, hole, sketch, strokes, l } = this.#edit;
      return encodeProject({
        name: this.#open.name,
        photo: source,
        hole: await encodePng(hole),
        sketch: await encodePng(sketch),
        colour: strokes && (await encodePng(strokes)),
        l,
      });
    },
  };

  /** Begins a record. Where there are too many then, the oldest go. */
  async #beginRecord(
    { name, source, start }: { name: string; source: Blob; start: Start },
    decoded: DecodedPhoto,
    others: ReadonlySet<string>,
  ): Promise<Opened> {
    const id = randomId();
    const history = new History(start);
    const opened = this.#use({ id, name, photos: [source], history, results: new Map() }, decoded);
    void this.#tidy(new Set([...others, id]));
    const { exceptions } = decoded;
    return { ...opened, exceptions, history: { start, steps: [], position: startId } };
  }

  /** Tells what has been stored. What is done to an edit with which another tab goes on is kept as a copy. */
  #tellKept(problem: Error | undefined): void {
    const record = this.#record;
    if (problem instanceof Displaced && record?.id === problem.record) {
      const copy = { ...record, id: randomId(), name: `${record.name} (copy)` };
      this.#record = copy;
      this.#keep(copy);
      this.#tell({ kind: 'copied', id: copy.id, name: copy.name });
    } else if (problem || this.#preparing === 0)
      this.#tell({ kind: 'kept', acts: this.#acts, problem: problem && reasonOf(problem) });
  }

  /** Removes the oldest records where there are too many. @param open those that must stay. */
  async #tidy(open: ReadonlySet<string>): Promise<void> {
    await this.#keeper.flush();
    try {
      const rows = await listRecords();
      const removed = surplus(rows, open);
      for (const { id } of removed) await deleteRecord(id);
      const next = nextToGo(
        rows.filter((row) => !removed.includes(row)),
        open,
      );
      if (removed.length > 0 || next)
        this.#tell({ kind: 'removed', names: removed.map(({ name }) => name), next: next?.name });
    } catch {
      // Without a storage there is nothing to tidy up; that it is missing has been told.
    }
  }

  /** Goes on with another record. */
  #use(record: OpenRecord, decoded: DecodedPhoto): Opened {
    this.#record = record;
    this.#justReached = undefined;
    const { history } = record;
    const opened = this.#show(record, decoded, history.photo, history.drawing);
    this.#keep(record);
    if (!record.thumbnail) void this.#keepThumbnail(record);
    return opened;
  }

  /** Goes on with another photo of the record. */
  #show(
    record: OpenRecord,
    { photo, pictures }: DecodedPhoto,
    k: number,
    drawing: readonly Command[],
  ): Opened {
    this.#results.stop();
    const { id, name, photos, history } = record;
    this.#current = new OpenEdit(photos[k], photo, drawing);
    this.#current.l = history.l;
    record.small = smallCopy(pictures);
    this.#tellOfFace();
    const { width, height } = photo;
    return transfer({ id, name, width, height, pictures, drawing }, pictures);
  }

  #keep(record: OpenRecord): void {
    const { id, name, photos, history, results } = record;
    const newest = () => {
      const { start, steps, id: position } = history;
      return { id, name, photos, start, steps, position, thumbnail: record.thumbnail, results };
    };
    this.#keeper.keep(id, newest);
  }

  /** Until there is a result, the photo alone. */
  async #keepThumbnail(record: OpenRecord): Promise<void> {
    const thumbnail = await record.small?.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
    record.thumbnail ??= thumbnail;
    this.#keep(record);
  }

  /** The result of the state that one sees, where it has been kept. */
  async #kept({ id, history, results }: OpenRecord, l: number): Promise<ResultToKeep | undefined> {
    const state = history.id;
    const { region } = history;
    // A storage that is asked in vain would only hold up a result that is drawn for.
    if (l !== history.l || state === this.#justReached) return undefined;
    const found = results.get(state) ?? (await loadResult(id, state).catch(() => undefined));
    const fits = found?.l === l && found.region === region && found.model === this.#description.model.name;
    return fits ? found : undefined;
  }

  /** Keeps the result that one sees, if it is that of the state in the history, and a small picture of it. */
  async #keepResult(): Promise<void> {
    const [record, current, { patch }] = [this.#record, this.#current, this.#results];
    if (!record || !current || !patch) return;
    const { history } = record;
    const state = history.id;
    const isOfState =
      patch.edit === current &&
      patch.revision === current.revision &&
      patch.l === history.l &&
      patch.choice === history.region;
    if (!isOfState) return;
    this.#preparing += 1;
    this.#tell({ kind: 'keeping' });
    try {
      record.results.set(state, await toKeep(patch, this.#description.model.name));
      record.thumbnail = await thumbnailOf(record, patch);
    } finally {
      this.#preparing -= 1;
      // Also where another record is open by now: at the end of each write is told whether anything is left.
      if (this.#record) this.#keep(this.#record);
    }
  }

  /**
   * Tells whether the photo has a face, where the face is what the network shall see. Errors are left to the request for a
   * result, which meets them too.
   */
  #tellOfFace(): void {
    const edit = this.#current;
    if (!edit || this.#record?.history.region !== 'face') return;
    edit.face().then(
      (face) => edit === this.#current && this.#tell({ kind: 'face', found: face !== undefined }),
      () => {},
    );
  }

  get #open(): OpenRecord {
    if (!this.#record) throw new Problem('Open a photo first.');
    return this.#record;
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

/** Side of the small pictures of edits, px. */
const thumbnailSide = 240;

function smallCopy(pictures: readonly ImageBitmap[]): OffscreenCanvas {
  const [{ width, height }] = pictures;
  const scale = Math.min(1, thumbnailSide / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, width * scale), Math.max(1, height * scale));
  canvas.getContext('2d')?.drawImage(pictures[pictures.length - 1], 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** The photo with its result, small. */
async function thumbnailOf({ small }: OpenRecord, { edit, rect, pixels }: Patch): Promise<Blob | undefined> {
  if (!small) return undefined;
  const canvas = new OffscreenCanvas(small.width, small.height);
  const context = canvas.getContext('2d');
  const scale = small.width / edit.photo.width;
  const picture = await createImageBitmap(new ImageData(rgbaOf(pixels.data), pixels.width, pixels.height));
  context?.drawImage(small, 0, 0);
  context?.drawImage(
    picture,
    rect.left * scale,
    rect.top * scale,
    pixels.width * scale,
    pixels.height * scale,
  );
  picture.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
}

/** Why something could not be stored, for people. */
function reasonOf(error: Error): string {
  if (error instanceof Displaced) return error.message;
  if (error.name === 'QuotaExceededError')
    return 'The browser’s storage for this page is full. Delete old work under Recent, or save the project.';
  return `This browser window keeps nothing (${error.message}), as private ones do. Save the project before you close it.`;
}

const baseName = (name: string): string => name.replace(/(\.project)?\.\w{1,5}$/, '') || 'photo';

/** A drawing from its files, as changes of an empty one. */
async function decodeDrawing(
  { hole, sketch, colour }: { hole?: Blob | undefined; sketch?: Blob | undefined; colour?: Blob | undefined },
  size: Size,
): Promise<Command> {
  const layers = [
    ['hole', hole],
    ['lines', sketch],
    ['colour', colour],
  ] as const;
  const decoded = await Promise.all(
    layers.map(([layer, blob]) => (blob ? decodeLayer(blob, size, layer) : [])),
  );
  return decoded.flat();
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
