/**
 * The tabs with this page in one browser know of each other, so that each has an edit of its own. That no two write the
 * same one the storage makes sure itself, where a record names the tab that leads it.
 */
import { randomId } from '../random-id.ts';

type Message =
  /** Who is there? */
  | { readonly kind: 'who' }
  | { readonly kind: 'here'; readonly record: string }
  /** Leave this record to me. */
  | { readonly kind: 'leave'; readonly record: string }
  | { readonly kind: 'left'; readonly record: string };

/** Tabs that are there have answered after so long, ms. */
const patience = 200;
/** And have stored what they had, ms. */
const longPatience = 2000;

export class Tabs {
  /** Tells this tab from others. */
  readonly id = randomId();
  /** The record that is open in this tab. */
  #record: string | undefined;
  readonly #channel =
    'BroadcastChannel' in globalThis ? new BroadcastChannel('deep-plastic-surgery') : undefined;

  /** Stores the record and closes it, since another tab goes on with it. */
  onLeave: () => Promise<void> = async () => {};

  constructor() {
    this.#channel?.addEventListener('message', async ({ data }: MessageEvent<Message>) => {
      if (data.kind === 'who') this.#tellRecord();
      if (data.kind === 'leave' && data.record === this.#record) {
        this.#record = undefined;
        await this.onLeave();
        this.#tell({ kind: 'left', record: data.record });
      }
    });
  }

  /** The record that was open here before the page was loaded anew. */
  get last(): string | undefined {
    try {
      return sessionStorage.getItem(key) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** This tab leads the record. Undefined: it has left its own. */
  lead(record: string | undefined): void {
    this.#record = record;
    this.#tellRecord();
    try {
      if (record) sessionStorage.setItem(key, record);
      else sessionStorage.removeItem(key);
    } catch {
      // Where storage is forbidden a reload finds nothing, which is told where the edit is stored.
    }
  }

  /** The records that are open in other tabs. */
  others(): Promise<Set<string>> {
    const found = new Set<string>();
    this.#tell({ kind: 'who' });
    return this.#listen(patience, found, (message) => {
      if (message.kind === 'here') found.add(message.record);
      return false;
    });
  }

  /** Asks the tab that leads the record to leave it, and waits until it has. */
  async takeOver(record: string): Promise<void> {
    this.#tell({ kind: 'leave', record });
    await this.#listen(
      longPatience,
      undefined,
      (message) => message.kind === 'left' && message.record === record,
    );
  }

  #tellRecord(): void {
    if (this.#record) this.#tell({ kind: 'here', record: this.#record });
  }

  #tell(message: Message): void {
    this.#channel?.postMessage(message);
  }

  /** Gives `result` when `isLast` holds for a message, or the time is over. */
  #listen<T>(time: number, result: T, isLast: (message: Message) => boolean): Promise<T> {
    return new Promise((resolve) => {
      const end = () => {
        this.#channel?.removeEventListener('message', listen);
        clearTimeout(timer);
        resolve(result);
      };
      const listen = ({ data }: MessageEvent<Message>) => isLast(data) && end();
      const timer = setTimeout(end, this.#channel ? time : 0);
      this.#channel?.addEventListener('message', listen);
    });
  }
}

const key = 'deep-plastic-surgery.record';
