/** Writes checkpoints on a thread of its own: hashing and disk take no time from the training. */
import { Worker } from 'node:worker_threads';
import type { WriteReply, WriteRequest } from './checkpoint-worker.ts';

export class CheckpointWriter {
  #worker: Worker | undefined;

  /**
   * Writes a checkpoint; one at a time. Its arrays are given away: they are empty afterwards, and must not be views of
   * memory that anything else uses. Rejects when it cannot be written or the thread dies; the next call starts another.
   */
  async write(request: WriteRequest): Promise<string> {
    const worker = this.#live();
    worker.ref();
    const reply = await new Promise<WriteReply>((resolve, reject) => {
      const died = (code: number) => reject(new Error(`the thread that writes it ended with code ${code}`));
      worker.removeAllListeners().once('message', resolve).once('error', reject).once('exit', died);
      const arrays = Object.values(request.tensors).flatMap((file) =>
        file.map(([, { data }]) => data.buffer),
      );
      worker.postMessage(request, arrays as ArrayBuffer[]);
    });
    // Between checkpoints it does not keep the process alive.
    worker.unref();
    if ('failure' in reply) throw new Error(reply.failure);
    return reply.path;
  }

  #live(): Worker {
    const ended = -1;
    if (!this.#worker || this.#worker.threadId === ended) {
      const url = new URL('./checkpoint-worker-entry.mjs', import.meta.url);
      this.#worker = new Worker(url, { execArgv: [] });
    }
    return this.#worker;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }
}
