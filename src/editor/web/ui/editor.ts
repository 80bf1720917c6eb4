/** The editor's state, and what one can do with it. The parts of the page watch it and call it. */
import { proxy, type Remote, wrap } from 'comlink';
import type { RegionChoice } from '../../../infer/region.ts';
import type { EditorDescription } from '../../wire.ts';
import { type LayerName, layerNames } from '../drawing/changes.ts';
import { Drawing } from '../drawing/drawing.ts';
import type { Rect } from '../drawing/geometry.ts';
import { type EngineChoice, type EngineId, type EngineState, shortNames } from '../engines/engine.ts';
import { type Camera, wholePhoto } from '../view/viewport.ts';
import type { Opened, PhotoWorker, SampleFiles, Saveable, WorkerEvent } from '../worker/worker.ts';
import { Signal } from './signal.ts';

export type Tool = LayerName | `${LayerName}-eraser` | 'pipette' | 'pan';

/** The layer that a tool draws on; undefined for those that draw on none. */
export const layerOf = (tool: Tool): LayerName | undefined =>
  layerNames.find((name) => tool === name || tool === `${name}-eraser`);

export interface OpenPhoto {
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
  readonly l: number;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/** A sentence for the user, with at most one thing to do about it. */
export interface Notice {
  readonly text: string;
  readonly isProblem: boolean;
  readonly action?: { readonly name: string; run(): void };
}

export class Editor {
  readonly description: EditorDescription;
  readonly photo = new Signal<OpenPhoto | undefined>(undefined);
  readonly camera = new Signal<Camera>({ zoom: 1, centre: { x: 0, y: 0 } });
  readonly tool = new Signal<Tool>('hole');
  readonly l = new Signal(0.5);
  readonly region = new Signal<RegionChoice>('hole');
  /** Whether the photo has a face; undefined while nobody knows. */
  readonly hasFace = new Signal<boolean | undefined>(undefined);
  readonly engineChoice = new Signal<EngineChoice>('auto');
  readonly engines = new Signal<{ states: EngineState[]; used?: EngineId | undefined }>({ states: [] });
  readonly outcome = new Signal<Outcome>({ kind: 'none' });
  /** Counts changes of the drawing. */
  readonly revision = new Signal(0);
  /** What is being done, for people, while a photo is opened or written. Nothing can be drawn then. */
  readonly busy = new Signal<string | undefined>(undefined);
  readonly notice = new Signal<Notice | undefined>(undefined);
  /** Called for parts of the drawing that look different now. */
  onRepaint: (rect: Rect) => void = () => {};
  onThumbnail: (l: number, picture: ImageBitmap) => void = () => {};
  /** Holds the photo, and computes. */
  readonly #worker: Promise<Remote<PhotoWorker>>;
  #request = 0;

  constructor(description: EditorDescription) {
    this.description = description;
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    // The worker has ended, for example for want of memory, and will answer nothing any more.
    worker.onerror = ({ message = 'it could not be loaded' }) => this.#complainOfWorker(message);
    const receive = (event: WorkerEvent) => {
      try {
        this.#receive(event);
      } catch (error) {
        // comlink would throw it in the worker, but it is the page's.
        reportError(error);
      }
    };
    this.#worker = new (wrap<typeof PhotoWorker>(worker))(description, proxy(receive));
  }

  /** Whether there is a result of the drawing as it is now. */
  get isCurrent(): boolean {
    return this.outcome.value.kind === 'shown';
  }

  open(blob: Blob, name: string): Promise<void> {
    return this.#begin(`Opening ${name}`, () => this.#ask((worker) => worker.open(blob, name)));
  }

  openSample(sample: SampleFiles): Promise<void> {
    return this.#begin('Opening the example', () => this.#ask((worker) => worker.openSample(sample)));
  }

  /** Brings back what the page had when it was closed. */
  restore(): Promise<void> {
    return this.#begin('Opening what was here', () => this.#ask((worker) => worker.restore()));
  }

  async useResult(): Promise<void> {
    if (!this.isCurrent) return;
    await this.#begin('Taking the result as photo', () => this.#ask((worker) => worker.useResult()));
    const back = () => this.#begin('Going back', () => this.#ask((worker) => worker.usePrevious()));
    this.notice.value ??= {
      text: 'The result is the photo now.',
      isProblem: false,
      action: { name: 'Go back', run: () => void back() },
    };
  }

  /** Draws the photo's edges inside the hole. */
  async drawEdges(): Promise<void> {
    const { value } = this.photo;
    if (!value || this.busy.value) return;
    await this.#work('Finding edges', async () => {
      const lines = await this.#ask((worker) => worker.findEdges());
      if (lines.length > 0) value.drawing.add({ lines });
      else this.notice.value = { text: 'The photo has no edges inside the hole.', isProblem: false };
    });
  }

  async save(what: Saveable): Promise<void> {
    if (!this.photo.value || this.busy.value) return;
    await this.#work('Writing the file', async () => {
      const { blob, name } = await this.#ask((worker) => worker.save(what));
      download(blob, name);
    });
  }

  clear(layers: readonly LayerName[]): void {
    if (!this.busy.value) this.photo.value?.drawing.clear(layers);
  }
  undo(): void {
    if (!this.busy.value) this.photo.value?.drawing.undo();
  }
  redo(): void {
    if (!this.busy.value) this.photo.value?.drawing.redo();
  }

  setL(l: number): void {
    this.l.value = Math.round(Math.min(Math.max(l, 0), 1) * 100) / 100;
    this.predict();
  }

  setRegion(region: RegionChoice): void {
    this.region.value = region;
    this.#tell((worker) => worker.setRegion(region));
    this.predict();
  }

  setEngine(engine: EngineChoice): void {
    this.engineChoice.value = engine;
    this.#tell((worker) => worker.setEngine(engine));
    this.predict();
  }

  /** Computes the result anew. */
  predict(): void {
    const drawing = this.photo.value?.drawing;
    if (!drawing) return;
    this.#request += 1;
    if (!drawing.hole.isEmpty)
      this.outcome.value = { kind: 'computing', since: performance.now(), shown: this.shown };
    const strip = this.description.model.controls.includes('l');
    const wanted = { request: this.#request, l: this.l.value, strip };
    this.#tell((worker) => worker.predict(wanted));
  }

  /** The result that is seen, perhaps of an older drawing. */
  get shown(): Shown | undefined {
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

  async #begin(what: string, open: () => Promise<Opened | undefined>): Promise<void> {
    await this.#work(what, async () => {
      const opened = await open();
      if (!opened) return;
      const { width, height, pictures } = opened;
      const drawing = new Drawing(width, height, {
        repaint: (rect) => this.onRepaint(rect),
        change: (command) => {
          this.#tell((worker) => worker.change(command));
          this.#changed();
        },
      });
      drawing.begin(opened.drawing);
      for (const old of this.photo.value?.pictures ?? []) old.close();
      this.outcome.value = { kind: 'none' };
      this.hasFace.value = undefined;
      this.camera.value = wholePhoto(opened);
      this.photo.value = { drawing, pictures };
      if (opened.l !== undefined) this.l.value = opened.l;
      this.#changed();
    });
  }

  #changed(): void {
    this.revision.value += 1;
    this.notice.value = undefined;
    this.predict();
  }

  /** Does something that takes a while; an error is shown as a notice. */
  async #work(what: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.value) return;
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
    this.#complain(`The editor’s worker failed (${message}). Your drawing is kept: reload the page.`);
  }

  #receive(event: WorkerEvent): void {
    if (event.kind === 'result' && event.failure) {
      this.notice.value = {
        text: `${event.failure} ${shortNames[event.engine]} goes on.`,
        isProblem: true,
      };
    }
    // Answers to older requests may still arrive.
    if ('request' in event && event.request !== this.#request) return;
    const shown = this.shown;
    switch (event.kind) {
      case 'nothing':
        this.outcome.value = { kind: 'none' };
        break;
      case 'result':
        for (const old of shown?.pictures ?? []) old.close();
        this.outcome.value = { ...event, kind: 'shown' };
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
      case 'face':
        this.hasFace.value = event.found;
        break;
      case 'notStored':
        this.#complain(
          `The drawing could not be kept for a reload: ${event.message}. Save the project to keep it.`,
        );
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
