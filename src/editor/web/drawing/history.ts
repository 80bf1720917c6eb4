/** Everything that was done to one edit, in order. Undo and redo walk through it; a reload brings it back. */
import type { RegionChoice } from '../../../infer/region.ts';
import type { Command } from './changes.ts';

/** What an act of the user did. */
export type Act =
  | { readonly kind: 'draw'; readonly command: Command }
  | { readonly kind: 'l'; readonly l: number }
  /** What the network is shown. */
  | { readonly kind: 'region'; readonly region: RegionChoice }
  /** Another model makes the results, the one of this name. */
  | { readonly kind: 'model'; readonly model: string }
  /** Which of the photo's faces is edited, by its place from left to right, from 0. */
  | { readonly kind: 'face'; readonly face: number }
  /** A result has become the photo, the edit's photo of this number. What is drawn on it begins with nothing. */
  | { readonly kind: 'photo'; readonly photo: number };

/** Numbers only grow, also where steps are undone and others take their place: a number names one state for ever. */
export type Step = Act & { readonly id: number };

/** What an edit begins with: photo 0 and this. */
export interface Start {
  /** As changes of an empty drawing. */
  readonly drawing: Command;
  readonly l: number;
  readonly region: RegionChoice;
  /** The name of the model that makes the results. Earlier versions of the page had one alone. */
  readonly model?: string | undefined;
}

/** The number of the state that an edit begins with. */
export const startId = 0;

export class History {
  readonly start: Start;
  #steps: Step[];
  #position: number;

  /** @param id of the step that was done last, which later ones may follow: they have been undone. */
  constructor(start: Start, steps: readonly Step[] = [], id = steps.at(-1)?.id ?? startId) {
    this.start = start;
    this.#steps = [...steps];
    this.#position = steps.findIndex((step) => step.id === id) + 1;
  }

  /** All steps, those that were undone last. */
  get steps(): readonly Step[] {
    return this.#steps;
  }
  /** The number of the state that one sees. */
  get id(): number {
    return this.#done.at(-1)?.id ?? startId;
  }
  get canUndo(): boolean {
    return this.#position > 0;
  }
  get canRedo(): boolean {
    return this.#position < this.#steps.length;
  }

  get l(): number {
    return this.#last('l')?.l ?? this.start.l;
  }
  get region(): RegionChoice {
    return this.#last('region')?.region ?? this.start.region;
  }
  get model(): string | undefined {
    return this.#last('model')?.model ?? this.start.model;
  }
  /** The face that was chosen of the photo that is open; undefined: none was. */
  get face(): number | undefined {
    const done = this.#done;
    const ofPhoto = done.slice(done.findLastIndex(({ kind }) => kind === 'photo') + 1);
    return ofPhoto.findLast((step) => step.kind === 'face')?.face;
  }
  get photo(): number {
    return this.#last('photo')?.photo ?? 0;
  }

  /** The number of a state's photo, also of one that was undone. */
  photoOf(id: number): number {
    const changes = this.#steps.filter((step) => step.id <= id && step.kind === 'photo');
    const last = changes.at(-1);
    return last?.kind === 'photo' ? last.photo : 0;
  }

  /** Commands that make the drawing out of an empty one, in this order. */
  get drawing(): Command[] {
    return this.drawingOf(this.id);
  }
  /** The same of another state, also of one that was undone. */
  drawingOf(id: number): Command[] {
    const done = this.#steps.filter((step) => step.id <= id);
    const begin = done.findLastIndex(({ kind }) => kind === 'photo');
    const commands = done.slice(begin + 1).flatMap((step) => (step.kind === 'draw' ? [step.command] : []));
    return begin < 0 ? [this.start.drawing, ...commands] : commands;
  }

  /** Notes what has been done. What was undone before can no longer be done again. */
  push(act: Act): Step {
    const id = (this.#steps.at(-1)?.id ?? startId) + 1;
    const step = { ...act, id };
    this.#steps = [...this.#done, step];
    this.#position += 1;
    return step;
  }

  /** Goes one step back, and returns it. */
  undo(): Step | undefined {
    if (!this.canUndo) return undefined;
    this.#position -= 1;
    return this.#steps[this.#position];
  }

  /** Goes one step on, and returns it. */
  redo(): Step | undefined {
    if (!this.canRedo) return undefined;
    this.#position += 1;
    return this.#steps[this.#position - 1];
  }

  get #done(): Step[] {
    return this.#steps.slice(0, this.#position);
  }

  #last<K extends Step['kind']>(kind: K): Extract<Step, { kind: K }> | undefined {
    return this.#done.findLast((step): step is Extract<Step, { kind: K }> => step.kind === kind);
  }
}
