/** What people are told engines are called. */
import type { EngineId } from '../engines/engine.ts';

export const engineNames: Record<EngineId, string> = {
  server: 'Server',
  webgpu: 'WebGPU, in this page',
  wasm: 'WebAssembly, in this page',
};

export const shortNames: Record<EngineId, string> = {
  server: 'server',
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
};
