/** The hole, the lines and the strokes of colour over one photo, and the acts that change them. */

import {
  type Change,
  ChangeCollector,
  type Command,
  collectValues,
  joinChanges,
  type LayerName,
  layerNames,
  partsOf,
  type Runs,
} from './changes.ts';
import { capsule, cutRect, growRect, joinRects, type Point, polygon, type Rect } from './geometry.ts';
import { Layer } from './layer.ts';
import { grown, type Rows, rowOf } from './rows.ts';
import { atOnce, bandsOf, type Steps } from './steps.ts';

interface DrawingEvents {
  /** Pixels inside the rectangle look different now. */
  repaint(rect: Rect): void;
  /** An act is under way, or has been taken back. @param changes what it has changed until then, nothing where it is over */
  progress?(changes: () => Command): void;
  /** An act of the user is complete; its changes have been made. */
  change(command: Command): void;
}

const nothing: Rect = { left: 0, top: 0, right: 0, bottom: 0 };
const rectOfRow = (row: Rows[number], y: number): Rect =>
  row.length === 0 ? nothing : { left: row[0], top: y, right: row[row.length - 1], bottom: y + 1 };

export class Drawing {
  readonly hole: Layer;
  readonly lines: Layer;
  readonly colour: Layer;
  readonly #events: DrawingEvents;
  /** Changes that wait to become one act with others. */
  #waiting: Change[] | undefined;

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
  get #whole(): Rect {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }
  get isEmpty(): boolean {
    return layerNames.every((name) => this[name].isEmpty);
  }

  /** Begins to draw. @param value of the layer's pixels; 0 erases. */
  stroke(layer: LayerName, value: number): Stroke {
    const target = this[layer];
    let changed = new ChangeCollector();
    let all = nothing;
    const useSpan = (y: number, left: number, right: number) => target.paint(y, left, right, value, changed);
    const show = (rect: Rect) => {
      const inside = cutRect(rect, this.#whole);
      target.refresh(inside);
      all = joinRects(all, inside);
      this.#events.repaint(inside);
      this.#events.progress?.(() => changed.finish(layer));
    };
    return {
      segment: (from, to, radius) => show(capsule(from, to, radius, useSpan)),
      area: (outline) => show(polygon(outline, useSpan)),
      rows: (rows) => {
        let rect = nothing;
        rows.forEach((row, y) => {
          for (let k = 0; k < row.length; k += 2) useSpan(y, row[k], row[k + 1]);
          rect = joinRects(rect, rectOfRow(row, y));
        });
        show(rect);
      },
      end: () => this.#commit(changed.finish(layer)),
      cancel: () => {
        for (const { runs, bits } of changed.finish(layer)) target.flip(runs, bits);
        this.#events.repaint(all);
        changed = new ChangeCollector();
        all = nothing;
        this.#events.progress?.(() => []);
      },
    };
  }

  /** Makes the changes of a command, of which nobody is told; doing so twice undoes it. */
  *apply(command: Command): Steps {
    for (const { layer, runs, bits } of command) {
      for (const part of partsOf(runs, this)) {
        this.#events.repaint(this[layer].flip(part, bits));
        yield;
      }
    }
  }

  /** Makes the changes of a command: one act. */
  *make(command: Command): Steps {
    yield* this.apply(command);
    this.#commit(command);
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
    atOnce(this.make(command));
  }

  /**
   * Grows the hole by so many px on all sides; shrinks it where they are fewer than 0. The photo's border is no rim: where
   * the hole meets it, it stays.
   */
  *growHole(by: number): Steps {
    const { hole, width } = this;
    // Of what is no hole the nearest pixels decide, and those are beside it.
    const around = cutRect(growRect(hole.bounds, 1), this.#whole);
    const value = by > 0 ? 1 : 0;
    const spreading: Rows[number][] = [];
    for (const { top, bottom } of bandsOf(this)) {
      for (let y = top; y < bottom; y++) spreading.push(rowOf(hole.levels[0], value, y, around));
      yield;
    }
    const rows = grown(spreading, width, Math.abs(by));
    const changed = new ChangeCollector();
    for (const { top, bottom } of bandsOf(this)) {
      let rect = nothing;
      for (let y = top; y < bottom; y++) {
        const row = rows(y);
        for (let k = 0; k < row.length; k += 2) hole.paint(y, row[k], row[k + 1], value, changed);
        rect = joinRects(rect, rectOfRow(row, y));
      }
      hole.refresh(rect);
      this.#events.repaint(rect);
      yield;
    }
    this.#commit(changed.finish('hole'));
  }

  /** What was hole is none, and all else is. */
  *invertHole(): Steps {
    yield* this.make([{ layer: 'hole', runs: Uint32Array.of(0, this.width * this.height), bits: 1 }]);
  }

  *clear(layers: readonly LayerName[]): Steps {
    const command: Change[] = [];
    for (const layer of layers) {
      if (this[layer].isEmpty) continue;
      const { data } = this[layer].levels[0];
      const marked = new ChangeCollector();
      for (const { top, bottom } of bandsOf(this)) {
        collectValues(data, marked, top * this.width, bottom * this.width);
        yield;
      }
      command.push(...marked.finish(layer));
    }
    yield* this.make(command);
  }

  /** Makes one act of all that `work` does, and returns what that has changed. */
  together(work: () => void): Command {
    const waiting: Change[] = [];
    this.#waiting = waiting;
    try {
      work();
    } finally {
      this.#waiting = undefined;
    }
    const command = joinChanges(waiting);
    this.#commit(command);
    return command;
  }

  #commit(command: Command): void {
    if (this.#waiting) this.#waiting.push(...command);
    else if (command.length > 0) this.#events.change(command);
  }
}

export interface Stroke {
  /** Positions and radius in px of the photo. */
  segment(from: Point, to: Point, radius: number): void;
  /** All inside a closed line. */
  area(outline: readonly Point[]): void;
  /** All pixels of a set. */
  rows(rows: Rows): void;
  end(): void;
  /** Takes all of the stroke back, as if it had not begun; it may be drawn anew then. */
  cancel(): void;
}
