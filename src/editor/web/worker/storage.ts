/** Keeps the edit in the browser's own storage, so that a reload or a crash loses nothing. */
import type { Command } from '../drawing/changes.ts';
import type { OpenEdit } from './edit.ts';

export interface Stored {
  readonly name: string;
  readonly source: Blob;
  readonly drawing: Command;
  readonly l: number;
}

const store = 'edit';
/** Raise it when {@link Stored} changes; what an older version of the page has stored is then dropped. */
const version = 2;

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open('deep-plastic-surgery', version);
  request.onupgradeneeded = () => {
    const { result } = request;
    if (result.objectStoreNames.contains(store)) result.deleteObjectStore(store);
    result.createObjectStore(store);
  };
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export async function loadStored(): Promise<Stored | undefined> {
  const database = await openDatabase();
  try {
    const values = database.transaction(store).objectStore(store);
    const [photo, drawn] = await Promise.all([done(values.get('photo')), done(values.get('drawing'))]);
    if (!photo || !drawn || photo.key !== drawn.key) return undefined;
    // Earlier versions of the page called l `level`.
    return { ...photo, ...drawn, l: drawn.l ?? drawn.level };
  } finally {
    database.close();
  }
}

/** Stores the newest state of the edit; states that come while it writes, but the last, are skipped. */
export class Keeper {
  readonly #onFailure: (message: string) => void;
  #next: OpenEdit | undefined;
  #writing = false;
  /** The photo that is stored already, and what tells it from others. */
  #photo: { source: Blob; key: string } | undefined;

  constructor(onFailure: (message: string) => void) {
    this.#onFailure = onFailure;
  }

  keep(edit: OpenEdit): void {
    this.#next = edit;
    if (!this.#writing) void this.#write();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#next) {
      const edit = this.#next;
      this.#next = undefined;
      try {
        await this.#store(edit);
      } catch (error) {
        this.#onFailure(error instanceof Error ? error.message : String(error));
      }
    }
    this.#writing = false;
  }

  async #store(edit: OpenEdit): Promise<void> {
    const stored = this.#photo?.source === edit.source ? this.#photo : undefined;
    const key = stored?.key ?? crypto.randomUUID();
    const database = await openDatabase();
    try {
      const transaction = database.transaction(store, 'readwrite');
      const values = transaction.objectStore(store);
      const { name, source, l } = edit;
      if (!stored) values.put({ key, name, source }, 'photo');
      values.put({ key, drawing: edit.drawing, l }, 'drawing');
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      this.#photo = { source, key };
    } finally {
      database.close();
    }
  }
}
