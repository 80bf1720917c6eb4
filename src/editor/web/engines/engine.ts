/** What computes predictions for the page. */
import type { EngineInput, EngineOutput } from '../../wire.ts';
import { say } from '../texts/say.ts';

/** In the order in which they are tried: what is likely to be fast first. */
export const engineIds = ['server', 'webgpu', 'wasm'] as const;
export type EngineId = (typeof engineIds)[number];
/** `auto`: the fastest, as measured. */
export type EngineChoice = EngineId | 'auto';

export interface Engine {
  readonly id: EngineId;
  /** @throws EngineFailure; the signal's reason when it is aborted, after which the answer is not wanted. */
  predict(input: EngineInput, signal: AbortSignal): Promise<EngineOutput>;
  close?(): void;
}

/** What is known of an engine. */
export interface EngineState {
  readonly id: EngineId;
  /** The shortest prediction so far. */
  readonly milliseconds?: number | undefined;
  /** Why it cannot be used. */
  readonly problem?: string | undefined;
}

/** What a person is told when an engine cannot answer. */
export class EngineFailure extends Error {
  readonly engine: EngineId;

  constructor(engine: EngineId, message: string) {
    super(message);
    this.engine = engine;
  }
}

/** What people are told engines are called. */
export const engineNames: Record<EngineId, string> = {
  server: say`Server`,
  webgpu: say`WebGPU, in this page`,
  wasm: say`WebAssembly, in this page`,
};

export const shortNames: Record<EngineId, string> = {
  server: say`server`,
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
};
