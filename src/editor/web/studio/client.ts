/** The page's side of the worker that holds the photo. */
import type { EditorDescription } from '../../wire.ts';
import type { FromStudio, JobKind, Jobs, StudioEvent, ToStudio } from './protocol.ts';

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

export class Studio {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** @param onCrash the worker ended, for example for want of memory: what is asked from now on is never answered. */
  constructor(
    description: EditorDescription,
    onEvent: (event: StudioEvent) => void,
    onCrash: (message: string) => void,
  ) {
    this.#worker = new Worker(new URL('./studio.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }: MessageEvent<FromStudio>) => {
      if (data.kind === 'answer') this.#settle(data.id)?.resolve(data.value as never);
      else if (data.kind === 'error') this.#settle(data.id)?.reject(new Error(data.message));
      else onEvent(data);
    };
    this.#worker.onerror = (event) => onCrash(event.message ?? 'The editor’s worker could not be loaded.');
    this.tell({ kind: 'start', description });
  }

  /** @throws Error whose message is for the user. */
  ask<K extends JobKind>(job: K, ask: Jobs[K]['ask']): Promise<Jobs[K]['answer']> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.tell({ kind: 'job', id, job, ask } as ToStudio);
    });
  }

  tell(message: ToStudio): void {
    this.#worker.postMessage(message);
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
