/** The editor's state, and what one can do with it. The parts of the page watch it and call it. */
import { proxy, type Remote, wrap } from 'comlink';
import type { Region } from '../../../infer/raster.ts';
import type { RegionChoice } from '../../../infer/region.ts';
import type { EditorDescription, ModelDescription, PhotoFace } from '../../wire.ts';
import type { Command, LayerName } from '../drawing/changes.ts';
import { Drawing } from '../drawing/drawing.ts';
import type { Point, Rect } from '../drawing/geometry.ts';
import { type Act, History } from '../drawing/history.ts';
import { inTasks, type Steps } from '../drawing/steps.ts';
import { type EngineChoice, type EngineId, type EngineState, shortNames } from '../engines/engine.ts';
import { language, say } from '../texts/say.ts';
import type { Tool } from '../tools/tool.ts';
import { groupOf, toolOf } from '../tools/tools.ts';
import { type Camera, wholePhoto } from '../view/viewport.ts';
import type { Row } from '../worker/records.ts';
import type { KeptResult } from '../worker/results.ts';
import type { Opened, PhotoWorker, SampleFiles, Saveable, Settings, WorkerEvent } from '../worker/worker.ts';
import { preferences } from './preferences.ts';
import { Signal } from './signal.ts';
import { beforeNextFrame } from './stage.ts';
import { Tabs } from './tabs.ts';
import { needOf, takes } from './takes.ts';

export interface OpenPhoto {
  /** What was done to the edit, this photo and those before it. */
  readonly history: History;
  /** Changes with every photo. */
  readonly drawing: Drawing;
  /** The photo and copies of half the size each. */
  readonly pictures: readonly ImageBitmap[];
}

type Outcome =
  | { readonly kind: 'none' }
  /** `shown`: an older result that stays until the new one is there. */
  | { readonly kind: 'computing'; readonly since: number; readonly shown?: Shown | undefined }
  | (Shown & { readonly kind: 'shown' })
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly engine?: EngineId | undefined;
      readonly shown?: Shown | undefined;
    };

interface Shown {
  readonly rect: Rect;
  /** And copies of half the size each. */
  readonly pictures: readonly ImageBitmap[];
  /** What the network was shown, and S_gen over it, where the model makes it. */
  readonly region: Region;
  /** Side of what it made of it, px. */
  readonly side: number;
  readonly refined?: ImageBitmap | undefined;
  readonly l: number;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/** While a result takes longer than this, ms, none is computed of a stroke that is not finished: its own would wait for it. */
const fastEnough = 250;

interface Compared {
  /** For people. */
  readonly name: string;
  readonly rect: Rect;
  readonly pictures: readonly ImageBitmap[];
}

/** A sentence for the user, with at most one thing to do about it. */
export interface Notice {
  readonly text: string;
  readonly isProblem: boolean;
  readonly action?: { readonly name: string; run(): void };
}

export class Editor {
  readonly description: EditorDescription;
  /** All models of the server. */
  readonly models: readonly ModelDescription[];
  /** The one that makes the results. */
  readonly model: Signal<ModelDescription>;
  readonly photo = new Signal<OpenPhoto | undefined>(undefined);
  readonly camera = new Signal<Camera>({ zoom: 1, centre: { x: 0, y: 0 } });
  readonly tool = new Signal<Tool>(toolOf('hole'));
  /** What was drawn on last: what the eraser erases. */
  readonly layer = new Signal<LayerName>('hole');
  readonly l = new Signal(0.5);
  readonly region: Signal<RegionChoice>;
  /** The photo's faces from left to right; undefined while nobody knows. */
  readonly faces = new Signal<readonly PhotoFace[] | undefined>(undefined);
  readonly engineChoice = new Signal<EngineChoice>('auto');
  readonly engines = new Signal<{ states: EngineState[]; used?: EngineId | undefined }>({ states: [] });
  readonly outcome = new Signal<Outcome>({ kind: 'none' });
  /** A result of the stroke that is being drawn. */
  readonly preview = new Signal<Shown | undefined>(undefined);
  /** An earlier result that the one that is shown is compared with. */
  readonly compared = new Signal<Compared | undefined>(undefined);
  /** Why what is done is not kept in the browser; undefined while it is. */
  readonly unkept = new Signal<string | undefined>(undefined);
  /** Whether something was done or computed last that is not stored yet. */
  readonly isStoring = new Signal(false);
  /** Counts changes of the drawing. */
  readonly revision = new Signal(0);
  /** What is being done, for people, while a photo is opened or written. Nothing can be drawn then. */
  readonly busy = new Signal<string | undefined>(undefined);
  readonly notice = new Signal<Notice | undefined>(undefined);
  /** Called for parts of the drawing that look different now. */
  onRepaint: (rect: Rect) => void = () => {};
  onThumbnail: (l: number, picture: ImageBitmap) => void = () => {};
  /** Called before something is done that no stroke may go on over: it is finished. */
  onInterrupt: () => void = () => {};
  readonly #tabs = new Tabs(() => this.#leave());
  /** The name of the edit that is open. */
  #name = '';
  /** How many acts the worker has been told of. */
  #acts = 0;
  /** Holds the photo, and computes. */
  readonly #worker: Promise<Remote<PhotoWorker>>;
  #request = 0;
  /** A change of the drawing that is under way; another one waits for it. */
  #changing: Promise<void> | undefined;
  /** What the stroke that is being drawn has changed since its newest preview was asked for. */
  #unfinished: (() => Command) | undefined;
  /** The request for a preview that is under way. */
  #previewing: number | undefined;
  readonly #askForPreview = beforeNextFrame(() => this.#previewUnfinished());

  constructor(description: EditorDescription) {
    this.description = description;
    this.models = [description.model, ...(description.otherModels ?? [])];
    this.model = new Signal(description.model);
    // Networks learn from whole faces. A page without a server finds none.
    this.region = new Signal<RegionChoice>(description.server ? 'face' : 'hole');
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: language });
    // The worker has ended, for example for want of memory, and will answer nothing any more.
    worker.onerror = ({ message = say`it could not be loaded` }) => this.#complainOfWorker(message);
    const receive = (event: WorkerEvent) => {
      try {
        this.#receive(event);
      } catch (error) {
        // comlink would throw it in the worker, but it is the page's.
        reportError(error);
      }
    };
    this.#worker = new (wrap<typeof PhotoWorker>(worker))(description, this.#tabs.id, proxy(receive));
    this.tool.watch(({ layer }) => {
      if (layer) this.layer.value = layer;
    });
  }

  /** Whether there is a result of the drawing as it is now. */
  get isCurrent(): boolean {
    return this.outcome.value.kind === 'shown';
  }

  /** What a new edit begins with. */
  get #settings(): Settings {
    return { l: this.l.value, region: this.region.value, model: this.model.value.name };
  }

  /** Begins an edit with a photo or a project. The one that was open stays among the recent ones. */
  open(blob: Blob, name: string): Promise<void> {
    return this.#begin(say`Opening ${name}`, async (worker) =>
      worker.open(blob, name, this.#settings, await this.#tabs.others()),
    );
  }

  openSample(sample: SampleFiles): Promise<void> {
    return this.#begin(say`Opening the example`, async (worker) =>
      worker.openSample(sample, this.#settings, await this.#tabs.others()),
    );
  }

  /** Opens a recent edit, unless it is open in another tab. */
  async openRecent(id: string, name: string): Promise<void> {
    if ((await this.#tabs.others()).has(id)) this.#offerToGoOn(id, say`“${name}” is open in another tab.`);
    else await this.#openRecord(id);
  }

  /** The recent edits, the newest first, and which of them are open here or in another tab. */
  async recent(): Promise<{ rows: Row[]; others: ReadonlySet<string>; own: string | undefined }> {
    const [rows, others] = await Promise.all([
      this.#ask((worker) => worker.listRecords()),
      this.#tabs.others(),
    ]);
    return { rows, others, own: this.photo.value && this.#tabs.last };
  }
  rename(id: string, name: string): Promise<void> {
    if (id === this.#tabs.last) this.#name = name;
    return this.#ask((worker) => worker.renameRecord(id, name));
  }
  remove(id: string): Promise<void> {
    return this.#ask((worker) => worker.deleteRecord(id));
  }

  /** Brings back what this tab had when it was closed; a new tab gets the newest edit, if no other has it. */
  async restore(): Promise<void> {
    const { last } = this.#tabs;
    let open: string | undefined;
    await this.#work(say`Opening what was here`, async () => {
      const { rows, others } = await this.recent().catch((error: Error) => {
        this.unkept.value = error.message;
        this.#complain(error.message);
        return { rows: [], others: new Set() };
      });
      const row = rows.find(({ id }) => id === last) ?? rows[0];
      if (row && !others.has(row.id)) open = row.id;
      else if (row && row.id === last) this.#offerToGoOn(row.id, say`“${row.name}” is open in another tab.`);
    });
    if (open) await this.#openRecord(open);
  }

  #openRecord(id: string): Promise<void> {
    return this.#begin(say`Opening what was here`, (worker) => worker.openRecord(id));
  }

  #offerToGoOn(id: string, text: string): void {
    const goOn = async () => {
      await this.#tabs.takeOver(id);
      await this.#openRecord(id);
    };
    this.notice.value = { text, isProblem: false, action: { name: say`Go on here`, run: () => void goOn() } };
  }

  /** Leaves the edit to another tab. */
  async #leave(): Promise<void> {
    while (this.#changing) await this.#changing;
    this.onInterrupt();
    const { value } = this.photo;
    const id = this.#tabs.last;
    this.#request += 1;
    this.#endPreview();
    this.outcome.value = { kind: 'none' };
    this.photo.value = undefined;
    this.#tabs.lead(undefined);
    await this.#ask((worker) => worker.close());
    if (value && id) this.#offerToGoOn(id, say`“${this.#name}” goes on in another tab.`);
  }

  /** The result becomes the photo; undo goes back. */
  async useResult(): Promise<void> {
    if (!this.isCurrent || !this.photo.value) return;
    const { history } = this.photo.value;
    await this.#work(say`Taking the result as photo`, async () => {
      const opened = await this.#ask((worker) => worker.useResult());
      this.#act(history, { kind: 'photo', photo: opened.photo });
      await this.#show(opened, history);
      this.notice.value = {
        text: say`The result is the photo now.`,
        isProblem: false,
        action: { name: say`Go back`, run: () => this.undo() },
      };
    });
  }

  /** Whether a picture may be a layer of the photo that is open rather than another photo. */
  async mayBeLayer(blob: Blob): Promise<boolean> {
    let answer = false;
    await this.#work(say`Looking at the picture`, async () => {
      answer = await this.#ask((worker) => worker.mayBeLayer(blob));
    });
    return answer;
  }

  /** Takes a picture as hole, lines or colours, in place of what was drawn of them. */
  async importLayer(blob: Blob, layer: LayerName): Promise<void> {
    const { value } = this.photo;
    if (!value) return;
    await this.#work(say`Reading the picture`, async () => {
      const command = await this.#ask((worker) => worker.readLayer(blob, layer));
      await this.#inTasks(value.drawing.make(command));
    });
  }

  /** The 68 landmarks of each of the photo's faces, px; undefined where there are none, of which the user is told. */
  async findLandmarks(): Promise<readonly (readonly Point[])[] | undefined> {
    const { value } = this.photo;
    try {
      const landmarks = await this.#ask((worker) => worker.findLandmarks());
      // Another photo may be open meanwhile, or being opened.
      return value === this.photo.value && !this.busy.value ? landmarks : undefined;
    } catch (error) {
      this.#complain((error as Error).message);
      return undefined;
    }
  }

  /** Draws the photo's edges inside the hole. */
  async drawEdges(): Promise<void> {
    const { value } = this.photo;
    if (!value || this.busy.value) return;
    await this.#work(say`Finding edges`, async () => {
      const lines = await this.#ask((worker) => worker.findEdges());
      if (lines.length > 0) value.drawing.add({ lines });
      else this.notice.value = { text: say`The photo has no edges inside the hole.`, isProblem: false };
    });
  }

  /** S_gen of the result takes the place of the lines inside the hole. */
  async takeRefinedLines(): Promise<void> {
    const { value } = this.photo;
    if (!value || !this.isCurrent) return;
    await this.#work(say`Taking the lines`, async () => {
      const command = await this.#ask((worker) => worker.refinedLines());
      await this.#inTasks(value.drawing.make(command));
    });
  }

  async save(what: Saveable): Promise<void> {
    if (!this.photo.value || this.busy.value) return;
    await this.#work(say`Writing the file`, async () => {
      const { blob, name } = await this.#ask((worker) => worker.save(what));
      download(blob, name);
    });
  }

  /** Does something to the drawing that takes no pointer. */
  async change(work: (drawing: Drawing) => Steps): Promise<void> {
    while (this.#changing) await this.#changing;
    if (this.busy.value || !this.photo.value) return;
    this.onInterrupt();
    await this.#inTasks(work(this.photo.value.drawing));
  }
  undo(): void {
    void this.#walk('undo');
  }
  redo(): void {
    void this.#walk('redo');
  }

  /** The results of this edit, in the order of what was done. */
  results(): Promise<KeptResult[]> {
    return this.#ask((worker) => worker.listResults());
  }
  /** A small picture of one of {@link results}. */
  smallResult(state: number, side: number): Promise<ImageBitmap | undefined> {
    return this.#ask((worker) => worker.smallResult(state, side));
  }

  /** Undoes or does again until the edit is in a state of its history. */
  async goTo(state: number): Promise<void> {
    const { history } = this.photo.value ?? {};
    const direction = history && state < history.id ? 'undo' : 'redo';
    while (history && history.id !== state && (await this.#walk(direction)));
  }

  /** Shows one of {@link results} left of the divider, in place of the photo. Undefined: the photo again. */
  async compareWith(state: number | undefined, name = ''): Promise<void> {
    const { value } = this.photo;
    const read =
      state === undefined
        ? undefined
        : await this.#ask((worker) => worker.readResult(state, preferences.detail.value));
    if (value !== this.photo.value) return;
    close(this.compared.value);
    this.compared.value = read && { ...read, name };
  }

  /** Gives whether there was a step to walk. */
  async #walk(direction: 'undo' | 'redo'): Promise<boolean> {
    while (this.#changing) await this.#changing;
    const { value } = this.photo;
    if (!value || this.busy.value) return false;
    this.onInterrupt();
    const { history, drawing } = value;
    const step = history[direction]();
    if (!step) return false;
    this.#noteAct();
    const walked = this.#ask((worker) => worker.walk(direction));
    if (step.kind === 'photo') {
      await this.#work(say`Going back to another photo`, async () => {
        const opened = await walked;
        if (opened) await this.#show(opened, history);
      });
      return true;
    }
    walked.catch((error: Error) => this.#complainOfWorker(error.message));
    if (step.kind === 'draw') await this.#inTasks(drawing.apply(step.command));
    this.#follow(history);
    this.#changed();
    return true;
  }

  /** Shows l while its slider moves; {@link commitL} makes it part of the history. */
  setL(l: number): void {
    this.l.value = Math.round(Math.min(Math.max(l, 0), 1) * 100) / 100;
    this.predict();
  }
  commitL(): void {
    const { value } = this.photo;
    if (!value || value.history.l === this.l.value) return;
    this.#act(value.history, { kind: 'l', l: this.l.value });
    this.revision.value += 1;
  }

  setRegion(region: RegionChoice): void {
    const { value } = this.photo;
    this.region.value = region;
    if (!value) return;
    this.#act(value.history, { kind: 'region', region });
    this.#changed();
  }

  /** Goes on with another model. */
  setModel(model: ModelDescription): void {
    const { value } = this.photo;
    if (!value || model === this.model.value) return;
    this.#act(value.history, { kind: 'model', model: model.name });
    this.#follow(value.history);
    this.#changed();
  }

  /** The hole and what is around it, as a model fills it. */
  pictureBy({ name }: ModelDescription, side: number): Promise<ImageBitmap> {
    return this.#ask((worker) => worker.pictureBy(name, side));
  }
  endPictures(): void {
    this.#tell((worker) => worker.endPictures());
  }

  /** Another of {@link faces} is edited. */
  chooseFace(face: number): void {
    const { value } = this.photo;
    if (!value || this.busy.value || value.history.face === face) return;
    this.onInterrupt();
    this.#act(value.history, { kind: 'face', face });
    this.#changed();
  }

  setEngine(engine: EngineChoice): void {
    this.engineChoice.value = engine;
    this.#tell((worker) => worker.setEngine(engine));
    this.predict(true);
  }

  /** Asks for a result of what is not finished, unless one is under way or results take long. */
  #previewUnfinished(): void {
    const { value } = this.outcome;
    const isFast = value.kind === 'shown' && value.milliseconds <= fastEnough;
    if (!this.#unfinished || !isFast || this.#previewing !== undefined) return;
    const command = this.#unfinished();
    this.#unfinished = undefined;
    if (command.length === 0) {
      // The stroke has been taken back.
      if (this.preview.value) this.predict();
      return;
    }
    this.#request += 1;
    const wanted = { request: this.#request, l: this.l.value, detail: preferences.detail.value };
    this.#previewing = this.#request;
    this.#tell((worker) => worker.preview(wanted, command));
  }

  /** Asks for the result. @param anew it is computed also where it has been kept */
  predict(anew = false): void {
    const drawing = this.photo.value?.drawing;
    if (!drawing) return;
    this.#request += 1;
    const [before, preview] = [this.#result, this.preview.value];
    this.#endPreview();
    if (drawing.hole.isEmpty) close(preview);
    else {
      // The preview stays to be seen until there is a result.
      if (preview) close(before);
      this.outcome.value = { kind: 'computing', since: performance.now(), shown: preview ?? before };
    }
    const strip = this.model.value.controls.includes('l');
    const wanted = { request: this.#request, l: this.l.value, detail: preferences.detail.value, strip, anew };
    this.#tell((worker) => worker.predict(wanted));
  }

  /** No preview is wanted any more. */
  #endPreview(): void {
    this.#unfinished = undefined;
    this.#previewing = undefined;
    this.preview.value = undefined;
  }

  /** The result that is seen, perhaps of an older drawing or of the stroke that is being drawn. */
  get shown(): Shown | undefined {
    return this.preview.value ?? this.#result;
  }

  get #result(): Shown | undefined {
    const { value } = this.outcome;
    return value.kind === 'shown' ? value : value.kind === 'none' ? undefined : value.shown;
  }

  /** Calls the worker once it runs. The order of calls is kept. */
  async #ask<T>(work: (worker: Remote<PhotoWorker>) => Promise<T>): Promise<T> {
    return work(await this.#worker);
  }

  /** Calls the worker for something without an answer. */
  #tell(work: (worker: Remote<PhotoWorker>) => Promise<void>): void {
    this.#ask(work).catch((error: Error) => this.#complainOfWorker(error.message));
  }

  /** Opens a record. */
  async #begin(what: string, open: (worker: Remote<PhotoWorker>) => Promise<Opened>): Promise<void> {
    await this.#work(what, async () => {
      const opened = await this.#ask(open);
      const { id, name, history, exceptions = [] } = opened;
      if (!history) throw new Error('A record has a history.');
      const before = this.#name;
      const { last } = this.#tabs;
      const wasChanged = this.photo.value?.history.canUndo === true;
      this.#tabs.lead(id);
      this.#name = name;
      await this.#show(opened, new History(history.start, history.steps, history.position));
      if (exceptions.length > 0) {
        const text = say`A saved result will differ from this file outside the hole, too: ${exceptions.join('; ')}.`;
        this.notice.value = { text, isProblem: false };
      }
      if (wasChanged && last && last !== id) {
        const back = () => void this.openRecent(last, before);
        const text = say`“${before}” is kept under Recent.`;
        this.notice.value ??= { text, isProblem: false, action: { name: say`Go back to it`, run: back } };
      }
    });
  }

  /** Goes on with a photo and what is drawn on it. */
  async #show({ width, height, pictures, drawing: commands }: Opened, history: History): Promise<void> {
    const drawing = new Drawing(width, height, {
      repaint: (rect) => this.onRepaint(rect),
      progress: (changes) => {
        this.#unfinished = changes;
        this.#askForPreview();
      },
      change: (command) => {
        this.#act(history, { kind: 'draw', command });
        this.#changed();
      },
    });
    for (const command of commands) await this.#inTasks(drawing.apply(command));
    close(this.photo.value);
    close(this.preview.value);
    this.#endPreview();
    void this.compareWith(undefined);
    this.outcome.value = { kind: 'none' };
    this.faces.value = undefined;
    this.camera.value = wholePhoto({ width, height });
    this.#follow(history);
    this.photo.value = { history, drawing, pictures };
    this.#refresh();
  }

  /** Notes what the user has done. */
  #act(history: History, act: Act): void {
    history.push(act);
    this.#noteAct();
    this.#tell((worker) => worker.act(act));
  }

  #noteAct(): void {
    this.#acts += 1;
    this.isStoring.value = true;
  }

  /** Sets what the history says beside the drawing. */
  #follow(history: History): void {
    this.l.value = history.l;
    this.region.value = history.region;
    const [main] = this.models;
    this.model.value = this.models.find(({ name }) => name === history.model) ?? main;
    const { needs } = groupOf(this.tool.value) ?? {};
    if (!takes(this.model.value, needs)) this.tool.value = toolOf('hole');
    if (!takes(this.model.value, needOf[this.layer.value])) this.layer.value = 'hole';
  }

  #changed(): void {
    this.notice.value = undefined;
    this.#refresh();
  }

  #refresh(): void {
    this.revision.value += 1;
    this.predict();
  }

  /** Changes a drawing, in several tasks where that takes long. Nothing else can be done meanwhile. */
  async #inTasks(steps: Steps): Promise<void> {
    const busy = this.busy.value;
    this.#changing = inTasks(steps, () => {
      this.busy.value ??= say`Changing the drawing`;
    });
    try {
      await this.#changing;
    } finally {
      this.#changing = undefined;
      this.busy.value = busy;
    }
  }

  /** Does something that takes a while; an error is shown as a notice. */
  async #work(what: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.value) return;
    this.onInterrupt();
    this.busy.value = what;
    this.notice.value = undefined;
    try {
      await work();
    } catch (error) {
      this.#complain((error as Error).message);
    } finally {
      this.busy.value = undefined;
    }
  }

  #complain(text: string): void {
    this.notice.value = { text, isProblem: true };
  }

  #complainOfWorker(message: string): void {
    this.#complain(say`The editor’s worker failed (${message}). What was drawn is kept: reload the page.`);
  }

  #receive(event: WorkerEvent): void {
    if (event.kind === 'result' && event.failure) {
      this.notice.value = {
        text: say`${event.failure} ${shortNames[event.engine]} goes on.`,
        isProblem: true,
      };
    }
    // Answers to older requests may still arrive.
    if ('request' in event && event.request !== this.#request) return;
    if ('request' in event && event.request === this.#previewing) {
      this.#previewing = undefined;
      close(this.preview.value);
      this.preview.value = event.kind === 'preview' ? event : undefined;
      // What has been drawn since.
      this.#askForPreview();
      return;
    }
    const shown = this.#result;
    switch (event.kind) {
      case 'nothing':
        this.outcome.value = { kind: 'none' };
        break;
      case 'result':
        close(shown);
        this.outcome.value = { ...event, kind: 'shown' };
        // A stroke that was begun meanwhile.
        this.#askForPreview();
        break;
      case 'thumbnail':
        this.onThumbnail(event.l, event.picture);
        break;
      case 'failed':
        this.outcome.value = { kind: 'failed', message: event.message, engine: event.engine, shown };
        break;
      case 'engines':
        this.engines.value = event;
        break;
      case 'faces':
        this.faces.value = event.faces;
        break;
      case 'keeping':
        this.isStoring.value = true;
        break;
      case 'kept':
        if (event.problem && event.problem !== this.unkept.value) this.#complain(event.problem);
        this.unkept.value = event.problem;
        if (event.acts === this.#acts) this.isStoring.value = false;
        break;
      case 'copied':
        this.#tabs.lead(event.id);
        this.#name = event.name;
        this.notice.value = {
          text: say`Another tab goes on with this edit or has deleted it. What you do here is kept as “${event.name}”.`,
          isProblem: false,
        };
        break;
      case 'removed':
        // It must be seen, whatever else there is to say.
        this.notice.value = {
          ...this.notice.value,
          text: [this.notice.value?.text, removalText(event)].filter(Boolean).join('\n'),
          isProblem: this.notice.value?.isProblem ?? false,
        };
    }
  }
}

/** Frees the memory of pictures that are seen no more. */
function close(
  seen: { readonly pictures: readonly ImageBitmap[]; readonly refined?: ImageBitmap | undefined } | undefined,
): void {
  for (const picture of seen?.pictures ?? []) picture.close();
  seen?.refined?.close();
}

/** That recent work is full, and what that means. */
function removalText({ names, next }: { names: readonly string[]; next?: string | undefined }): string {
  const quoted = names.map((name) => say`“${name}”`).join(', ');
  return [
    names.length > 0 && say`Recent work was full: ${quoted}, the oldest, was removed.`,
    next && say`The next picture takes the place of “${next}”; save its project to keep it.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Hands a file to the browser's downloads. */
function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
