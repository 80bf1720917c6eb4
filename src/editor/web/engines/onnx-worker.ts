/** The entry of the worker that runs the exported model. A prediction holds its thread for as long as it takes. */
import type * as Ort from 'onnxruntime-web';
import type { FromOnnx, Provider, ToOnnx } from './onnx-messages.ts';

/** Of a worker's global scope what is used here. */
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<ToOnnx>) => void) | null;
  postMessage(message: FromOnnx, transfer?: Transferable[]): void;
};

const files: Record<Provider, { module: string; glue: string }> = {
  wasm: { module: 'ort.wasm.min.mjs', glue: 'ort-wasm-simd-threaded' },
  webgpu: { module: 'ort.webgpu.min.mjs', glue: 'ort-wasm-simd-threaded.asyncify' },
};

let ort: typeof Ort;
let session: Ort.InferenceSession | undefined;

async function load({ provider, model, threads }: Extract<ToOnnx, { kind: 'load' }>): Promise<void> {
  const address = (name: string) => new URL(`ort/${name}`, import.meta.url).href;
  const { module, glue } = files[provider];
  ort = await import(address(module));
  ort.env.wasm.wasmPaths = { mjs: address(`${glue}.mjs`), wasm: address(`${glue}.wasm`) };
  ort.env.wasm.numThreads = threads;
  const response = await fetch(model);
  if (!response.ok) throw new Error(`the model cannot be loaded (status ${response.status})`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  session = await ort.InferenceSession.create(bytes, {
    executionProviders: [provider],
    // Errors: that some shapes are computed on the CPU is as it should be.
    logSeverityLevel: 3,
  });
  if (provider === 'webgpu') void watchDevice();
}

/** A device is lost when its driver fails or the system takes it away. */
async function watchDevice(): Promise<void> {
  const device = (await ort.env.webgpu.device) as unknown as { lost: Promise<{ message: string }> };
  const { message } = await device.lost;
  session = undefined;
  scope.postMessage({
    kind: 'error',
    message: `WebGPU was lost${message ? ` (${message})` : ''}.`,
    lost: true,
  });
}

async function run({ inputs }: Extract<ToOnnx, { kind: 'run' }>): Promise<void> {
  if (!session) throw new Error('There is no model.');
  // A model has no input for what its method does not look at.
  const feeds = session.inputNames.map((name) => {
    const { data, dims } = inputs[name];
    return [name, new ort.Tensor('float32', data, dims)] as const;
  });
  const found = await session.run(Object.fromEntries(feeds));
  const outputs: Record<string, { data: Float32Array; dims: readonly number[] }> = {};
  for (const [name, tensor] of Object.entries(found)) {
    outputs[name] = { data: (await tensor.getData()) as Float32Array, dims: tensor.dims };
  }
  scope.postMessage({ kind: 'outputs', outputs });
}

scope.onmessage = async ({ data }) => {
  try {
    if (data.kind === 'load') {
      await load(data);
      scope.postMessage({ kind: 'loaded' });
    } else await run(data);
  } catch (error) {
    scope.postMessage({
      kind: 'error',
      message: error instanceof Error ? error.message : String(error),
      lost: false,
    });
  }
};
