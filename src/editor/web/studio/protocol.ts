/** What the page and the worker that holds the photo say to each other. */
import type { RegionChoice } from '../../../infer/region.ts';
import type { EditorDescription } from '../../wire.ts';
import type { Command } from '../drawing/changes.ts';
import type { Rect } from '../drawing/rect.ts';
import type { Runs } from '../drawing/runs.ts';
import type { EngineChoice, EngineId, EngineState } from '../engines/engine.ts';

/** A photo that has been opened, with the drawing that came with it. */
export interface Opened {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** The photo, and copies of half the size each for display. */
  readonly pictures: ImageBitmap[];
  /** As changes of an empty drawing. */
  readonly drawing: Command;
  readonly l?: number | undefined;
}

export type Saveable = 'result' | 'hole' | 'sketch' | 'colour' | 'project';

/** What the worker is asked, and what it answers. */
export interface Jobs {
  /** A photo or a project, by its content. */
  open: { ask: { blob: Blob; name: string }; answer: Opened };
  /** A sample with a ready edit, by addresses. */
  openSample: {
    ask: { name: string; photo: string; hole?: string | undefined; sketch?: string | undefined };
    answer: Opened;
  };
  /** What was there before the page was loaded anew. */
  restore: { ask: object; answer: Opened | undefined };
  useResult: { ask: object; answer: Opened };
  /** Takes the last `useResult` back. */
  usePrevious: { ask: object; answer: Opened };
  /** Lines where the photo has edges, inside the hole. */
  edges: { ask: object; answer: Runs };
  save: { ask: { what: Saveable }; answer: { blob: Blob; name: string } };
}
export type JobKind = keyof Jobs;

export type ToStudio =
  | { kind: 'start'; description: EditorDescription }
  | { [K in JobKind]: { kind: 'job'; id: number; job: K; ask: Jobs[K]['ask'] } }[JobKind]
  /** The drawing has changed as the command says. */
  | { kind: 'change'; command: Command }
  /** A result for this l is wanted, and with `strip` then those of {@link stripValues}. */
  | { kind: 'predict'; request: number; l: number; strip: boolean }
  | { kind: 'region'; region: RegionChoice }
  | { kind: 'engine'; engine: EngineChoice };

export const stripValues = [0, 0.25, 0.5, 0.75, 1] as const;

export type FromStudio =
  | { kind: 'answer'; id: number; value: Jobs[JobKind]['answer'] }
  | { kind: 'error'; id: number; message: string }
  | StudioEvent;

/** What `predict` leads to. `request` says which; of a request that a newer one overtakes nothing more is heard. */
export type Progress =
  /** There is no hole. */
  | { kind: 'nothing'; request: number }
  /** What the photo looks like inside `rect`, where the hole is. */
  | {
      kind: 'result';
      request: number;
      l: number;
      rect: Rect;
      /** And copies of half the size each. */
      pictures: ImageBitmap[];
      engine: EngineId;
      milliseconds: number;
      /** Why another engine than usual has computed it. */
      failure?: string | undefined;
    }
  /** A small picture of the region around the hole at one of {@link stripValues}. */
  | { kind: 'thumbnail'; request: number; l: number; picture: ImageBitmap }
  | { kind: 'failed'; request: number; message: string; engine?: EngineId | undefined };

export type StudioEvent =
  | Progress
  /** What is known of the engines, and which was used last. */
  | { kind: 'engines'; states: EngineState[]; used?: EngineId | undefined }
  /** Whether the photo has a face that can be framed: told where the face is what the network shall see. */
  | { kind: 'face'; found: boolean }
  /** The drawing could not be kept in the browser's storage. */
  | { kind: 'notStored'; message: string };
