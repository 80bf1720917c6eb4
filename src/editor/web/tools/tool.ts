/** What a tool is. Each has a file of its own here, and its place in the list of `tools.ts`. */
import type { LayerName } from '../drawing/changes.ts';
import type { Drawing } from '../drawing/drawing.ts';
import type { Point } from '../drawing/geometry.ts';
import type { IconName } from '../ui/dom.ts';
import type { Signal } from '../ui/signal.ts';

/** A pointer on the photo: its place in px of the photo, and what it says beside. */
export interface Contact extends Point {
  /** Factor of the brush's size, from a pen's pressure. */
  readonly pressure: number;
  /** Whether Shift is held: straight lines, squares, circles. */
  readonly shift: boolean;
  /** Whether a pen's other end or the right button is used. */
  readonly erases: boolean;
  /** Whether it comes by the keyboard, which needs no steadying. */
  readonly isExact: boolean;
  /** How far from it what it means may be, px of the screen: a finger hides what is below it. */
  readonly slack: number;
}

/** What becomes of a pointer that is down. */
export interface Gesture {
  /** @param to all places since the last call, at least one. */
  move(to: readonly Contact[]): void;
  up(): void;
  /** Takes back what was begun. */
  cancel(): void;
}

/** What tools work on. */
export interface Workspace {
  readonly drawing: Drawing;
  readonly picture: ImageBitmap;
  /** How many px of the screen (CSS) one of the photo takes. */
  readonly scale: number;
  /** What was drawn on last: what erasers erase. */
  readonly layer: LayerName;
  /** The brush's diameter, px of the photo. */
  sizeOf(layer: LayerName): number;
  /** Shows a line that is not part of the drawing; undefined: none. */
  outline(points: readonly Point[] | undefined): void;
  /** Shows lines as selected, in a box with a handle at each corner; undefined: none. */
  select(lines: readonly (readonly Point[])[] | undefined, corners?: readonly Point[]): void;
  /** Takes another tool. */
  use(id: string): void;
  /** Tells the user something. */
  tell(text: string): void;
  /** The 68 landmarks of the photo's face, px; undefined where there are none, of which the user is told. */
  findLandmarks(): Promise<readonly (readonly Point[])[] | undefined>;
}

/** Something about a tool that is on or off, with a button beside the ways to draw. */
export interface ToolOption {
  readonly id: string;
  readonly name: string;
  /** Under its icon, as that of {@link Tool}. */
  readonly label: string;
  readonly icon: IconName;
  readonly key: string;
  readonly value: Signal<boolean>;
}

export interface Tool {
  readonly id: string;
  readonly name: string;
  /** Under its icon, where a finger cannot ask what that means. */
  readonly label: string;
  readonly icon: IconName;
  /** What one does with it, in its tooltip; tools without a size have it beside them while they are in hand. */
  readonly help: string;
  /** A ring of the brush's size, a cross, or the hand that moves the view. */
  readonly cursor: 'brush' | 'cross' | 'hand';
  /** What it draws on; left out where that is the layer in hand, or none. */
  readonly layer?: LayerName;
  readonly options?: readonly ToolOption[];
  /** Its own key, beside the number of its place. */
  readonly key?: string;
  /** Factor of the brush's size for a layer. */
  readonly widen?: (layer: LayerName) => number;
  /** Whether it does all it does where the pointer comes down, so that one press of Enter is enough. */
  readonly isClick?: boolean;
  /** Why it cannot be used on a page without a server. */
  readonly needsServer?: string;
  /** A pointer comes down. Undefined: it moves the view. */
  down(work: Workspace, at: Contact): Gesture | undefined;
  /** A pointer moves that is not down. */
  hover?(work: Workspace, at: Contact): void;
  /** A key is pressed on the drawing, while nothing is being drawn. Gives whether it was one for this tool. */
  press?(work: Workspace, key: string, shift: boolean): boolean;
  /** Completes what takes several presses, before something else happens. */
  finish?(work: Workspace): void;
}

/** What belongs together: one button of the toolbar. */
export interface ToolGroup {
  readonly id: string;
  /** Under its icon. */
  readonly label: string;
  /** In full, for tooltips and screen readers. */
  readonly name: string;
  readonly icon: IconName;
  readonly key: string;
  readonly needs?: 'sketch' | 'colour';
  /** The first one is taken first, then the one that was used last. */
  readonly tools: readonly Tool[];
}

/** A press that does nothing more. */
export const done: Gesture = { move() {}, up() {}, cancel() {} };
