/** Shows where results are computed. */
import type { EngineId } from '../engines/engine.ts';

export const engineNames: Record<EngineId, string> = {
  server: 'server',
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
};
