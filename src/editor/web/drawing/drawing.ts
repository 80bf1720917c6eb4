/** The hole, the lines and the strokes of colour over one photo, and what was done to them. */

import {
  ChangeCollector,
  type Command,
  collectValues,
  type LayerName,
  layerNames,
  type Runs,
} from './changes.ts';
import { capsule, joinRects, type Point, type Rect } from './geometry.ts';
import { Layer } from './layer.ts';

interface DrawingEvents {
  /** Pixels inside the rectangle look different now. */
  repaint(rect: Rect): void;
  /** An act of the user is complete; its changes have been made. */
  change(command: Command): void;
}

const nothing: Rect = { left: 0, top: 0, right: 0, bottom: 0 };

export class Drawing {
  readonly hole: Layer;
  readonly lines: Layer;
  readonly colour: Layer;
  readonly #history = new History();
  readonly #events: DrawingEvents;

  constructor(width: number, height: number, events: DrawingEvents) {
    this.hole = new Layer(width, height, 'hole');
    this.lines = new Layer(width, height, 'lines');
    this.colour = new Layer(width, height, 'colour');
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
    return layerNames.every((name) => this[name].isEmpty);
  }

  /** Begins to draw. @param value of the layer's pixels; 0 erases. */
  stroke(layer: LayerName, value: number): Stroke {
    const target = this[layer];
    const changed = new ChangeCollector();
    let all = nothing;
    return {
      segment: (from, to, radius) => {
        const rect = capsule(from, to, radius, (y, left, right) =>
          target.paint(y, left, right, value, changed),
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
      end: () => this.#commit(changed.finish(layer)),
      cancel: () => {
        for (const { runs, bits } of changed.finish(layer)) target.flip(runs, bits);
        this.#events.repaint(all);
      },
    };
  }

  /** The drawing that a photo comes with, as changes of an empty one. It cannot be undone. */
  begin(command: Command): void {
    for (const { layer, runs, bits } of command) this[layer].flip(runs, bits);
  }

  /** Marks what is not yet marked of the hole or the lines: one act. */
  add(marks: Partial<Record<'hole' | 'lines', Runs>>): void {
    const command = Object.entries(marks).flatMap(([name, runs]) => {
      const layer = name as 'hole' | 'lines';
      const before = this[layer].levels[0].data;
      const missing = new ChangeCollector();
      for (let k = 0; k < runs.length; k += 2) {
        for (let i = runs[k]; i < runs[k + 1]; i++) if (!before[i]) missing.add(i, i + 1, 1);
      }
      return missing.finish(layer);
    });
    this.#flip(command);
    this.#commit(command);
  }

  clear(layers: readonly LayerName[]): void {
    const command = layers
      .filter((layer) => !this[layer].isEmpty)
      .flatMap((layer) => collectValues(this[layer].levels[0].data).finish(layer));
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
    for (const { layer, runs, bits } of command) this.#events.repaint(this[layer].flip(runs, bits));
  }

  #commit(command: Command): void {
    if (command.length === 0) return;
    this.#history.push(command);
    this.#events.change(command);
  }
}

export interface Stroke {
  /** Positions and radius in px of the photo. */
  segment(from: Point, to: Point, radius: number): void;
  end(): void;
  /** Takes the stroke back, as if it had not begun. */
  cancel(): void;
}

/** What was done, to be undone and done again without limit. */
class History {
  readonly #done: Command[] = [];
  #undone: Command[] = [];

  get canUndo(): boolean {
    return this.#done.length > 0;
  }
  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Notes a command that has been carried out. What was undone before can no longer be done again. */
  push(command: Command): void {
    this.#done.push(command);
    this.#undone = [];
  }

  /** The command whose changes are to be done once more, if there is one. */
  undo(): Command | undefined {
    const command = this.#done.pop();
    if (command) this.#undone.push(command);
    return command;
  }

  redo(): Command | undefined {
    const command = this.#undone.pop();
    if (command) this.#done.push(command);
    return command;
  }
}
