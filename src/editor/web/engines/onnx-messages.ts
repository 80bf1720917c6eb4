/** What the page's worker says to a worker that runs onnxruntime. */

export type Provider = 'webgpu' | 'wasm';

/** Numbers in a model's own layout. */
export interface Values {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
export type NamedValues = Readonly<Record<string, Values>>;

export type ToOnnx =
  | { kind: 'load'; provider: Provider; model: string; threads: number }
  | { kind: 'run'; inputs: NamedValues };

export type FromOnnx =
  | { kind: 'loaded' }
  | { kind: 'outputs'; outputs: NamedValues }
  /** `lost`: nothing can be run any more. */
  | { kind: 'error'; message: string; lost: boolean };
