/** The entry of the worker that runs the exported model. A prediction holds its thread for as long as it takes. */
import type * as Ort from 'onnxruntime-web';
import type { FromOnnx, Provider, ToOnnx } from './onnx-messages.ts';
import { fromPlanes, toPlanes } from './planes.ts';

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

async function run({ input }: Extract<ToOnnx, { kind: 'run' }>): Promise<void> {
  if (!session) throw new Error('There is no model.');
  const { resolution: r, level, image, hole, sketch } = input;
  const outputs = await session.run({
    photo: new ort.Tensor('float32', toPlanes(image, 3), [1, 3, r, r]),
    hole: new ort.Tensor('float32', hole, [1, 1, r, r]),
    sketch: new ort.Tensor('float32', sketch, [1, 1, r, r]),
    l: new ort.Tensor('float32', [level], [1, 1]),
  });
  const planes = async (name: string) => (await outputs[name]?.getData()) as Float32Array | undefined;
  const output = {
    resolution: Number(outputs.I_out!.dims[2]),
    result: fromPlanes((await planes('I_out'))!, 3),
    refinedSketch: await planes('S_gen'),
  };
  scope.postMessage({ kind: 'output', output }, [output.result.buffer]);
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
