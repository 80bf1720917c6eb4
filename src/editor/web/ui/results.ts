/** What the page shows of the worker's results: the newest, one of the stroke that is being drawn, one to compare with. */
import type { Region } from '../../../infer/raster.ts';
import type { ModelDescription } from '../../wire.ts';
import type { Command } from '../drawing/changes.ts';
import type { Rect } from '../drawing/geometry.ts';
import type { EngineId } from '../engines/engine.ts';
import type { KeptResult, Progress } from '../worker/results.ts';
import { preferences } from './preferences.ts';
import { Signal } from './signal.ts';
import { beforeNextFrame } from './stage.ts';
import type { WorkerLine } from './worker-line.ts';

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

interface Compared {
  /** For people. */
  readonly name: string;
  readonly rect: Rect;
  readonly pictures: readonly ImageBitmap[];
}

/** What results are asked of. */
interface Subject {
  readonly hasHole: boolean;
  readonly l: number;
  readonly hasControl: boolean;
}

/** While a result takes longer than this, ms, none is computed of a stroke that is not finished: its own would wait for it. */
const fastEnough = 350;

export class Results {
  readonly outcome = new Signal<Outcome>({ kind: 'none' });
  /** A result of the stroke that is being drawn. */
  readonly preview = new Signal<Shown | undefined>(undefined);
  /** An earlier result that the one that is shown is compared with. */
  readonly compared = new Signal<Compared | undefined>(undefined);
  onThumbnail: (l: number, picture: ImageBitmap) => void = () => {};
  readonly #line: WorkerLine;
  readonly #subject: () => Subject | undefined;
  #request = 0;
  /** What the stroke that is being drawn has changed since its newest preview was asked for. */
  #unfinished: (() => Command) | undefined;
  /** The request for a preview that is under way. */
  #previewing: number | undefined;
  readonly #askForPreview = beforeNextFrame(() => this.#previewUnfinished());
  /** Counts the photos that were open. */
  #photos = 0;

  /** @param subject undefined while no photo is open */
  constructor(line: WorkerLine, subject: () => Subject | undefined) {
    this.#line = line;
    this.#subject = subject;
  }

  /** Whether there is a result of the drawing as it is now. */
  get isCurrent(): boolean {
    return this.outcome.value.kind === 'shown';
  }

  /** The result that is seen, perhaps of an older drawing or of the stroke that is being drawn. */
  get shown(): Shown | undefined {
    return this.preview.value ?? this.#result;
  }

  get #result(): Shown | undefined {
    const { value } = this.outcome;
    return value.kind === 'shown' ? value : value.kind === 'none' ? undefined : value.shown;
  }

  /** Asks for the result. @param anew it is computed also where it has been kept */
  predict(anew = false): void {
    const subject = this.#subject();
    if (!subject) return;
    const { l, hasHole, hasControl: strip } = subject;
    this.#request += 1;
    const [before, preview] = [this.#result, this.preview.value];
    this.#endPreview();
    if (!hasHole) close(preview);
    else {
      // The preview stays to be seen until there is a result.
      if (preview) close(before);
      this.outcome.value = { kind: 'computing', since: performance.now(), shown: preview ?? before };
    }
    const wanted = { request: this.#request, l, detail: preferences.detail.value, strip, anew };
    this.#line.tell((worker) => worker.predict(wanted));
  }

  /** A stroke goes on. @param changes gives what it has changed until then */
  follow(changes: () => Command): void {
    this.#unfinished = changes;
    this.#askForPreview();
  }

  /** Asks for a result of what is not finished, unless one is under way or results take long. */
  #previewUnfinished(): void {
    const [{ value }, subject] = [this.outcome, this.#subject()];
    const isFast = value.kind === 'shown' && value.milliseconds <= fastEnough;
    if (!this.#unfinished || !subject || !isFast || this.#previewing !== undefined) return;
    const command = this.#unfinished();
    this.#unfinished = undefined;
    if (command.length === 0) {
      // The stroke has been taken back.
      if (this.preview.value) this.predict();
      return;
    }
    this.#request += 1;
    const wanted = { request: this.#request, l: subject.l };
    this.#previewing = this.#request;
    this.#line.tell((worker) => worker.preview(wanted, command));
  }

  /** No preview is wanted any more. */
  #endPreview(): void {
    this.#unfinished = undefined;
    this.#previewing = undefined;
    this.preview.value = undefined;
  }

  /** Another photo is open, or none: nothing that was asked for is wanted any more. */
  clear(): void {
    this.#request += 1;
    this.#photos += 1;
    const seen = [this.#result, this.preview.value, this.compared.value];
    this.#endPreview();
    this.compared.value = undefined;
    this.outcome.value = { kind: 'none' };
    for (const pictures of seen) close(pictures);
  }

  /** Takes what the worker tells of a request. */
  receive(event: Progress): void {
    // Answers to older requests may still arrive.
    if (event.request !== this.#request) return;
    if (event.request === this.#previewing) {
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
    }
  }

  /** The results of this edit, in the order of what was done. */
  list(): Promise<KeptResult[]> {
    return this.#line.ask((worker) => worker.listResults());
  }
  /** A small picture of one of {@link list}. */
  small(state: number, side: number): Promise<ImageBitmap | undefined> {
    return this.#line.ask((worker) => worker.smallResult(state, side));
  }

  /** Shows one of {@link list} left of the divider, in place of the photo. Undefined: the photo again. */
  async compareWith(state: number | undefined, name = ''): Promise<void> {
    const photos = this.#photos;
    const read =
      state === undefined
        ? undefined
        : await this.#line.ask((worker) => worker.readResult(state, preferences.detail.value));
    if (photos !== this.#photos) return;
    close(this.compared.value);
    this.compared.value = read && { ...read, name };
  }

  /** The hole and what is around it, as a model fills it. */
  pictureBy({ name }: ModelDescription, side: number): Promise<ImageBitmap> {
    return this.#line.ask((worker) => worker.pictureBy(name, side));
  }
  endPictures(): void {
    this.#line.tell((worker) => worker.endPictures());
  }
}

/** Frees the memory of pictures that are seen no more. */
export function close(
  seen: { readonly pictures: readonly ImageBitmap[]; readonly refined?: ImageBitmap | undefined } | undefined,
): void {
  for (const picture of seen?.pictures ?? []) picture.close();
  seen?.refined?.close();
}
