/** What the page's worker says to the worker that runs onnxruntime. */
import type { EngineInput, EngineOutput } from '../../wire.ts';

export type Provider = 'webgpu' | 'wasm';

export type ToOnnx =
  | { kind: 'load'; provider: Provider; model: string; threads: number }
  | { kind: 'run'; input: EngineInput };

export type FromOnnx =
  | { kind: 'loaded' }
  | { kind: 'output'; output: EngineOutput }
  /** `lost`: nothing can be run any more. */
  | { kind: 'error'; message: string; lost: boolean };
