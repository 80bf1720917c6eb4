/**
 * The entry of the worker that holds the photo and does everything that touches many pixels, so that the page never
 * waits.
 */
import { expose, transfer } from 'comlink';
import type { EditorDescription, PhotoFace } from '../../wire.ts';
import type { Command, LayerName, Runs } from '../drawing/changes.ts';
import type { Point, Rect } from '../drawing/geometry.ts';
import { type Act, History, type Start, type Step, startId } from '../drawing/history.ts';
import { type EngineChoice, EngineFailure, type EngineId, type EngineState } from '../engines/engine.ts';
import { say } from '../texts/say.ts';
import { EdgeFinder } from './edges.ts';
import { OpenEdit } from './edit.ts';
import { type DecodedPhoto, decodeLayer, decodePhoto, mayBeLayer } from './files.ts';
import {
  Keeping,
  type KeepingEvent,
  keptRecords,
  type OpenRecord,
  smallCopy,
  smallResult,
} from './keeping.ts';
import { Models } from './models.ts';
import { type Beginning, readFile, readSample, type SampleFiles, type Settings } from './opening.ts';
import { Problem } from './pixels.ts';
import { deleteRecord, loadResult, loadResults, type Row, renameRecord } from './records.ts';
import { linesOf } from './refined.ts';
import {
  type KeptResult,
  type Patch,
  type Progress,
  partOf,
  picturesOf,
  Results,
  type ResultToKeep,
  refinedSketchOf,
  restored,
  type Wanted,
  type WantedPreview,
} from './results.ts';
import { encodeEdit, encodeResult, fileName, type Saveable } from './saving.ts';
import { pictureBy } from './side-by-side.ts';

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

/** What the page is told without asking. */
export type WorkerEvent =
  | Progress
  /** What is known of the engines, and which was used last. */
  | { kind: 'engines'; states: EngineState[]; used?: EngineId | undefined }
  /** The photo's faces; told when the user wants the network to see the face. */
  | { kind: 'faces'; faces: readonly PhotoFace[] }
  | KeepingEvent;

/** The photo, its drawing and its results. The messages of its errors are for people. */
export class PhotoWorker {
  readonly #description: EditorDescription;
  readonly #tell: (event: WorkerEvent) => void;
  readonly #keeping: Keeping;
  readonly #models: Models;
  /** What the model has made. */
  #results: Results;
  /** Aborted when the models' pictures are no longer wanted. */
  #sideBySide = new AbortController();
  readonly #edges: EdgeFinder;
  readonly #tab: string;
  /** The record's photo with its drawing. */
  #current: OpenEdit | undefined;
  /** The newest result with the photo, small. */
  #picture: OffscreenCanvas | undefined;

  /** @param tab what tells this page from others. */
  constructor(description: EditorDescription, tab: string, tell: (event: WorkerEvent) => void) {
    this.#description = description;
    this.#tell = tell;
    this.#tab = tab;
    this.#edges = new EdgeFinder(description);
    this.#models = new Models(description, (states, used) => tell({ kind: 'engines', states, used }));
    this.#keeping = new Keeping(tab, description.model.name, tell);
    this.#results = this.#newResults();
  }

  /** Begins an edit with a photo or a project, which is known by its content. @param others records in other tabs */
  open(blob: Blob, name: string, settings: Settings, others: ReadonlySet<string>): Promise<Opened> {
    return forPeople(async () => this.#beginRecord(await readFile(blob, name, settings), others));
  }

  openSample(sample: SampleFiles, settings: Settings, others: ReadonlySet<string>): Promise<Opened> {
    return forPeople(async () => this.#beginRecord(await readSample(sample, settings), others));
  }

  /** Opens an edit that the browser has kept. This tab leads it then. */
  openRecord(id: string): Promise<Opened> {
    return forPeople(async () => {
      const stored = await this.#keeping.read(id, this.#tab);
      const { row, steps } = stored;
      const photos = [...stored.photos];
      const history = new History(row.start, steps, row.position);
      const decoded = await decodePhoto(photos[history.photo]);
      const opened = this.#use(this.#keeping.goOn(stored, photos, history), decoded);
      return handedOver({ ...opened, history: { start: row.start, steps, position: row.position } });
    });
  }

  /** The edits that the browser has kept, the newest first. @throws Problem where it keeps nothing. */
  listRecords(): Promise<Row[]> {
    return keptRecords();
  }
  renameRecord(id: string, name: string): Promise<void> {
    const { record } = this.#keeping;
    if (record?.id === id) record.name = name;
    return forPeople(() => renameRecord(id, name));
  }
  deleteRecord(id: string): Promise<void> {
    return forPeople(() => deleteRecord(id));
  }

  /** Leaves the edit to another tab, once all of it is stored. */
  async close(): Promise<void> {
    this.#results.stop();
    this.#current = undefined;
    await this.#keeping.close();
  }

  /** Goes on with the result as photo. The page tells then that it did so. */
  useResult(): Promise<Opened & { photo: number }> {
    return forPeople(async () => {
      const record = this.#open;
      const source = await encodeResult(this.#patch, this.#models.current);
      const decoded = await decodePhoto(source);
      const photo = record.history.photo + 1;
      record.photos.length = photo;
      record.photos.push(source);
      return handedOver({ ...this.#show(record, decoded, photo, []), photo });
    });
  }

  /** The user has done something. */
  act(act: Act): void {
    this.#keeping.countAct();
    const { record } = this.#keeping;
    if (!record) return;
    const step = record.history.push(act);
    if (act.kind === 'draw') this.#current?.change(act.command);
    else if (act.kind === 'region') this.#tellOfFaces();
    else if (act.kind === 'model') this.#followModel(record.history);
    else if (act.kind === 'face') this.#current?.chooseFace(act.face);
    this.#keeping.keep(step);
    this.#keepResult();
  }

  /** The user has undone or done again one step. Gives the photo, where that is another one then. */
  walk(direction: 'undo' | 'redo'): Promise<Opened | undefined> {
    this.#keeping.countAct();
    return forPeople(async () => {
      const record = this.#open;
      const { history } = record;
      const step = history[direction]();
      if (step?.kind === 'draw') this.#current?.change(step.command);
      if (step?.kind === 'model') this.#followModel(history);
      if (step?.kind === 'region') this.#tellOfFaces();
      if (step?.kind === 'face') this.#current?.chooseFace(history.face);
      try {
        if (step?.kind !== 'photo') return undefined;
        const decoded = await decodePhoto(record.photos[history.photo]);
        return handedOver(this.#show(record, decoded, history.photo, history.drawing));
      } finally {
        this.#keeping.keep();
      }
    });
  }

  /** Whether a picture may be a layer of the photo that is open rather than another photo. */
  async mayBeLayer(blob: Blob): Promise<boolean> {
    // What cannot be read is opened as a photo, which says why it cannot.
    return this.#current !== undefined && mayBeLayer(blob, this.#current.photo).catch(() => false);
  }

  /** What makes a layer that of a picture. */
  readLayer(blob: Blob, layer: LayerName): Promise<Command> {
    return forPeople(async () => {
      const edit = this.#edit;
      return edit.replacing(layer, await decodeLayer(blob, edit.photo, layer));
    });
  }

  /** The 68 landmarks of each of the photo's faces, px. @throws Problem when it has none */
  findLandmarks(): Promise<readonly (readonly Point[])[]> {
    return forPeople(async () => {
      const faces = await this.#edit.faces();
      if (faces.length === 0)
        throw new Problem(say`No face is found in this photo: mark the part with the lasso.`);
      return faces.map(({ landmarks }) => landmarks);
    });
  }

  /** Lines where the photo has edges, inside the hole. */
  findEdges(): Promise<Runs> {
    return forPeople(async () => {
      const edit = this.#edit;
      if (!edit.holeBounds) throw new Problem(say`Paint a hole first: lines are drawn inside it.`);
      const region = await edit.region(this.#open.history.region, this.#description.model.resolution);
      return this.#edges.find(edit, region);
    });
  }

  /** The drawing's lines with S_gen of the newest result in their place: what changes to that. */
  refinedLines(): Promise<Command> {
    return forPeople(async () => {
      const patch = this.#patch;
      const refined = refinedSketchOf(patch);
      if (!refined) throw new Problem(say`This model makes no lines of its own.`);
      return patch.edit.replacing('lines', linesOf(refined, patch.edit));
    });
  }

  /** A file, and a name for it. */
  save(what: Saveable): Promise<{ blob: Blob; name: string }> {
    return forPeople(async () => {
      const { name } = this.#open;
      const blob =
        what === 'result'
          ? await encodeResult(this.#patch, this.#models.current)
          : await encodeEdit(what, this.#edit, name);
      return { blob, name: fileName(what, name) };
    });
  }

  /** Begins to compute a result; what comes of it is told as {@link Progress}. */
  predict(wanted: Wanted): void {
    const [{ record }, current] = [this.#keeping, this.#current];
    if (!record || !current) return;
    current.showUnfinished([]);
    current.l = wanted.l;
    const findKept = async () => (wanted.anew ? undefined : this.#keeping.findResult(wanted.l));
    this.#results.request(current, record.history.region, wanted, findKept);
  }

  /** Begins to compute what a stroke leads to that is not finished. @param unfinished what it has changed until now */
  preview(wanted: WantedPreview, unfinished: Command): void {
    const [{ record }, current] = [this.#keeping, this.#current];
    if (!record || !current) return;
    current.showUnfinished(unfinished);
    this.#results.preview(current, record.history.region, wanted);
  }

  /** The results of this edit that are kept, in the order of what was done. */
  listResults(): Promise<KeptResult[]> {
    return forPeople(async () => {
      const { id, results, history } = this.#open;
      const kept = new Map([...(await loadResults(id)), ...results]);
      return [startId, ...history.steps.map((step) => step.id)].flatMap((state) => {
        const found = kept.get(state);
        const isOfPhoto = history.photoOf(state) === history.photo;
        return found ? [{ state, l: found.l, model: found.model, isOfPhoto }] : [];
      });
    });
  }

  /** A result of the photo that is open, and copies of half the size each; undefined where it is no longer kept. */
  readResult(state: number, detail: boolean): Promise<{ rect: Rect; pictures: ImageBitmap[] } | undefined> {
    return forPeople(async () => {
      const [record, { source, photo }] = [this.#open, this.#edit];
      const kept = await keptResult(record, state);
      // The hole of that state is not the one that is drawn now.
      const { resolution } = this.#models.current;
      const edit = new OpenEdit(source, photo, record.history.drawingOf(state), resolution);
      if (!kept || !edit.holeBounds) return undefined;
      const patch = restored(edit, edit.holeBounds, kept, detail);
      const pictures = await picturesOf(patch);
      return transfer({ rect: patch.rect, pictures }, pictures);
    });
  }

  /** What the network made of a state, at most so many px a side; undefined where it is no longer kept. */
  smallResult(state: number, side: number): Promise<ImageBitmap | undefined> {
    return forPeople(async () => {
      const kept = await keptResult(this.#open, state);
      if (!kept) return undefined;
      const part = partOf(kept);
      const scale = side / Math.max(part.width, part.height);
      const picture = await createImageBitmap(part, {
        resizeWidth: Math.max(1, Math.round(part.width * scale)),
        resizeHeight: Math.max(1, Math.round(part.height * scale)),
        resizeQuality: 'medium',
      });
      return transfer(picture, [picture]);
    });
  }

  /** The hole and what is around it, as a model of this name fills it. @param side of the picture, px */
  pictureBy(name: string, side: number): Promise<ImageBitmap> {
    return forPeople(async () => {
      const { region } = this.#open.history;
      const { signal } = this.#sideBySide;
      const picture = await pictureBy(this.#models.description(name), this.#edit, region, side, signal);
      return transfer(picture, [picture]);
    });
  }

  /** No pictures are wanted any more that {@link pictureBy} was asked for. */
  endPictures(): void {
    this.#sideBySide.abort(new Problem('closed'));
    this.#sideBySide = new AbortController();
  }

  setEngine(engine: EngineChoice): void {
    this.#models.choose(engine);
    this.#results.forget();
  }

  #beginRecord({ name, source, decoded, start }: Beginning, others: ReadonlySet<string>): Opened {
    const record = this.#keeping.begin({ name, photos: [source], history: new History(start) });
    const opened = this.#use(record, decoded);
    void this.#keeping.tidy(others);
    const { exceptions } = decoded;
    return handedOver({ ...opened, exceptions, history: { start, steps: [], position: startId } });
  }

  /** Goes on with another record. */
  #use(record: OpenRecord, decoded: DecodedPhoto): Opened {
    const { history } = record;
    const opened = this.#show(record, decoded, history.photo, history.drawing);
    // Until there is a result, the photo alone.
    if (!record.thumbnail) record.picture = record.small;
    this.#keeping.keep();
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
    this.#followModel(history);
    this.#current = new OpenEdit(photos[k], photo, drawing, this.#models.current.resolution);
    this.#current.l = history.l;
    this.#current.chooseFace(history.face);
    record.small = smallCopy(pictures);
    this.#tellOfFaces();
    const { width, height } = photo;
    return { id, name, width, height, pictures, drawing };
  }

  /** Goes on with the model of the edit. */
  #followModel(history: History): void {
    if (!this.#models.use(history.model)) return;
    this.#results.stop();
    const { name, resolution } = this.#models.current;
    this.#keeping.model = name;
    this.#results = this.#newResults();
    this.#current?.setResolution(resolution);
  }

  #newResults(): Results {
    return new Results(this.#models.current, this.#models.engines, this.#tell, (...shown) =>
      this.#noteResult(...shown),
    );
  }

  /** @param picture of the newest result, small. */
  #noteResult(picture: ImageBitmap, isKept: boolean): void {
    const [{ patch }, small] = [this.#results, this.#keeping.record?.small];
    if (patch && small) this.#picture = smallResult(small, patch.edit.photo, patch.rect, picture);
    if (!isKept) this.#keepResult();
  }

  /** Keeps the result that one sees, if it is that of the state in the history. */
  #keepResult(): void {
    const [{ record }, current, { patch }] = [this.#keeping, this.#current, this.#results];
    if (!record || !current || !patch) return;
    const { history } = record;
    const isOfState =
      patch.edit === current &&
      patch.revision === current.revision &&
      patch.l === history.l &&
      patch.choice === history.region;
    if (isOfState) this.#keeping.keepResult(patch, this.#picture);
  }

  /**
   * Tells of the photo's faces, where the face is what the network shall see. Errors are left to the request for a
   * result, which meets them too.
   */
  #tellOfFaces(): void {
    const edit = this.#current;
    if (!edit || this.#keeping.record?.history.region !== 'face') return;
    edit.faces().then(
      (faces) => edit === this.#current && this.#tell({ kind: 'faces', faces }),
      () => {},
    );
  }

  get #open(): OpenRecord {
    const { record } = this.#keeping;
    if (!record) throw new Problem(say`Open a photo first.`);
    return record;
  }

  get #edit(): OpenEdit {
    if (!this.#current) throw new Problem(say`Open a photo first.`);
    return this.#current;
  }

  /** The result of the drawing as it is now. */
  get #patch(): Patch {
    const { patch } = this.#results;
    if (patch && patch.edit === this.#current && patch.revision === this.#current.revision) return patch;
    throw new Problem(say`There is no result of this drawing yet.`);
  }
}

/** What the page gets with its pictures themselves: copies would cost it and the worker time and memory. */
const handedOver = <T extends Opened>(opened: T): T => transfer(opened, opened.pictures);

const keptResult = async ({ id, results }: OpenRecord, state: number): Promise<ResultToKeep | undefined> =>
  results.get(state) ?? (await loadResult(id, state));

/** Turns errors that are not meant for people into one that is, and logs them. */
async function forPeople<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem || error instanceof EngineFailure) throw error;
    console.error(error);
    throw new Problem(say`This failed: ${(error as Error).message}`);
  }
}

expose(PhotoWorker);
