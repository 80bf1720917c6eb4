/** A model file in a worker of its own, run by onnxruntime. */
import { EngineFailure } from './engine.ts';
import type { FromOnnx, NamedValues, Provider, ToOnnx } from './onnx-messages.ts';

const maxThreads = 8;

export class OnnxModel {
  readonly #provider: Provider;
  readonly #worker: Worker;
  /** Settled when what was asked last is done. */
  #last: Promise<unknown> = Promise.resolve();
  #answer: { resolve(message: FromOnnx): void; reject(error: Error): void } | undefined;
  #lost: EngineFailure | undefined;

  private constructor(provider: Provider) {
    this.#provider = provider;
    this.#worker = new Worker(new URL('./onnx.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }: MessageEvent<FromOnnx>) => this.#receive(data);
    this.#worker.onerror = ({ message }) =>
      this.#receive({ kind: 'error', message: message || 'Its worker could not be loaded.', lost: true });
  }

  /** @param url relative to the page. @throws EngineFailure when this browser cannot run it. */
  static async load(provider: Provider, url: string): Promise<OnnxModel> {
    const model = new OnnxModel(provider);
    // Threads share memory, which a page has only when its server isolates it.
    const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, maxThreads) : 1;
    try {
      await model.#ask({ kind: 'load', provider, model: new URL(url, self.location.href).href, threads });
      return model;
    } catch (error) {
      model.close();
      throw error;
    }
  }

  /** One after the other. What runs cannot be stopped; what waits need not begin. @throws EngineFailure */
  run(inputs: NamedValues, signal?: AbortSignal): Promise<NamedValues> {
    const turn = this.#last.then(async () => {
      signal?.throwIfAborted();
      const message = await this.#ask({ kind: 'run', inputs });
      if (message.kind !== 'outputs') throw new EngineFailure(this.#provider, 'The model gave no result.');
      return message.outputs;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  close(): void {
    this.#worker.terminate();
  }

  #ask(message: ToOnnx): Promise<FromOnnx> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#worker.postMessage(message);
    });
  }

  #receive(message: FromOnnx): void {
    if (message.kind === 'error') {
      const failure = new EngineFailure(this.#provider, message.message);
      if (message.lost) this.#lost = failure;
      this.#answer?.reject(failure);
    } else this.#answer?.resolve(message);
    this.#answer = undefined;
  }
}
