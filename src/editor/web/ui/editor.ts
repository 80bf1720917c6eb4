/** The editor's state, and what one can do with it. The parts of the page watch it and call it. */
import type { RegionChoice } from '../../../infer/region.ts';
import type { EditorDescription, ModelDescription, PhotoFace } from '../../wire.ts';
import type { LayerName } from '../drawing/changes.ts';
import { Drawing } from '../drawing/drawing.ts';
import type { Point, Rect } from '../drawing/geometry.ts';
import type { Act, History } from '../drawing/history.ts';
import { inTasks, type Steps } from '../drawing/steps.ts';
import { type EngineChoice, type EngineId, type EngineState, shortNames } from '../engines/engine.ts';
import { say } from '../texts/say.ts';
import type { Tool } from '../tools/tool.ts';
import { groupOf, toolOf } from '../tools/tools.ts';
import { type Camera, wholePhoto } from '../view/viewport.ts';
import type { KeepingEvent } from '../worker/keeping.ts';
import type { Settings } from '../worker/opening.ts';
import type { Saveable } from '../worker/saving.ts';
import type { Opened, WorkerEvent } from '../worker/worker.ts';
import { close, Results } from './results.ts';
import { Signal } from './signal.ts';
import { needOf, takes } from './takes.ts';
import { WorkerLine } from './worker-line.ts';

export interface OpenPhoto {
  /** What was done to the edit, this photo and those before it. */
  readonly history: History;
  /** Changes with every photo. */
  readonly drawing: Drawing;
  /** The photo and copies of half the size each. */
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
  readonly results: Results;
  /** The line to the worker that holds the photo, and computes. */
  readonly line: WorkerLine;
  /** Counts what was done, of which the worker has been told. */
  readonly acts = new Signal(0);
  /** Counts changes of the drawing. */
  readonly revision = new Signal(0);
  /** What is being done, for people, while a photo is opened or written. Nothing can be drawn then. */
  readonly busy = new Signal<string | undefined>(undefined);
  readonly notice = new Signal<Notice | undefined>(undefined);
  /** Called for parts of the drawing that look different now. */
  onRepaint: (rect: Rect) => void = () => {};
  /** Called before something is done that no stroke may go on over: it is finished. */
  onInterrupt: () => void = () => {};
  /** Called for what the worker tells of keeping the edit. */
  onKeeping: (event: KeepingEvent) => void = () => {};
  /** A change of the drawing that is under way; another one waits for it. */
  #changing: Promise<void> | undefined;

  /** @param tab what tells this page from others */
  constructor(description: EditorDescription, tab: string) {
    this.description = description;
    this.models = [description.model, ...(description.otherModels ?? [])];
    this.model = new Signal(description.model);
    // Networks learn from whole faces. A page without a server finds none.
    this.region = new Signal<RegionChoice>(description.server ? 'face' : 'hole');
    this.line = new WorkerLine(
      description,
      tab,
      (event) => this.#receive(event),
      (message) => this.#complainOfWorker(message),
    );
    this.results = new Results(this.line, () => this.#subject);
    this.tool.watch(({ layer }) => {
      if (layer) this.layer.value = layer;
    });
  }

  /** What a new edit begins with. */
  get settings(): Settings {
    return { l: this.l.value, region: this.region.value, model: this.model.value.name };
  }

  /** Ends with the photo once all that was done to it is stored. Gives whether one was open. */
  async close(): Promise<boolean> {
    while (this.#changing) await this.#changing;
    this.onInterrupt();
    const wasOpen = this.photo.value !== undefined;
    this.results.clear();
    this.photo.value = undefined;
    await this.line.ask((worker) => worker.close());
    return wasOpen;
  }

  /** The result becomes the photo; undo goes back. */
  async useResult(): Promise<void> {
    if (!this.results.isCurrent || !this.photo.value) return;
    const { history } = this.photo.value;
    await this.work(say`Taking the result as photo`, async () => {
      const opened = await this.line.ask((worker) => worker.useResult());
      this.#act(history, { kind: 'photo', photo: opened.photo });
      await this.show(opened, history);
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
    await this.work(say`Looking at the picture`, async () => {
      answer = await this.line.ask((worker) => worker.mayBeLayer(blob));
    });
    return answer;
  }

  /** Takes a picture as hole, lines or colours, in place of what was drawn of them. */
  async importLayer(blob: Blob, layer: LayerName): Promise<void> {
    const { value } = this.photo;
    if (!value) return;
    await this.work(say`Reading the picture`, async () => {
      const command = await this.line.ask((worker) => worker.readLayer(blob, layer));
      await this.#inTasks(value.drawing.make(command));
    });
  }

  /** The 68 landmarks of each of the photo's faces, px; undefined where there are none, of which the user is told. */
  async findLandmarks(): Promise<readonly (readonly Point[])[] | undefined> {
    const { value } = this.photo;
    try {
      const landmarks = await this.line.ask((worker) => worker.findLandmarks());
      // Another photo may be open meanwhile, or being opened.
      return value === this.photo.value && !this.busy.value ? landmarks : undefined;
    } catch (error) {
      this.complain((error as Error).message);
      return undefined;
    }
  }

  /** Draws the photo's edges inside the hole. */
  async drawEdges(): Promise<void> {
    const { value } = this.photo;
    if (!value || this.busy.value) return;
    await this.work(say`Finding edges`, async () => {
      const lines = await this.line.ask((worker) => worker.findEdges());
      if (lines.length > 0) value.drawing.add({ lines });
      else this.notice.value = { text: say`The photo has no edges inside the hole.`, isProblem: false };
    });
  }

  /** S_gen of the result takes the place of the lines inside the hole. */
  async takeRefinedLines(): Promise<void> {
    const { value } = this.photo;
    if (!value || !this.results.isCurrent) return;
    await this.work(say`Taking the lines`, async () => {
      const command = await this.line.ask((worker) => worker.refinedLines());
      await this.#inTasks(value.drawing.make(command));
    });
  }

  async save(what: Saveable): Promise<void> {
    if (!this.photo.value || this.busy.value) return;
    await this.work(say`Writing the file`, async () => {
      const { blob, name } = await this.line.ask((worker) => worker.save(what));
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

  /** Undoes or does again until the edit is in a state of its history. */
  async goTo(state: number): Promise<void> {
    const { history } = this.photo.value ?? {};
    const direction = history && state < history.id ? 'undo' : 'redo';
    while (history && history.id !== state && (await this.#walk(direction)));
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
    const walked = this.line.ask((worker) => worker.walk(direction));
    if (step.kind === 'photo') {
      await this.work(say`Going back to another photo`, async () => {
        const opened = await walked;
        if (opened) await this.show(opened, history);
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
    this.results.predict();
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
    this.line.tell((worker) => worker.setEngine(engine));
    this.results.predict(true);
  }

  /** What results are asked of. */
  get #subject() {
    const { value } = this.photo;
    return (
      value && {
        hasHole: !value.drawing.hole.isEmpty,
        l: this.l.value,
        hasControl: this.model.value.controls.includes('l'),
      }
    );
  }

  /** Goes on with a photo and what is drawn on it. */
  async show({ width, height, pictures, drawing: commands }: Opened, history: History): Promise<void> {
    const drawing = new Drawing(width, height, {
      repaint: (rect) => this.onRepaint(rect),
      progress: (changes) => this.results.follow(changes),
      change: (command) => {
        this.#act(history, { kind: 'draw', command });
        this.#changed();
      },
    });
    for (const command of commands) await this.#inTasks(drawing.apply(command));
    close(this.photo.value);
    this.results.clear();
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
    this.line.tell((worker) => worker.act(act));
  }

  #noteAct(): void {
    this.acts.value += 1;
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
    this.results.predict();
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
  async work(what: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.value) return;
    this.onInterrupt();
    this.busy.value = what;
    this.notice.value = undefined;
    try {
      await work();
    } catch (error) {
      this.complain((error as Error).message);
    } finally {
      this.busy.value = undefined;
    }
  }

  /** Tells of a problem. */
  complain(text: string): void {
    this.notice.value = { text, isProblem: true };
  }

  #complainOfWorker(message: string): void {
    this.complain(say`The editor’s worker failed (${message}). What was drawn is kept: reload the page.`);
  }

  #receive(event: WorkerEvent): void {
    if (event.kind === 'result' && event.failure) {
      this.notice.value = {
        text: say`${event.failure} ${shortNames[event.engine]} goes on.`,
        isProblem: true,
      };
    }
    switch (event.kind) {
      case 'engines':
        this.engines.value = event;
        break;
      case 'faces':
        this.faces.value = event.faces;
        break;
      case 'keeping':
      case 'kept':
      case 'copied':
      case 'removed':
        this.onKeeping(event);
        break;
      default:
        this.results.receive(event);
    }
  }
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
