/** What the parts of the editor's state are. */
import type { LayerName } from '../drawing/changes.ts';
import type { Drawing } from '../drawing/drawing.ts';
import type { Rect } from '../drawing/rect.ts';
import type { EngineId } from '../engines/engine.ts';

export type Tool = LayerName | `${LayerName}-eraser` | 'pipette' | 'pan';

export interface Picture {
  /** Changes with every photo. */
  readonly drawing: Drawing;
  /** The photo and copies of half the size each. */
  readonly pictures: readonly ImageBitmap[];
}

export type Outcome =
  | { readonly kind: 'none' }
  /** `shown`: an older result that stays until the new one is there. */
  | { readonly kind: 'computing'; readonly since: number; readonly shown?: Shown | undefined }
  | (Shown & { readonly kind: 'shown' })
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly engine?: EngineId | undefined;
      readonly shown?: Shown | undefined;
    };

export interface Shown {
  readonly rect: Rect;
  /** And copies of half the size each. */
  readonly pictures: readonly ImageBitmap[];
  readonly l: number;
  readonly engine: EngineId;
  readonly milliseconds: number;
}

/** A sentence for the user, with at most one thing to do about it. */
export interface Notice {
  readonly text: string;
  readonly isProblem: boolean;
  readonly action?: { readonly name: string; run(): void };
}
