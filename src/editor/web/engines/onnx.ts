/** The exported model in the page, run by onnxruntime in a worker: WebGPU, or WebAssembly with threads. */
import type { EngineInput, EngineOutput } from '../../wire.ts';
import { type Engine, EngineFailure } from './engine.ts';
import type { FromOnnx, Provider, ToOnnx } from './onnx-messages.ts';

export class OnnxEngine implements Engine {
  readonly id: Provider;
  readonly #worker: Worker;
  /** Settled when what was asked last is done. */
  #last: Promise<unknown> = Promise.resolve();
  #answer: { resolve(message: FromOnnx): void; reject(error: Error): void } | undefined;
  #lost: EngineFailure | undefined;

  private constructor(provider: Provider) {
    this.id = provider;
    this.#worker = new Worker(new URL('./onnx.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }: MessageEvent<FromOnnx>) => this.#receive(data);
    this.#worker.onerror = (event) =>
      this.#receive({
        kind: 'error',
        message: event.message || 'Its worker could not be loaded.',
        lost: true,
      });
  }

  /** Loads a model. @throws EngineFailure when this browser cannot. */
  static async load(provider: Provider, model: string): Promise<OnnxEngine> {
    const engine = new OnnxEngine(provider);
    // Threads share memory, which a page has only when its server isolates it.
    const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1;
    try {
      await engine.#ask({ kind: 'load', provider, model: new URL(model, self.location.href).href, threads });
      return engine;
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  async predict(input: EngineInput, signal: AbortSignal): Promise<EngineOutput> {
    // What runs cannot be stopped; what waits need not begin.
    const before = this.#last;
    const turn = before.then(async () => {
      signal.throwIfAborted();
      const message = await this.#ask({ kind: 'run', input });
      if (message.kind !== 'output') throw new EngineFailure(this.id, 'The model gave no result.');
      return message.output;
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
      const failure = new EngineFailure(this.id, message.message);
      if (message.lost) this.#lost = failure;
      this.#answer?.reject(failure);
    } else this.#answer?.resolve(message);
    this.#answer = undefined;
  }
}
