/** The entry of the worker that runs an exported model. A prediction holds its thread for as long as it takes. */
import { expose } from 'comlink';
import type * as Ort from 'onnxruntime-web';
import { say } from '../texts/say.ts';

export type Provider = 'webgpu' | 'wasm';

/** Numbers in a model's own layout. */
export interface Values {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
export type NamedValues = Readonly<Record<string, Values>>;

const files: Record<Provider, { module: string; glue: string }> = {
  wasm: { module: 'ort.wasm.min.mjs', glue: 'ort-wasm-simd-threaded' },
  webgpu: { module: 'ort.webgpu.min.mjs', glue: 'ort-wasm-simd-threaded.asyncify' },
};

/** One model in onnxruntime. */
export class OnnxSession {
  #loaded: { readonly ort: typeof Ort; readonly session: Ort.InferenceSession } | undefined;

  /** Comes first. @throws Error when the model cannot be loaded, or the provider cannot run it. */
  async load(provider: Provider, model: string, threads: number): Promise<void> {
    const address = (name: string) => new URL(`ort/${name}`, import.meta.url).href;
    const { module, glue } = files[provider];
    const ort: typeof Ort = await import(address(module));
    ort.env.wasm.wasmPaths = { mjs: address(`${glue}.mjs`), wasm: address(`${glue}.wasm`) };
    ort.env.wasm.numThreads = threads;
    const response = await fetch(model);
    if (!response.ok) throw new Error(say`the model cannot be loaded (status ${response.status})`);
    const session = await ort.InferenceSession.create(new Uint8Array(await response.arrayBuffer()), {
      executionProviders: [provider],
      // Errors only: onnxruntime warns that it computes shapes on the CPU, which is as it should be.
      logSeverityLevel: 3,
    });
    this.#loaded = { ort, session };
  }

  async run(inputs: NamedValues): Promise<NamedValues> {
    const { ort, session } = this.#model;
    // A model has inputs only for what its method uses.
    const feeds = session.inputNames.map((name) => {
      const { data, dims } = inputs[name];
      return [name, new ort.Tensor('float32', data, dims)] as const;
    });
    const outputs: Record<string, Values> = {};
    for (const [name, tensor] of Object.entries(await session.run(Object.fromEntries(feeds)))) {
      outputs[name] = { data: (await tensor.getData()) as Float32Array, dims: tensor.dims };
    }
    return outputs;
  }

  /** Resolves, with the reason, when a GPU is lost: its driver failed, or the system took it away. */
  async lost(): Promise<string> {
    const device = (await this.#model.ort.env.webgpu.device) as unknown as {
      lost: Promise<{ message: string }>;
    };
    const { message } = await device.lost;
    this.#loaded = undefined;
    return message ? say`WebGPU was lost (${message}).` : say`WebGPU was lost.`;
  }

  get #model() {
    if (!this.#loaded) throw new Error('There is no model.');
    return this.#loaded;
  }
}

expose(new OnnxSession());
