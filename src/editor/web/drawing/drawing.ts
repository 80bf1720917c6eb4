/** The hole, the lines and the strokes of colour over one photo, and the acts that change them. */

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

  /** Makes the changes of a command, of which nobody is told; doing so twice undoes it. */
  apply(command: Command): void {
    for (const { layer, runs, bits } of command) this.#events.repaint(this[layer].flip(runs, bits));
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
    this.apply(command);
    this.#commit(command);
  }

  clear(layers: readonly LayerName[]): void {
    const command = layers
      .filter((layer) => !this[layer].isEmpty)
      .flatMap((layer) => collectValues(this[layer].levels[0].data).finish(layer));
    this.apply(command);
    this.#commit(command);
  }

  #commit(command: Command): void {
    if (command.length > 0) this.#events.change(command);
  }
}

export interface Stroke {
  /** Positions and radius in px of the photo. */
  segment(from: Point, to: Point, radius: number): void;
  end(): void;
  /** Takes the stroke back, as if it had not begun. */
  cancel(): void;
}
