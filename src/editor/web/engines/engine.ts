/** What computes predictions for the page. */
import type { EngineInput, EngineOutput } from '../../wire.ts';

export const engineIds = ['server', 'webgpu', 'wasm'] as const;
export type EngineId = (typeof engineIds)[number];

export interface Engine {
  readonly id: EngineId;
  /** @throws EngineFailure; the signal's reason when it is aborted, after which the answer is not wanted. */
  predict(input: EngineInput, signal: AbortSignal): Promise<EngineOutput>;
}

/** What a person is told when an engine cannot answer. */
export class EngineFailure extends Error {
  readonly engine: EngineId;

  constructor(engine: EngineId, message: string) {
    super(message);
    this.engine = engine;
  }
}
