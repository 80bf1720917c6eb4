/** The edits that the browser's own storage (IndexedDB) keeps, each as a record of its own. */
import { type Start, type Step, startId } from '../drawing/history.ts';
import { randomId } from '../random-id.ts';
import { say } from '../texts/say.ts';
import type { ResultToKeep } from './results.ts';

/** A record without its photos, steps and results. */
export interface Row {
  readonly id: string;
  readonly name: string;
  /** When it was changed last, ms since 1970. */
  readonly changed: number;
  /** About how much it takes. */
  readonly bytes: number;
  readonly thumbnail?: Blob | undefined;
  readonly start: Start;
  /** The number of the step that was done last. */
  readonly position: number;
  /** The tab that may write it. Another one that opens the record becomes its leader. */
  readonly leader: string;
}

/** A record as it is opened. */
export interface StoredRecord {
  readonly row: Row;
  readonly photos: readonly Blob[];
  readonly steps: readonly Step[];
}

/** The latest edits that are kept, at most so many and about so many bytes together. */
const limits = { records: 40, bytes: 1e9 };

/** So many states of an edit have their result kept; that of others is computed again. */
const maxResults = 50;

/** Which of the records are too many: the oldest, but not those that are open. */
export function surplus(rows: readonly Row[], open: ReadonlySet<string>, { records, bytes } = limits): Row[] {
  const sum = (list: readonly Row[]) => list.reduce((total, row) => total + row.bytes, 0);
  const kept = [...rows].sort((a, b) => b.changed - a.changed);
  const removed: Row[] = [];
  while (kept.length > records || sum(kept) > bytes) {
    const at = kept.findLastIndex(({ id }) => !open.has(id));
    if (at < 0) break;
    removed.push(...kept.splice(at, 1));
  }
  return removed;
}

/** What goes when one more record begins; undefined while there is room. */
export const nextToGo = (rows: readonly Row[], open: ReadonlySet<string>): Row | undefined =>
  surplus(rows, open, { ...limits, records: limits.records - 1 })[0];

const stores = ['records', 'photos', 'steps', 'results'] as const;
type Stores = Record<(typeof stores)[number], IDBObjectStore>;

/** Rows have their id as key; what belongs to a record has its id and a number. */
const partsOf = (id: string) => IDBKeyRange.bound([id], [id, []]);
const partsFrom = (id: string, number: number) => IDBKeyRange.bound([id, number], [id, []]);

const version = 4;

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open('deep-plastic-surgery', version);
  request.onupgradeneeded = () => {
    const { result: database, transaction } = request;
    for (const name of stores)
      if (!database.objectStoreNames.contains(name)) database.createObjectStore(name);
    // Version 3 kept results in another form. They are computed again.
    transaction?.objectStore('results').clear();
    if (transaction && database.objectStoreNames.contains('edit')) void adopt(database, transaction);
  };
  return answerOf(request);
}

/** Makes a record of the only edit that earlier versions of the page kept. */
async function adopt(database: IDBDatabase, transaction: IDBTransaction): Promise<void> {
  const old = transaction.objectStore('edit');
  const [photo, drawn] = await Promise.all([answerOf(old.get('photo')), answerOf(old.get('drawing'))]);
  if (photo && photo.key === drawn?.key) {
    const id = randomId();
    const start: Start = { drawing: drawn.drawing, l: drawn.l ?? drawn.level ?? 0.5, region: 'hole' };
    const { name, source } = photo;
    const row = { id, name, changed: Date.now(), bytes: source.size, start, position: startId, leader: '' };
    transaction.objectStore('records').put(row, id);
    transaction.objectStore('photos').put(source, [id, 0]);
  }
  database.deleteObjectStore('edit');
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Does `work` in one transaction: all of it or nothing. */
async function change<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
  const database = await openDatabase();
  try {
    const transaction = database.transaction([...stores], 'readwrite');
    const complete = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    // An error of `work` is told first.
    complete.catch(() => {});
    const opened = Object.fromEntries(stores.map((name) => [name, transaction.objectStore(name)]));
    try {
      const result = await work(opened as Stores);
      await complete;
      return result;
    } catch (error) {
      // A transaction that has failed has ended.
      if (!transaction.error) transaction.abort();
      throw transaction.error ?? error;
    }
  } finally {
    database.close();
  }
}

/** All records, the newest first. */
export async function listRecords(): Promise<Row[]> {
  const rows: Row[] = await change(({ records }) => answerOf(records.getAll()));
  return rows.sort((a, b) => b.changed - a.changed);
}

/** Opens a record, of which `leader` is the leading tab then. */
export function openRecord(id: string, leader: string): Promise<StoredRecord | undefined> {
  return change(async ({ records, photos, steps }) => {
    const row: Row | undefined = await answerOf(records.get(id));
    if (!row) return undefined;
    records.put({ ...row, leader }, id);
    const parts = await Promise.all([
      answerOf<Blob[]>(photos.getAll(partsOf(id))),
      answerOf<Step[]>(steps.getAll(partsOf(id))),
    ]);
    return { row, photos: parts[0], steps: parts[1] };
  });
}

export function renameRecord(id: string, name: string): Promise<void> {
  return change(async ({ records }) => {
    const row: Row | undefined = await answerOf(records.get(id));
    if (row) records.put({ ...row, name }, id);
  });
}

export function deleteRecord(id: string): Promise<void> {
  return change(async (all) => {
    all.records.delete(id);
    for (const name of ['photos', 'steps', 'results'] as const) all[name].delete(partsOf(id));
  });
}

/** The result of a state of the drawing, if it has been kept. */
export const loadResult = (id: string, step: number): Promise<ResultToKeep | undefined> =>
  change(({ results }) => answerOf(results.get([id, step])));

/** The results of an edit that have been kept, by the number of their state. */
export const loadResults = (id: string): Promise<Map<number, ResultToKeep>> =>
  change(async ({ results }) => {
    const [keys, values] = await Promise.all([
      answerOf(results.getAllKeys(partsOf(id))),
      answerOf<ResultToKeep[]>(results.getAll(partsOf(id))),
    ]);
    return new Map(values.map((value, k) => [(keys[k] as [string, number])[1], value]));
  });

/** Another tab leads the record now, or has deleted it: this one may not write it. */
export class Displaced extends Error {
  readonly record: string;

  constructor(record: string) {
    super(say`Another tab goes on with this edit, or has deleted it.`);
    this.record = record;
  }
}

/** What of an open record is to be stored. */
export interface Storable {
  readonly id: string;
  readonly name: string;
  readonly photos: readonly Blob[];
  readonly start: Start;
  readonly steps: readonly Step[];
  readonly position: number;
  readonly thumbnail?: Blob | undefined;
  /** Those that are not stored yet, by the number of the state that they belong to. They are taken out when they are. */
  readonly results: Map<number, ResultToKeep>;
}

/** Which parts of a record are stored already. */
interface Stored {
  photos: readonly Blob[];
  steps: readonly Step[];
  bytes: number;
}

/** Stores the newest state of records; states that come while it writes, but the last, are skipped. */
export class Keeper {
  readonly #tab: string;
  readonly #onEnd: (problem: Error | undefined) => void;
  readonly #waiting = new Map<string, () => Promise<Storable>>();
  readonly #stored = new Map<string, Stored>();
  #writing: Promise<void> | undefined;

  /** @param onEnd is told when everything is stored, or why it is not. */
  constructor(tab: string, onEnd: (problem: Error | undefined) => void) {
    this.#tab = tab;
    this.#onEnd = onEnd;
  }

  /** Says that a record was opened, not begun. */
  opened({ row, photos, steps }: StoredRecord): void {
    this.#stored.set(row.id, { photos, steps, bytes: row.bytes });
  }

  /** @param newest gives the record as it is when it is written. */
  keep(id: string, newest: () => Promise<Storable>): void {
    this.#waiting.set(id, newest);
    this.#writing ??= this.#write();
  }

  /** Waits until nothing is left to be written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    let problem: Error | undefined;
    for (let next = this.#next(); next; next = this.#next()) {
      try {
        await this.#store(await next());
      } catch (error) {
        problem = error as Error;
      }
    }
    this.#writing = undefined;
    this.#onEnd(problem);
  }

  #next(): (() => Promise<Storable>) | undefined {
    for (const [id, newest] of this.#waiting) {
      this.#waiting.delete(id);
      return newest;
    }
    return undefined;
  }

  /** Writes what differs from what is stored, so that a write that failed is made good by the next. */
  async #store(record: Storable): Promise<void> {
    const { id, name, start, position, thumbnail } = record;
    const before = this.#stored.get(id);
    const known = before ?? { photos: [], steps: [], bytes: 0 };
    const photos = [...record.photos];
    const { steps } = record;
    const results = [...record.results];
    const newPhotos = photos
      .map((photo, k) => ({ photo, k }))
      .filter(({ photo, k }) => known.photos[k] !== photo);
    const oldSteps = new Set(known.steps);
    const newSteps = steps.filter((step) => !oldSteps.has(step));
    const stillThere = new Set(steps);
    const gone = known.steps.filter((step) => !stillThere.has(step));
    const bytes =
      known.bytes +
      newPhotos.reduce((sum, { photo }) => sum + photo.size, 0) +
      newSteps.reduce((sum, step) => sum + sizeOf(step), 0) +
      results.reduce((sum, [, { values }]) => sum + values.byteLength, 0);
    await change(async (all) => {
      const row: Row | undefined = await answerOf(all.records.get(id));
      if (before && row?.leader !== this.#tab) throw new Displaced(id);
      for (const { photo, k } of newPhotos) all.photos.put(photo, [id, k]);
      all.photos.delete(partsFrom(id, photos.length));
      for (const step of gone) {
        all.steps.delete([id, step.id]);
        all.results.delete([id, step.id]);
      }
      for (const step of newSteps) all.steps.put(step, [id, step.id]);
      for (const [state, result] of results) all.results.put(result, [id, state]);
      all.results.delete(IDBKeyRange.bound([id], [id, steps.at(-maxResults)?.id ?? startId], false, true));
      const changed = newSteps.length + gone.length > 0 || !row ? Date.now() : row.changed;
      // Its name may have been changed in the list.
      const next = {
        id,
        name: row?.name ?? name,
        changed,
        bytes,
        thumbnail,
        start,
        position,
        leader: this.#tab,
      };
      all.records.put(next satisfies Row, id);
    });
    this.#stored.set(id, { photos, steps, bytes });
    for (const [state, result] of results) {
      if (record.results.get(state) === result) record.results.delete(state);
    }
  }
}

function sizeOf(step: Step): number {
  return step.kind === 'draw' ? step.command.reduce((sum, { runs }) => sum + runs.byteLength, 100) : 100;
}
