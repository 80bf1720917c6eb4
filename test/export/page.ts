/**
 * Runs exported models in a page, by the globals that the runtimes' own scripts make: nothing of this project is in it.
 * Numbers go in and out as JSON.
 */
import type * as Ort from 'onnxruntime-web';
import type { TensorFlow } from '../../src/ops/tf.ts';

export interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface Ran {
  readonly outputs: Record<string, Plain>;
  /** From the address to a model that can run, and from inputs to numbers, s. */
  readonly seconds: { readonly load: number; readonly run: number };
}

export type Run = (url: string, backend: string, inputs: Record<string, Plain>) => Promise<Ran>;

declare global {
  var tf: typeof TensorFlow & { wasm: { setWasmPaths(folder: string): void } };
  var ort: typeof Ort;
  /** The page's functions, for the test to call. */
  var runGraphModel: Run;
  var runOnnx: Run;
}

const secondsSince = (begin: number) => (performance.now() - begin) / 1000;

globalThis.runGraphModel = async (url, backend, inputs) => {
  tf.wasm.setWasmPaths('/tf-wasm/');
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no ${backend} here`);
  let begin = performance.now();
  const model = await tf.loadGraphModel(url);
  const load = secondsSince(begin);
  begin = performance.now();
  const feeds = Object.entries(inputs).map(
    ([name, { shape, data }]) => [name, tf.tensor([...data], [...shape], 'float32')] as const,
  );
  const results = model.predict(Object.fromEntries(feeds)) as unknown as Record<string, TensorFlow.Tensor>;
  const outputs: Record<string, Plain> = {};
  for (const [name, result] of Object.entries(results))
    outputs[name] = { shape: result.shape, data: [...(await result.data())] };
  const run = secondsSince(begin);
  if (tf.getBackend() !== backend) throw new Error(`TF.js went on with ${tf.getBackend()}`);
  tf.dispose([results, feeds.map(([, tensor]) => tensor)]);
  model.dispose();
  return { outputs, seconds: { load, run } };
};

globalThis.runOnnx = async (url, backend, inputs) => {
  ort.env.wasm.wasmPaths = '/ort/';
  let begin = performance.now();
  const session = await ort.InferenceSession.create(url, {
    executionProviders: [backend],
    // Errors: that shapes are computed on the CPU is as it should be.
    logSeverityLevel: 3,
  });
  const load = secondsSince(begin);
  begin = performance.now();
  const bytes = session.inputMetadata.filter((input) => input.isTensor && input.type === 'uint8');
  const isBytes = new Set(bytes.map(({ name }) => name));
  const feeds = Object.entries(inputs).map(([name, { shape, data }]) => {
    const tensor = isBytes.has(name)
      ? new ort.Tensor('uint8', Uint8Array.from(data), shape)
      : new ort.Tensor('float32', Float32Array.from(data), shape);
    return [name, tensor] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  const outputs: Record<string, Plain> = {};
  for (const [name, result] of Object.entries(results))
    outputs[name] = {
      shape: result.dims,
      data: [...((await result.getData()) as Float32Array | Uint8Array)],
    };
  const run = secondsSince(begin);
  await session.release();
  return { outputs, seconds: { load, run } };
};
