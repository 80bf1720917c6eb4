/** Keeps the edit that is open: what of it is stored when, which results belong to which state, and its small picture. */
import type { Raster } from '../../../infer/raster.ts';
import type { History, Step } from '../drawing/history.ts';
import { randomId } from '../random-id.ts';
import { say } from '../texts/say.ts';
import { Problem } from './pixels.ts';
import {
  Displaced,
  deleteRecord,
  Keeper,
  listRecords,
  loadResult,
  nextToGo,
  openRecord,
  type Row,
  type StoredRecord,
  surplus,
} from './records.ts';
import { type Patch, type ResultToKeep, toKeep } from './results.ts';

/** What the page is told of it without asking. */
export type KeepingEvent =
  /** A result is to be stored. */
  | { kind: 'keeping' }
  /** The first so many acts are in the browser's storage, and all results, or why they are not. */
  | { kind: 'kept'; acts: number; problem?: string | undefined }
  /** Another tab goes on with the edit: what is open here is a copy now. */
  | { kind: 'copied'; id: string; name: string }
  /** The oldest edits were removed, as there were too many; `next` is what goes next. Names for people. */
  | { kind: 'removed'; names: string[]; next?: string | undefined };

/** The edit that is open: a record, as much of it as is needed to store it. */
export interface OpenRecord {
  readonly id: string;
  name: string;
  readonly photos: Blob[];
  readonly history: History;
  /** What the list of edits shows of it, as it was stored last. */
  thumbnail?: Blob | undefined;
  /** That as it is now, where it has changed since. */
  picture?: OffscreenCanvas | undefined;
  /** The photo in that size. */
  small?: OffscreenCanvas;
  /** Results that are not stored yet, by the number of the state that they belong to. */
  readonly results: Map<number, ResultToKeep>;
}

export class Keeping {
  readonly #tell: (event: KeepingEvent) => void;
  /** The name of the model, whose results these are. */
  model: string;
  readonly #keeper: Keeper;
  #record: OpenRecord | undefined;
  /** The number of the state that the last act led to, unless it was undone: it has no result yet. */
  #justReached: number | undefined;
  /** How many acts the page has told of. */
  #acts = 0;

  /** @param tab what tells this page from others. */
  constructor(tab: string, model: string, tell: (event: KeepingEvent) => void) {
    this.model = model;
    this.#tell = tell;
    this.#keeper = new Keeper(tab, (problem) => this.#tellKept(problem));
  }

  get record(): OpenRecord | undefined {
    return this.#record;
  }

  /** Begins a record. */
  begin(content: Pick<OpenRecord, 'name' | 'photos' | 'history'>): OpenRecord {
    const record = { ...content, id: randomId(), results: new Map() };
    this.#record = record;
    return record;
  }

  /** What is stored of a record, which this tab leads then. @throws Problem when it has been deleted. */
  async read(id: string, tab: string): Promise<StoredRecord> {
    await this.#keeper.flush();
    const stored = await openRecord(id, tab);
    if (!stored) throw new Problem(say`This edit is no longer kept: it has been deleted.`);
    return stored;
  }

  /** Goes on with a record that was read. */
  goOn(stored: StoredRecord, photos: Blob[], history: History): OpenRecord {
    const { id, name, thumbnail } = stored.row;
    this.#keeper.opened(stored);
    const record = { id, name, photos, history, thumbnail, results: new Map() };
    this.#record = record;
    return record;
  }

  /** Ends with the record once all of it is stored. */
  async close(): Promise<void> {
    this.#record = undefined;
    await this.#keeper.flush();
  }

  /** Stores the record as it is. @param step that was just done, rather than undone, done again or opened. */
  keep(step?: Step): void {
    this.#justReached = step?.id;
    if (this.#record) this.#keep(this.#record);
  }

  /** Counts what the page has done, also where that changes nothing here. */
  countAct(): void {
    this.#acts += 1;
  }

  /** The result of the state that one sees, where it has been kept. */
  async findResult(l: number): Promise<ResultToKeep | undefined> {
    const record = this.#record;
    if (!record) return undefined;
    const { id, history, results } = record;
    const state = history.id;
    const { region } = history;
    // A storage that is asked in vain would only hold up a result that is drawn for.
    if (l !== history.l || state === this.#justReached) return undefined;
    const found = results.get(state) ?? (await loadResult(id, state).catch(() => undefined));
    return found?.l === l && found.choice === region && found.model === this.model ? found : undefined;
  }

  /** Keeps a result of the state that one sees. @param picture the photo with it, small. */
  keepResult(patch: Patch, picture: OffscreenCanvas | undefined): void {
    const record = this.#record;
    if (!record) return;
    record.results.set(record.history.id, toKeep(patch, this.model));
    record.picture = picture;
    this.#tell({ kind: 'keeping' });
    this.#keep(record);
  }

  #keep(record: OpenRecord): void {
    this.#keeper.keep(record.id, async () => {
      const { picture } = record;
      if (picture) {
        record.thumbnail = await picture.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
        if (record.picture === picture) record.picture = undefined;
      }
      const { id, name, photos, history, results, thumbnail } = record;
      const { start, steps, id: position } = history;
      return { id, name, photos, start, steps, position, thumbnail, results };
    });
  }

  /** Tells what has been stored. What is done to an edit with which another tab goes on is kept as a copy. */
  #tellKept(problem: Error | undefined): void {
    const record = this.#record;
    if (problem instanceof Displaced && record?.id === problem.record) {
      const copy = { ...record, id: randomId(), name: say`${record.name} (copy)` };
      this.#record = copy;
      this.#keep(copy);
      this.#tell({ kind: 'copied', id: copy.id, name: copy.name });
    } else this.#tell({ kind: 'kept', acts: this.#acts, problem: problem && reasonOf(problem) });
  }

  /** Removes the oldest records where there are too many. @param others those that are open in other tabs: they stay. */
  async tidy(others: ReadonlySet<string>): Promise<void> {
    const open = new Set([...others, ...(this.#record ? [this.#record.id] : [])]);
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
}

/** The edits that the browser has kept, the newest first. @throws Problem where it keeps nothing. */
export async function keptRecords(): Promise<Row[]> {
  try {
    return await listRecords();
  } catch (error) {
    throw new Problem(reasonOf(error as Error));
  }
}

/** Side of the small pictures of edits, px. */
const thumbnailSide = 240;

/** A photo in that size. @param pictures the photo, and copies of half the size each. */
export function smallCopy(pictures: readonly ImageBitmap[]): OffscreenCanvas {
  const [{ width, height }] = pictures;
  const scale = Math.min(1, thumbnailSide / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, width * scale), Math.max(1, height * scale));
  canvas.getContext('2d')?.drawImage(pictures[pictures.length - 1], 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** That with a result. @param picture the result's pixels inside its rectangle, in any size. */
export function smallResult(
  small: OffscreenCanvas,
  photo: Raster,
  { left, top, right, bottom }: Patch['rect'],
  picture: ImageBitmap,
): OffscreenCanvas {
  const canvas = new OffscreenCanvas(small.width, small.height);
  const context = canvas.getContext('2d');
  const scale = small.width / photo.width;
  context?.drawImage(small, 0, 0);
  context?.drawImage(picture, left * scale, top * scale, (right - left) * scale, (bottom - top) * scale);
  return canvas;
}

/** Why something could not be stored, for people. */
function reasonOf(error: Error): string {
  if (error instanceof Displaced) return error.message;
  if (error.name === 'QuotaExceededError')
    return say`The browser’s storage for this page is full. Delete old work under Recent, or save the project.`;
  return say`This browser window keeps nothing (${error.message}), as private ones do. Save the project before you close it.`;
}
