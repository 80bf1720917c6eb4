/** The thread that renders samples, from outside. */
import { Worker } from 'node:worker_threads';
import type { HeadFolders } from '../../faces/load-head.ts';
import type { ToRender } from './render-worker.ts';

export class SampleRenderer {
  readonly #worker: Worker;

  constructor(folders: HeadFolders) {
    const entry = new URL('./render-entry.mjs', import.meta.url);
    this.#worker = new Worker(entry, { workerData: folders, execArgv: [] });
    // Each call listens for itself; without a listener an error would end the process.
    this.#worker.on('error', () => {});
  }

  /** RGB bytes [sampleSize, sampleSize, 3]. One at a time. @throws Error when the thread fails or is ended. */
  render(what: ToRender): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#worker.removeAllListeners('message');
        this.#worker.off('error', fail);
        this.#worker.off('exit', end);
        finish();
      };
      const fail = (error: Error) => settle(() => reject(error));
      const end = () => settle(() => reject(new Error('The renderer was ended.')));
      this.#worker.once('message', (pixels: Uint8Array) => settle(() => resolve(pixels)));
      this.#worker.on('error', fail);
      this.#worker.on('exit', end);
      this.#worker.postMessage(what);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
