/** What the server and the process that computes say to each other. */

import type { Control } from '../../core/control.ts';
import type { Region } from '../../infer/raster.ts';
import type { EdgeSettings } from '../description.ts';
import type { EngineInput, EngineOutput } from '../wire.ts';

/** What is asked of the process, and what it answers. */
export interface Work {
  predict: { ask: EngineInput; answer: EngineOutput };
  /** RGB bytes [n, n, 3], n = the settings' size, to a sketch of bytes [size, size], 0 = line. */
  edges: { ask: { rgb: Uint8Array; size: number }; answer: Uint8Array };
  /** RGB bytes [size, size, 3] to the square of the largest face, framed as in training; none: undefined. */
  face: { ask: { rgb: Uint8Array; size: number }; answer: Region | undefined };
}
export type WorkKind = keyof Work;

export type ToProcess = { [K in WorkKind]: { id: number; kind: K; ask: Work[K]['ask'] } }[WorkKind];

export interface ModelDescription {
  /** The checkpoint's folder. */
  readonly path: string;
  readonly run: string;
  readonly step: number;
  readonly method: string;
  readonly resolution: number;
  readonly controls: readonly Control[];
  readonly edges: EdgeSettings & { readonly padding: number };
  /** Why the page must not compute by WebGPU, if it must not. */
  readonly webgpuProblem?: string | undefined;
  /** The folder for what can be made again. */
  readonly cache: string;
}

export type FromProcess =
  | { kind: 'ready'; model: ModelDescription }
  | { kind: 'failed'; message: string; forUser: boolean }
  | { kind: 'answer'; id: number; answer: Work[WorkKind]['answer'] }
  | { kind: 'error'; id: number; message: string; forUser: boolean };
