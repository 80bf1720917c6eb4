/** One prediction at a time; a client that asks again no longer wants what it asked before. */
import { Refusal } from './respond.ts';

interface Waiting {
  readonly client: string;
  start(): void;
  drop(reason: Refusal): void;
}

export class LatestOnly {
  readonly #limit: number;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param limit how many clients may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs `work` when its turn comes.
   *
   * @param signal of a client that has gone: it loses its turn.
   * @throws Refusal when the client has asked anew or gone, or too many wait.
   */
  async run<T>(client: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#turn(client, signal);
    try {
      return await work();
    } finally {
      this.#running = false;
      this.#waiting.shift()?.start();
    }
  }

  #turn(client: string, signal: AbortSignal): Promise<void> {
    for (const older of this.#waiting.filter((waiting) => waiting.client === client)) {
      older.drop(new Refusal(409, 'A newer request has taken the place of this one.'));
    }
    if (signal.aborted) return Promise.reject(new Refusal(499, 'The client has gone.'));
    if (!this.#running) {
      this.#running = true;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#limit) {
      return Promise.reject(new Refusal(503, 'The server is busy with other pages.', { 'Retry-After': 5 }));
    }
    return new Promise((resolve, reject) => {
      const leave = () => waiting.drop(new Refusal(499, 'The client has gone.'));
      const waiting: Waiting = {
        client,
        start: () => {
          signal.removeEventListener('abort', leave);
          this.#running = true;
          resolve();
        },
        drop: (reason) => {
          signal.removeEventListener('abort', leave);
          this.#waiting = this.#waiting.filter((other) => other !== waiting);
          reject(reason);
        },
      };
      signal.addEventListener('abort', leave);
      this.#waiting.push(waiting);
    });
  }
}
