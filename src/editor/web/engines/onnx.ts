/** The exported model in the page: by WebGPU, or by WebAssembly with threads. */

import { type Remote, wrap } from 'comlink';
import { CAPTIONS } from '../../../core/vocabulary.ts';
import { fromPlanes, toPlanes } from '../../../infer/planes.ts';
import { unlessAborted } from '../../unless-aborted.ts';
import type { EngineInput, EngineOutput } from '../../wire.ts';
import { language, say } from '../texts/say.ts';
import { type Engine, EngineFailure } from './engine.ts';
import type { NamedValues, OnnxSession, Provider } from './onnx-worker.ts';

export class OnnxEngine implements Engine {
  readonly id: Provider;
  readonly #model: OnnxModel;

  private constructor(id: Provider, model: OnnxModel) {
    this.id = id;
    this.#model = model;
  }

  static async load(provider: Provider, url: string): Promise<OnnxEngine> {
    return new OnnxEngine(provider, await OnnxModel.load(provider, url));
  }

  async predict(input: EngineInput, signal: AbortSignal): Promise<EngineOutput> {
    const { resolution: r, l, image, hole, sketch, colour } = input;
    const outputs = await this.#model.run(
      {
        photo: { data: toPlanes(image, 3), dims: [1, 3, r, r] },
        hole: { data: hole, dims: [1, 1, r, r] },
        sketch: { data: sketch, dims: [1, 1, r, r] },
        ...(colour && { colour: { data: toPlanes(colour, 4), dims: [1, 4, r, r] } }),
        l: { data: Float32Array.of(l), dims: [1, 1] },
      },
      signal,
    );
    const result = outputs[CAPTIONS.result];
    const firstImage = outputs[CAPTIONS.firstImage];
    if (!result) throw new EngineFailure(this.id, say`The model has no output ${CAPTIONS.result}.`);
    return {
      resolution: result.dims[2],
      result: fromPlanes(result.data, 3),
      refinedSketch: outputs[CAPTIONS.refinedSketch]?.data,
      firstImage: firstImage && fromPlanes(firstImage.data, 3),
    };
  }

  close(): void {
    this.#model.close();
  }
}

const maxThreads = 8;

/** A model file in a worker of its own. */
export class OnnxModel {
  readonly #provider: Provider;
  readonly #worker = new Worker(new URL('./onnx.js', import.meta.url), { type: 'module', name: language });
  readonly #session: Remote<OnnxSession> = wrap<OnnxSession>(this.#worker);
  /** Settled when what was asked last is done. */
  #last: Promise<unknown> = Promise.resolve();
  /** Aborted when the worker or its GPU is lost: nothing can be run any more. */
  readonly #lost = new AbortController();

  private constructor(provider: Provider) {
    this.#provider = provider;
    this.#worker.onerror = ({ message }) => this.#lose(message || say`Its worker could not be loaded.`);
  }

  /** @param url relative to the page. @throws EngineFailure when this browser cannot run it. */
  static async load(provider: Provider, url: string): Promise<OnnxModel> {
    const model = new OnnxModel(provider);
    // Threads share memory, which a page has only when its server isolates it.
    const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, maxThreads) : 1;
    try {
      await model.#ask((session) => session.load(provider, new URL(url, self.location.href).href, threads));
    } catch (error) {
      model.close();
      throw error;
    }
    if (provider === 'webgpu') void model.#session.lost().then((message) => model.#lose(message));
    return model;
  }

  /** One after the other. What runs cannot be stopped; what waits need not begin. @throws EngineFailure */
  run(inputs: NamedValues, signal?: AbortSignal): Promise<NamedValues> {
    const turn = this.#last.then(() => {
      signal?.throwIfAborted();
      return this.#ask((session) => session.run(inputs));
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  close(): void {
    this.#worker.terminate();
  }

  #ask<T>(work: (session: Remote<OnnxSession>) => Promise<T>): Promise<T> {
    const fail = (error: Error) => {
      throw new EngineFailure(this.#provider, error.message);
    };
    return unlessAborted(this.#lost.signal, () => work(this.#session).catch(fail));
  }

  #lose(message: string): void {
    this.#lost.abort(new EngineFailure(this.#provider, message));
  }
}
