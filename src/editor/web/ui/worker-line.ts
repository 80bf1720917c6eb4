/** The page's line to the worker that holds the photo. */
import { proxy, type Remote, wrap } from 'comlink';
import type { EditorDescription } from '../../wire.ts';
import { language, say } from '../texts/say.ts';
import type { PhotoWorker, WorkerEvent } from '../worker/worker.ts';

export class WorkerLine {
  readonly #worker: Promise<Remote<PhotoWorker>>;
  readonly #onFailure: (message: string) => void;

  /**
   * @param tab what tells this page from others
   * @param receive takes what the worker tells without being asked
   * @param onFailure takes why the worker has failed
   */
  constructor(
    description: EditorDescription,
    tab: string,
    receive: (event: WorkerEvent) => void,
    onFailure: (message: string) => void,
  ) {
    this.#onFailure = onFailure;
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: language });
    // The worker has ended, for example for want of memory, and will answer nothing any more.
    worker.onerror = ({ message = say`it could not be loaded` }) => onFailure(message);
    const listener = (event: WorkerEvent) => {
      try {
        receive(event);
      } catch (error) {
        // comlink would throw it in the worker, but it is the page's.
        reportError(error);
      }
    };
    this.#worker = new (wrap<typeof PhotoWorker>(worker))(description, tab, proxy(listener));
  }

  /** Calls the worker once it runs. The order of calls is kept. */
  async ask<T>(work: (worker: Remote<PhotoWorker>) => Promise<T>): Promise<T> {
    return work(await this.#worker);
  }

  /** Calls the worker for something without an answer. */
  tell(work: (worker: Remote<PhotoWorker>) => Promise<void>): void {
    this.ask(work).catch((error: Error) => this.#onFailure(error.message));
  }
}
