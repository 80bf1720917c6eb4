/** The hole and the lines over one photo, and what was done to them. */
import { capsule, type Point } from './brush.ts';
import { type Command, History, type LayerName } from './history.ts';
import { Layer } from './layer.ts';
import { joinRects, type Rect } from './rect.ts';
import { RunCollector, type Runs, runsOf } from './runs.ts';

export interface DrawingEvents {
  /** Pixels inside the rectangle look different now. */
  repaint(rect: Rect): void;
  /** An act is complete: what its changes are, flipped already. */
  change(command: Command): void;
}

const nothing: Rect = { left: 0, top: 0, right: 0, bottom: 0 };

export class Drawing {
  readonly hole: Layer;
  readonly lines: Layer;
  readonly #history = new History();
  readonly #events: DrawingEvents;

  constructor(width: number, height: number, events: DrawingEvents) {
    this.hole = new Layer(width, height);
    this.lines = new Layer(width, height);
    this.#events = events;
  }

  get width(): number {
    return this.hole.width;
  }
  get height(): number {
    return this.hole.height;
  }
  get canUndo(): boolean {
    return this.#history.canUndo;
  }
  get canRedo(): boolean {
    return this.#history.canRedo;
  }
  get isEmpty(): boolean {
    return this.hole.isEmpty && this.lines.isEmpty;
  }

  /** Begins to draw, or to erase. */
  stroke(layer: LayerName, mark: boolean): Stroke {
    const target = this[layer];
    const changed = new RunCollector();
    let all = nothing;
    return {
      segment: (from, to, radius) => {
        const rect = capsule(from, to, radius, (y, left, right) =>
          target.paint(y, left, right, mark, changed),
        );
        const inside = {
          left: Math.max(rect.left, 0),
          top: Math.max(rect.top, 0),
          right: Math.min(rect.right, this.width),
          bottom: Math.min(rect.bottom, this.height),
        };
        target.refresh(inside);
        all = joinRects(all, inside);
        this.#events.repaint(inside);
      },
      end: () => this.#commit([{ layer, runs: changed.finish() }]),
      cancel: () => {
        target.flip(changed.finish());
        this.#events.repaint(all);
      },
    };
  }

  /** The drawing that a photo comes with: nothing that could be undone. */
  begin(marks: Record<LayerName, Runs>): void {
    for (const layer of ['hole', 'lines'] as const) this[layer].flip(marks[layer]);
  }

  /** Marks what is not yet marked: one act. */
  add(marks: Partial<Record<LayerName, Runs>>): void {
    const command = Object.entries(marks).map(([name, runs]) => {
      const layer = name as LayerName;
      const before = this[layer].levels[0]!.data;
      const missing = new RunCollector();
      for (let k = 0; k < runs.length; k += 2) {
        for (let i = runs[k]!; i < runs[k + 1]!; i++) if (!before[i]) missing.add(i, i + 1);
      }
      return { layer, runs: missing.finish() };
    });
    this.#flip(command);
    this.#commit(command);
  }

  clear(layers: readonly LayerName[]): void {
    const command = layers.map((layer) => ({
      layer,
      runs: runsOf(this[layer].levels[0]!.data, (byte) => byte === 1),
    }));
    this.#flip(command);
    this.#commit(command);
  }

  undo(): void {
    this.#again(this.#history.undo());
  }

  redo(): void {
    this.#again(this.#history.redo());
  }

  #again(command: Command | undefined): void {
    if (!command) return;
    this.#flip(command);
    this.#events.change(command);
  }

  #flip(command: Command): void {
    for (const { layer, runs } of command) this.#events.repaint(this[layer].flip(runs));
  }

  #commit(command: Command): void {
    const real = command.filter(({ runs }) => runs.length > 0);
    if (real.length === 0) return;
    this.#history.push(real);
    this.#events.change(real);
  }
}

export interface Stroke {
  /** Positions and radius in px of the photo. */
  segment(from: Point, to: Point, radius: number): void;
  end(): void;
  /** Takes the stroke back, as if it had not begun. */
  cancel(): void;
}
